"""The OpenAPI document: complete, valid, in words, and served without anything from elsewhere."""

import io
import json
import re
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator

pytestmark = pytest.mark.django_db

DOCUMENT = SchemaGenerator().get_schema(public=True)
OPERATIONS = [
    (path, method, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if method in {"get", "post", "put", "patch", "delete"}
]
each_operation = pytest.mark.parametrize(
    ("path", "method", "operation"), OPERATIONS, ids=[f"{method} {path}" for path, method, _ in OPERATIONS]
)


def test_document_validates_without_a_warning():
    out = io.StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, format="openapi-json", stdout=out)
    assert json.loads(out.getvalue())["openapi"].startswith("3.")


def test_operation_ids_are_unique():
    ids = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(ids) == len(set(ids))


@each_operation
def test_operation_is_described(path, method, operation):
    assert re.fullmatch(r"[a-z_]+", operation["operationId"])
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"]


@each_operation
def test_operation_has_examples(path, method, operation):
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        assert content.get("examples") or is_file(content["schema"]), f"{media_type} of the request"
    found = [response for code, response in operation["responses"].items() if code.startswith("2")]
    assert found
    for response in found:
        for media_type, content in response["content"].items():
            assert content.get("examples") or is_file(content["schema"]), f"{media_type} of the answer"


def is_file(schema):
    """Of a file, alone or in a form, the document can show no example."""
    component = DOCUMENT["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], schema)
    return "binary" in str(component)


@each_operation
def test_operation_has_its_errors(path, method, operation):
    expected = {"400", "401", "403", "429", "503"}
    is_eadesk = operation["tags"] == ["eadesk"]  # Whose clients look for ENOT_FOUND in an answer of 200.
    expected |= {"404"} if "{" in path and not is_eadesk else set()
    expected |= {"413", "415"} if method in {"post", "put", "patch"} else set()
    expected |= {"412"} if method in {"put", "patch", "delete"} else set()
    expected |= {"422"} if method == "post" else set()
    assert expected <= operation["responses"].keys()
    for code in expected:
        content = operation["responses"][code]["content"]["application/json"]
        assert content["schema"] == {"$ref": f"#/components/schemas/{'EadeskError' if is_eadesk else 'Error'}"}
        assert content["examples"]


@each_operation
def test_operation_says_which_headers_it_reads(path, method, operation):
    headers = {each["name"] for each in operation.get("parameters", []) if each["in"] == "header"}
    assert ("Idempotency-Key" in headers) == (method == "post")
    assert ("If-Match" in headers) == (method in {"put", "patch", "delete"})


@pytest.mark.parametrize("path", ["/schema", "/dev/crm/schema"])
def test_document_is_served_to_everybody(anonymous, path):
    response = anonymous.get(path, headers={"Accept": "application/json"})
    assert response.status_code == 200
    assert "/contacts" in response.content.decode()


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_pages_load_everything_from_here(anonymous, path):
    page = anonymous.get(path)
    assert page.status_code == 200
    sources = re.findall(r'(?:src|href)="([^"]+)"', page.content.decode())
    assert sources
    for source in sources:
        assert urlsplit(source).netloc == "", source
        if source.startswith("/static/"):
            file = anonymous.get(source)
            assert file.status_code == 200, source
            file.close()
    assert "https://" not in re.sub(r'"https?://testserver[^"]*"', "", page.content.decode())
