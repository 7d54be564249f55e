"""What every page of the admin says is written for people: no value stands there as Python prints it."""

import re
from html.parser import HTMLParser

import pytest
from django.contrib import admin

from crm_project.mail.models import Suppression, Template
from crm_project.mail.services import queue_mail
from tests.admin_pages import client_of, text_of, url
from tests.factories import ApiKeyFactory, FeedbackFactory, TeamFactory, ThemeFactory, UserFactory
from tests.test_permissions import MAKERS, PARTS, field_marked, marked  # noqa: F401  (a fixture)

pytestmark = pytest.mark.django_db
# A tuple, a list or a dict of texts; an object, a class; a time to the microsecond; nothing.
PYTHON = re.compile(r"[(\[{]['\"]|<\w[\w. ]* object |<bound |\d\d:\d\d:\d\d\.\d{3}|\bNone$|UUID\(|Decimal\(")
UNREAD = {"script", "style", "textarea", "pre", "iframe"}  # What people wrote, and traces of errors.


class Words(HTMLParser):
    """The texts of a page that a browser shows."""

    def __init__(self, page):
        super().__init__()
        self.found, self.within = [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if tag in UNREAD:
            self.within.append(tag)

    def handle_endtag(self, tag):
        if self.within and self.within[-1] == tag:
            self.within.pop()

    def handle_data(self, data):
        if data.strip() and not self.within:
            self.found.append(data.strip())


@pytest.fixture
def everything(field_marked):  # noqa: F811
    """A record of each kind that has a page."""
    owner = UserFactory(groups=["Sales"])
    contact = marked(owner, TeamFactory(), "own")
    made = {}

    def make(model):
        if model not in made:
            made[model] = MAKERS[model](make(PARTS[model]) if model in PARTS else contact)
        return made[model]

    for model in MAKERS:
        make(model)
    FeedbackFactory(rating=2, comment="The parcel was torn.").themes.add(ThemeFactory(), through_defaults={"weight": 1})
    ApiKeyFactory(user=owner)
    Template.objects.create(key="greeting", name="Greeting", subject="Hello", text="Hello")
    queue_mail(template="greeting", to="ada@example.com", purpose="nurturing", context={}, once="x")
    Suppression.objects.create(address="ada@example.com")
    return owner


OURS = [model for model in admin.site._registry if model._meta.app_label != "axes"]  # Whose records name themselves.


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_no_page_shows_values_as_python_prints_them(model, everything):
    browser = client_of(UserFactory(groups=["Administrator"], is_superuser=True))
    name = f"{model._meta.app_label}_{model._meta.model_name}"
    records = [url(f"{name}_change", record.pk) for record in model._base_manager.all()[:9]]
    pages = [url(f"{name}_changelist"), *records]
    for page in pages:
        words = Words(text_of(browser.get(page, follow=True))).found
        assert [each for each in words if PYTHON.search(each)] == [], page
