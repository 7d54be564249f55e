"""The Russian catalogues: whole, fit for their sentences, of one mind, compiled, and seen on every page."""

import ast
import re
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import NoReverseMatch, reverse
from django.utils.text import capfirst
from django.utils.translation.template import templatize

from customers.models import BuyerSegment
from tests.admin_pages import client_of
from tests.factories import ContactFactory, OrganizationFactory, UserFactory
from tests.test_architecture import APPS, ROOT, SOURCES
from tests.test_permissions import MAKERS, PARTS

CATALOGUES = sorted(ROOT.glob("*/locale/ru/LC_MESSAGES/django.po"))
MARKS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
PLACEHOLDERS = re.compile(r"%\(\w+\)[a-z]|%[sd%](?!\w)|\{\w*\}")
STRING = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
IN_TEMPLATES = re.compile(rf"\bn?(?:pgettext\(u?{STRING}, |gettext\()u?({STRING})")
OF_A_KIND = ("changelist", "add", "import")  # Exports show their columns as the file will call them.
# What rules, filters and queues are made of: people choose or type it as programs do.
CODES = {"campaign", "company", "contact", "mail", "new", "phone"}
OF_A_RECORD = ("change", "history", "sharing", "duplicates", "delete")

each_catalogue = pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.relative_to(ROOT).parts[0])


def placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDERS.findall(text))


def texts(path: Path) -> set[str]:
    """What the file marks for translation."""
    if path.suffix == ".html":
        return {ast.literal_eval(text) for text in IN_TEMPLATES.findall(templatize(path.read_text()))}
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    return {
        text.value
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in MARKS
        for text in call.args[call.func.id.startswith("p") :][:1]
        if isinstance(text, ast.Constant)
    }


def test_there_is_a_catalogue_for_each_app():
    assert {path.relative_to(ROOT).parts[0] for path in CATALOGUES} == {"crm_project", *APPS}


@each_catalogue
def test_everything_is_translated_and_keeps_its_placeholders(path):
    catalogue = polib.pofile(str(path))
    assert [entry.msgid for entry in catalogue if entry.fuzzy or entry.obsolete or not entry.translated()] == []
    wrong = []
    for entry in catalogue:
        english = {tuple(placeholders(text)) for text in (entry.msgid, entry.msgid_plural) if text}
        russian = entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr]
        wrong += [text for text in russian if tuple(placeholders(text)) not in english]
        wrong += [text for text in russian if (text[0] == " ") != (entry.msgid[0] == " ")]
        assert not entry.msgid_plural or len(entry.msgstr_plural) == 3, entry.msgid
    assert wrong == []


@each_catalogue
def test_compiled_as_written(path):
    written, compiled = polib.pofile(str(path)), polib.mofile(str(path.with_suffix(".mo")))
    meanings = [
        {(entry.msgctxt, entry.msgid): entry.msgstr_plural or entry.msgstr for entry in found}
        for found in (written, compiled)
    ]
    assert meanings[0] == meanings[1], "make messages"


def test_one_text_has_one_translation():
    """Django throws the catalogues together: of two translations of one text nobody knows which will be seen."""
    found = defaultdict(set)
    for path in CATALOGUES:
        for entry in polib.pofile(str(path)):
            found[entry.msgctxt, entry.msgid].add(entry.msgstr or str(entry.msgstr_plural))
    assert {text: said for text, said in found.items() if len(said) > 1} == {}


@each_catalogue
def test_what_is_marked_is_in_the_catalogue(path):
    app = path.relative_to(ROOT).parts[0]
    sources = [source for source in SOURCES if source.relative_to(ROOT).parts[0] == app]
    if app == "crm_project":
        sources += sorted((ROOT / "templates").rglob("*.html"))
    known = {entry.msgid for entry in polib.pofile(str(path))}
    missing = {text for source in sources for text in texts(source)} - known
    assert not missing, "make messages"


class Texts(HTMLParser):
    """What a page shows: its texts, and the titles, labels and placeholders of its elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.is_shown = True
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        is_icon = "material-symbols-outlined" in (dict(attributes).get("class") or "")
        self.is_shown = not is_icon and tag not in ("script", "style")
        self.found |= {value for name, value in attributes if name in ("title", "aria-label", "placeholder") and value}

    def handle_endtag(self, tag):
        self.is_shown = True

    def handle_data(self, data):
        if self.is_shown:
            self.found.add(" ".join(data.split()).rstrip(":* "))


@pytest.fixture
def reader(db):
    """The browser of a superuser who reads Russian, in whose CRM there is one record of each kind."""
    user = UserFactory(is_superuser=True, language="ru", first_name="Ирина", last_name="Соколова")
    contact = ContactFactory(assigned_to=user, organization=OrganizationFactory(created_by=user))
    made = {type(contact): contact}

    def make(model):
        if model not in made:
            made[model] = MAKERS[model](make(PARTS.get(model, type(contact))))
        return made[model]

    for model in MAKERS:
        make(model)
    client = client_of(user)
    client.made = made
    return client


def pages(reader):
    """The start page, and for each kind of record its list, forms, timeline, sharing and import."""
    yield reverse("admin:index")
    for model in admin.site._registry:
        record = reader.made.get(model)
        for page in (*OF_A_KIND, *(OF_A_RECORD if record else ())):
            arguments = [record.pk] if page in OF_A_RECORD else []
            try:
                yield reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=arguments)
            except NoReverseMatch:
                continue


def test_a_russian_reader_meets_no_english(reader):
    """Names of roles and of segments of buyers are data, and each language is called as it calls itself."""
    entries = [entry for path in CATALOGUES for entry in polib.pofile(str(path)) if entry.msgstr != entry.msgid]
    english = {text for entry in entries for text in (entry.msgid, capfirst(entry.msgid)) if len(text) > 2}
    english -= {*Group.objects.values_list("name", flat=True), *BuyerSegment.objects.values_list("name", flat=True)}
    english -= CODES | {name for _code, name in settings.LANGUAGES}
    met, seen = defaultdict(list), 0
    for page in pages(reader):
        answer = reader.get(page)
        if answer.status_code != 200:
            assert answer.status_code in (302, 403, 404), page
            continue
        seen += 1
        for text in Texts(answer.content.decode()).found & english:
            met[text].append(page)
    assert met == {}
    assert seen > 100


def test_programs_are_answered_in_english(api):
    client = api(UserFactory(language="ru", is_superuser=True))
    answer = client.post("/contacts", {"name": "Ada", "custom_fields": {"no_such": 1}}, format="json").json()
    assert "There is no such custom field." in str(answer["errors"])
