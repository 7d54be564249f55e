"""Requests made from the OpenAPI document: whatever is sent, no answer is a failure of ours or other than documented.

The examples are the same in every run. Ids in addresses are those of records that exist, or nothing would be reached.
``CRM_FUZZ_EXAMPLES=1000 pytest tests/test_fuzz.py`` takes a night: so many for each operation, and every limit that the
document names is tried from both sides.
"""

import os
import re

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.factories import ApiKeyFactory, CustomFieldFactory, TeamFactory, UserFactory
from tests.test_permissions import API, fill, marked

pytestmark = pytest.mark.django_db

EXAMPLES = int(os.environ.get("CRM_FUZZ_EXAMPLES", "10"))
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]
ADDRESSES = {address.anonymous_route: address for address in API}


def closing(application):
    """Reads each answer and closes it, which makes Django close the files of the request, as a server does."""

    def run(environ, start_response):
        response = application(environ, start_response)
        try:
            return [b"".join(response)]
        finally:
            response.close()

    return run


schemathesis.serializer("application/x-ndjson", "text/tab-separated-values", SHEET)(
    lambda ctx, value: value if isinstance(value, bytes) else str(value).encode()
)
schema = schemathesis.openapi.from_wsgi("/schema", app=closing(get_wsgi_application()))
schema.config.phases.coverage.enabled = "CRM_FUZZ_EXAMPLES" in os.environ


@pytest.fixture(autouse=True)
def one_connection():
    """The application must not close the test's connection after a request, as Django's own test client sees to."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def send():
    """Gives a case the ids of records that exist and the key of somebody who may do everything, and calls it."""
    secret = ApiKeyFactory(user=UserFactory(groups=["Administrator"])).secret
    CustomFieldFactory(key="marked")
    contact = marked(UserFactory(), TeamFactory(), "own")
    ids: dict[str, str] = {}

    def call(case):
        if not ids:
            ids.update(existing(case.operation.path, contact))
        case.path_parameters.update(ids)
        with transaction.atomic():
            case.call_and_validate(headers={"Authorization": f"Bearer {secret}"}, checks=CHECKS)
            transaction.set_rollback(True)

    return call


def existing(path, contact):
    """Ids for the places in the path of an operation, of records of the contact."""
    filled = fill(ADDRESSES[re.sub(r"{[^}]*}", "{}", path)], contact).partition("?")[0]
    return re.fullmatch(re.sub(r"{([^}]*)}", r"(?P<\1>[^/]+)", path), filled).groupdict()


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_as_documented(case, send):
    send(case)
