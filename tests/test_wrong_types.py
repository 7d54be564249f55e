"""Each field of each request that the OpenAPI document describes, with a value of a type that it does not name."""

import re
from typing import Any

import pytest
from django.db import transaction
from drf_spectacular.generators import SchemaGenerator

from tests.factories import CustomFieldFactory, TeamFactory
from tests.test_permissions import API, EXAMPLES, fill, marked

pytestmark = pytest.mark.django_db
OURS = ("/contacts", "/dev/crm/")
ADDRESSES = {address.anonymous_route: address for address in API}
WRONG: dict[str, list[Any]] = {
    "string": [7, True, ["a"], {"a": 1}],
    "integer": ["seven", True, 1.5, [1], {"a": 1}],
    "number": ["seven", True, [1], {"a": 1}],
    "boolean": [7, "perhaps", [True], {"a": 1}],
    "array": [7, "a", True, {"a": 1}],
    "object": [7, "a", True, ["a"]],
}


def fields() -> dict[tuple[str, str], dict[str, str]]:
    """The type of each field of a JSON body, by path and method. The dialects have rules of their own."""
    document = SchemaGenerator().get_schema(public=True)
    schemas = document["components"]["schemas"]

    def resolved(schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema or len(schema.get("allOf", ())) == 1:
            schema = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema["allOf"][0]
        return schema

    found: dict[tuple[str, str], dict[str, str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            for name, schema in resolved(body).get("properties", {}).items():
                kind = resolved(schema).get("type")
                is_money = resolved(schema).get("format") == "decimal"  # A number is as good as a text.
                if path.startswith(OURS) and kind and not is_money and not schema.get("readOnly"):
                    found.setdefault((path, method), {})[name] = kind
    return found


FIELDS = fields()


@pytest.mark.parametrize(("path", "method"), FIELDS)
def test_value_of_a_wrong_type_is_refused(administrator, path, method):
    CustomFieldFactory(key="marked")
    contact = marked(administrator.user, TeamFactory(), "own")
    route = re.sub(r"{[^}]*}", "{}", path)
    address, example = fill(ADDRESSES[route], contact), EXAMPLES[route, method]
    taken = []
    for name, kind in FIELDS[path, method].items():
        for value in WRONG[kind]:
            with transaction.atomic():
                response = getattr(administrator, method)(address, example | {name: value})
                transaction.set_rollback(True)
            named = {field.partition(".")[0] for field in response.json().get("errors", ())}
            if response.status_code != 400 or name not in named:
                taken.append((name, value, response.status_code, response.content[:200]))
    assert not taken
