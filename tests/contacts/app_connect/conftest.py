import pytest

PREFIX = "/api/app-connect"


@pytest.fixture
def call():
    """``call(client, "findContact", {...}, status=200)``: the answer's body."""

    def send(client, interface, body=None, status=200, **headers):
        response = client.post(f"{PREFIX}/{interface}", {} if body is None else body, **headers)
        assert response.status_code == status, response.content
        return response.json()

    return send


@pytest.fixture
def find(call):
    """The rows that are no offer to make a contact."""

    def rows(client, number, formats="", **more):
        answer = call(client, "findContact", {"phoneNumber": number, "overridingFormat": formats, **more})
        assert answer["successful"] is True
        return [row for row in answer["matchedContactInfo"] if not row.get("isNewContact")]

    return rows


@pytest.fixture
def names(find):
    def found(*args, **more):
        return [row["name"] for row in find(*args, **more)]

    return found
