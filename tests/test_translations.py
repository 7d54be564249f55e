"""The Russian catalogues: whole, fit for their sentences, of one mind, and compiled."""

import re
from collections import defaultdict

import polib
import pytest

from tests.test_architecture import APPS, ROOT

CATALOGUES = sorted(ROOT.glob("*/locale/ru/LC_MESSAGES/django.po"))
PLACEHOLDERS = re.compile(r"%\(\w+\)[a-z]|%[sd%](?!\w)|\{\w*\}")

each_catalogue = pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.relative_to(ROOT).parts[0])


def placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDERS.findall(text))


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
