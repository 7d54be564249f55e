"""What every test stands on. The environment comes first: Django reads it when the settings load."""

import os
from importlib import import_module
from pathlib import Path

from crm_project.database.embedded import Server

# Tests have a server of their own. Workers of pytest-xdist inherit its address from the process that started them.
DATA_DIR = Path(os.environ.get("CRM_DATA_DIR") or Path(__file__).resolve().parent.parent / "var").resolve()
if not os.environ.get("DATABASE_URL"):
    server = Server(DATA_DIR / "test-postgres", durable=False)
    server.start()
    os.environ["DATABASE_URL"] = server.url
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm_project.settings")
os.environ.setdefault("SECRET_KEY", "only-for-checks-and-tests-not-for-a-server")
os.environ.setdefault("CRM_TEST_DATABASE", "test_crm")
os.environ.setdefault("CRM_CONN_MAX_AGE", "0")  # Threads that tests start must not leave connections behind.

import django

django.setup()

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import connection
from django.test import TransactionTestCase
from rest_framework.test import APIClient

from crm_project.access import services
from crm_project.access.grants import permission_id_of
from crm_project.access.models import OwnedModel, Role, User
from crm_project.access.roles import DEFAULTS
from crm_project.database import sizes

from .factories import ApiKeyFactory, TeamFactory, UserFactory
from .smtp import SmtpServer

django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
django_settings.WHITENOISE_AUTOREFRESH = (
    True  # Looks for a static file when asked, instead of reading all at each start.
)

# What migrations have put into the database, and every test expects to find.
KEPT_TABLES = {
    "api_installation",
    "access_role",
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_content_type",
    "django_migrations",
}
make_score_rules = import_module("leads.migrations.0002_roles").make_rules
name_buyer_segments = import_module("customers.migrations.0002_roles").name_segments


def empty_tables(self):
    """In place of Django's flush, which would take away the roles that migrations made, and what else they did."""
    tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - KEPT_TABLES
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE procrastinate_jobs, {', '.join(sorted(tables))} CASCADE")
    Group.objects.exclude(name__in=DEFAULTS).delete()
    make_score_rules(apps, None)
    name_buyer_segments(apps, None)


TransactionTestCase._fixture_teardown = empty_tables


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


@pytest.fixture(autouse=True)
def small_tables(monkeypatch):
    """No test finds tables large because of an earlier one."""
    monkeypatch.setattr(sizes, "_known", dict.fromkeys(apps.get_models(), False))


@pytest.fixture(autouse=True)
def files_of_the_test(settings, tmp_path):
    """Uploads of a test go where they are cleared away."""
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def smtp(settings):
    """A mail server of the test's own, which mail is sent to; never in quiet hours, and as often as one likes."""
    server = SmtpServer()
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.CRM_QUIET_HOURS = None
    settings.CRM_MAIL_DAILY_CAP = 1_000
    yield server
    server.stop()


@pytest.fixture
def api(db):
    """``api(user, **key)``: a client that signs in with a key of the user's; ``client.user`` and ``client.key``."""

    def make(user: User, **key) -> APIClient:
        client = APIClient()
        client.user, client.key = user, ApiKeyFactory(user=user, **key)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {client.key.secret}")
        return client

    return make


@pytest.fixture
def client_with(api):
    """``client_with("contacts.view_contact", …)``: a client of a fresh user with these rights for every record.

    With ``obj`` the user has them for this one record only, because it was shared.
    """

    def make(*permissions: str, obj: OwnedModel | None = None) -> APIClient:
        user = UserFactory()
        if obj is not None:
            verbs = [name.partition(".")[2].partition("_")[0] for name in permissions]
            services.set_shares(record=obj, shares=[services.Share(user=user, verbs=verbs)])
        elif permissions:
            group = TeamFactory()
            Role.objects.create(group=group, reach=Role.Reach.COMPANY)
            for name in permissions:
                app_label, codename = name.split(".")
                group.permissions.add(permission_id_of(app_label, codename))
            user.groups.add(group)
        return api(user)

    return make


@pytest.fixture
def anonymous():
    return APIClient()


@pytest.fixture
def administrator(api):
    return api(UserFactory(groups=["Administrator"]))


@pytest.fixture
def manager(api):
    return api(UserFactory(groups=["Manager"]))


@pytest.fixture
def sales(api):
    return api(UserFactory(groups=["Sales"]))


@pytest.fixture
def support(api):
    return api(UserFactory(groups=["Support"]))


@pytest.fixture
def read_only(api):
    return api(UserFactory(groups=["Read-only"]))


@pytest.fixture
def nobody(api):
    """Somebody who has signed in and has no role."""
    return api(UserFactory())
