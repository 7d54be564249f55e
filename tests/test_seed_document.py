"""The document of the /dev/crm API, walked from top to bottom with its own example bodies."""

import pytest

from .factories import CampaignFactory, CustomerFactory, ProductFactory

CRM = "/dev/crm"
pytestmark = pytest.mark.django_db


@pytest.fixture
def call(manager):
    """``call("POST", "/leads", 201, body)`` gives the JSON of the answer, whose status must be the one named."""

    def send(method, path, status, body=None):
        response = getattr(manager, method.lower())(CRM + path, body, format="json")
        assert response.status_code == status, response.content
        return response.json()

    return send


LEAD = {
    "name": "John Doe",
    "email": "john@example.com",
    "phone": "+1234567890",
    "company": "Acme Corp",
    "source": "website",
    "status": "new",
    "score": 75,
    "notes": "Interested in premium plan",
}
CUSTOMER = {
    "name": "Jane Smith",
    "email": "jane@example.com",
    "phone": "+1234567890",
    "company": "Tech Corp",
    "type": "business",
    "status": "active",
    "billing_address": "123 Main St",
    "payment_terms": "Net 30",
}
LEAD_INTERACTION = {
    "type": "call",
    "notes": "Discussed pricing and features",
    "next_action": "Send proposal",
    "next_action_date": "2024-01-15T10:00:00Z",
}
CUSTOMER_INTERACTION = {
    "type": "call",
    "subject": "Product Discussion",
    "description": "Discussed new features and pricing",
    "date": "2024-01-15T10:00:00Z",
    "outcome": "positive",
    "next_action": "Send proposal",
    "next_action_date": "2024-01-20T10:00:00Z",
}


def contains(answer, body):
    return {name: answer[name] for name in body} == body


def test_leads(call, manager):
    body = LEAD | {"campaign_id": str(CampaignFactory().pk), "assigned_to": str(manager.user.pk)}
    lead = call("POST", "/leads", 201, body)
    assert contains(lead, body)
    assert call("GET", "/leads", 200)["results"] == [lead]
    address = f"/leads/{lead['id']}"
    assert call("GET", address, 200) == lead
    changes = {"name": "John Doe Updated", "status": "qualified", "score": 85, "notes": "Updated notes"}
    changed = call("PUT", address, 200, changes)
    assert contains(changed, LEAD | changes)
    assert call("DELETE", address, 200) == {"id": lead["id"]}
    assert call("GET", address, 404)["message"] == "Resource not found"
    assert call("GET", "/leads", 200)["count"] == 0


def test_lead_interactions(call):
    address = f"/leads/{call('POST', '/leads', 201, LEAD)['id']}"
    made = call("POST", f"{address}/interactions", 201, LEAD_INTERACTION)
    assert contains(made, LEAD_INTERACTION)
    assert call("GET", f"{address}/interactions", 200)["results"] == [made]
    changes = {"type": "meeting", "notes": "Updated notes", "next_action": "Follow up call"}
    changed = call("PUT", f"{address}/interactions/{made['id']}", 200, changes)
    assert contains(changed, LEAD_INTERACTION | changes)
    call("DELETE", f"{address}/interactions/{made['id']}", 200)
    assert call("GET", f"{address}/interactions", 200)["results"] == []


def test_conversion(call):
    lead = call("POST", "/leads", 201, LEAD)
    customer = call("POST", f"/leads/{lead['id']}/convert", 201)
    assert contains(customer, {name: LEAD[name] for name in ("name", "email", "phone", "company")})
    assert (customer["lead_id"], customer["contact_id"]) == (lead["id"], lead["contact_id"])
    assert call("GET", f"/leads/{lead['id']}", 200)["status"] == "converted"
    assert call("POST", f"/leads/{lead['id']}/convert", 200)["id"] == customer["id"]


def test_customers(call):
    customer = call("POST", "/customers", 201, CUSTOMER)
    assert contains(customer, CUSTOMER)
    address = f"/customers/{customer['id']}"
    assert call("GET", "/customers", 200)["results"] == [customer]
    changes = {"status": "active", "credit_limit": 10000.00, "notes": "Updated customer information"}
    changed = call("PUT", address, 200, changes)
    assert contains(changed, CUSTOMER | changes | {"credit_limit": "10000.00"})
    made = call("POST", f"{address}/interactions", 201, CUSTOMER_INTERACTION)
    assert contains(made, CUSTOMER_INTERACTION)
    assert call("GET", f"{address}/interactions", 200)["results"] == [made]
    changes = {"description": "Updated interaction notes", "outcome": "completed"}
    changed = call("PUT", f"{address}/interactions/{made['id']}", 200, changes)
    assert contains(changed, CUSTOMER_INTERACTION | changes)
    call("DELETE", f"{address}/interactions/{made['id']}", 200)
    assert call("DELETE", address, 200) == {"id": customer["id"]}
    call("GET", address, 404)


def test_orders(call):
    customer = call("POST", "/customers", 201, CUSTOMER)
    body = {
        "customer_id": customer["id"],
        "product_id": str(ProductFactory(price="49.00").pk),
        "quantity": 2,
        "status": "pending",
        "order_date": "2024-01-15T10:00:00Z",
        "shipping_address": "123 Main St",
        "billing_address": "123 Main St",
        "notes": "Rush delivery",
    }
    order = call("POST", "/orders", 201, body)
    assert contains(order, body)
    assert (order["unit_price"], order["total"], order["currency"]) == ("49.00", "98.00", "USD")
    address = f"/orders/{order['id']}"
    assert call("GET", "/orders", 200)["results"] == [order]
    assert call("GET", address, 200) == order
    changes = {"status": "shipped", "notes": "Order shipped via express"}
    assert contains(call("PUT", address, 200, changes), body | changes)
    assert call("DELETE", address, 200) == {"id": order["id"]}
    call("GET", address, 404)


def test_feedback(call):
    customer = call("POST", "/customers", 201, CUSTOMER)
    request = call("POST", f"/customers/{customer['id']}/feedback/request", 201)
    assert (request["customer_id"], request["status"]) == (customer["id"], "open")
    body = {"rating": 5, "comment": "Great service!", "category": "support"}
    answered = call("POST", f"/feedback/{request['id']}", 200, body)
    assert contains(answered, body | {"status": "answered"})
    figures = call("GET", "/feedback/analytics", 200)
    assert (figures["mean_rating"]["value"], figures["response_rate"]["value"]) == (5.0, 100.0)
    assert call("POST", "/feedback/process-reminders", 200) == {"reminded": 0, "skipped": 0, "expired": 0}
    assert call("GET", "/feedback/themes", 200)["comments"] == 1
    assert call("GET", "/feedback/dashboard", 200)["latest"][0]["comment"] == "Great service!"


BAD = [
    # path, body, what is wrong, the field that is named
    ("/leads", LEAD, {"name": None}, "name"),
    ("/leads", LEAD, {"name": ""}, "name"),
    ("/leads", LEAD, {"name": "x" * 256}, "name"),
    ("/leads", LEAD, {"email": "john@"}, "email"),
    ("/leads", LEAD, {"email": None}, "email"),
    ("/leads", LEAD, {"score": -1}, "score"),
    ("/leads", LEAD, {"score": 101}, "score"),
    ("/leads", LEAD, {"score": "many"}, "score"),
    ("/leads", LEAD, {"source": "newspaper"}, "source"),
    ("/leads", LEAD, {"status": "thinking"}, "status"),
    ("/leads", LEAD, {"campaign_id": "zzz"}, "campaign_id"),
    ("/leads", LEAD, {"campaign_id": "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f"}, "campaign_id"),
    ("/leads", LEAD, {"assigned_to": "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f"}, "assigned_to"),
    ("/leads", LEAD, {"custom_fields": "x"}, "custom_fields"),
    ("/leads", LEAD, {"custom_fields": {"shoe_size": 43}}, "custom_fields.shoe_size"),
    ("/leads", LEAD, {"emial": "a@b.example"}, "emial"),
    ("/leads", LEAD, {"last_contact": "yesterday"}, "last_contact"),
    ("/customers", CUSTOMER, {"name": None}, "name"),
    ("/customers", CUSTOMER, {"email": "jane"}, "email"),
    ("/customers", CUSTOMER, {"type": "robot"}, "type"),
    ("/customers", CUSTOMER, {"status": "asleep"}, "status"),
    ("/customers", CUSTOMER, {"credit_limit": -0.01}, "credit_limit"),
    ("/customers", CUSTOMER, {"credit_limit": "10000000000000"}, "credit_limit"),
    ("/customers", CUSTOMER, {"lead_id": "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f"}, "lead_id"),
]


@pytest.mark.parametrize(("path", "body", "change", "field"), BAD)
def test_what_is_wrong_is_named_and_nothing_is_written(call, path, body, change, field):
    answer = call("POST", path, 400, body | change)
    assert answer["message"] == "Invalid request parameters"
    assert list(answer["errors"]) == [field]
    assert call("GET", path, 200)["count"] == 0


@pytest.mark.parametrize(
    ("path", "body", "required"), [("/leads", LEAD, ["name", "email"]), ("/customers", CUSTOMER, ["name", "email"])]
)
def test_only_the_documented_fields_are_required(call, path, body, required):
    assert sorted(call("POST", path, 400, {})["errors"]) == sorted(required)
    call("POST", path, 201, {name: body[name] for name in required})


@pytest.mark.parametrize(
    ("path", "body", "field", "values"),
    [
        ("/leads", LEAD, "source", ["campaign", "website", "referral", "direct", "social", "email", "other"]),
        ("/leads", LEAD, "status", ["new", "contacted", "qualified", "proposal", "negotiation", "lost", "won"]),
        ("/leads", LEAD, "score", [0, 1, 99, 100]),
        ("/customers", CUSTOMER, "type", ["individual", "business"]),
        ("/customers", CUSTOMER, "status", ["active", "inactive", "blocked"]),
        ("/customers", CUSTOMER, "credit_limit", ["0.00", "0.01", None]),
    ],
)
def test_every_documented_value_is_taken(call, path, body, field, values):
    for number, value in enumerate(values):
        made = call("POST", path, 201, body | {field: value, "email": f"p{number}@example.com"})
        assert made[field] == value


@pytest.mark.parametrize("kind", ["call", "email", "meeting", "note"])
def test_every_type_of_lead_interaction(call, kind):
    lead = call("POST", "/leads", 201, LEAD)
    assert call("POST", f"/leads/{lead['id']}/interactions", 201, {"type": kind})["type"] == kind


@pytest.mark.parametrize("kind", ["email", "call", "meeting", "support", "purchase", "other"])
def test_every_type_of_customer_interaction(call, kind):
    customer = call("POST", "/customers", 201, CUSTOMER)
    address = f"/customers/{customer['id']}/interactions"
    assert sorted(call("POST", address, 400, {"type": kind})["errors"]) == ["date", "subject"]
    made = call("POST", address, 201, {"type": kind, "subject": "S", "date": "2024-01-15"})
    assert (made["type"], made["date"]) == (kind, "2024-01-15T00:00:00Z")


@pytest.mark.parametrize("status", ["pending", "processing", "shipped", "delivered", "cancelled"])
def test_every_status_of_an_order(call, status):
    customer = call("POST", "/customers", 201, CUSTOMER)
    body = {"customer_id": customer["id"], "product_id": str(ProductFactory().pk), "quantity": 1, "status": status}
    assert call("POST", "/orders", 201, body)["status"] == status


@pytest.mark.parametrize("quantity", [0, -1, 1.5, "two", None])
def test_an_order_is_of_whole_positive_quantities(call, quantity):
    customer = call("POST", "/customers", 201, CUSTOMER)
    body = {"customer_id": customer["id"], "product_id": str(ProductFactory().pk), "quantity": quantity}
    assert list(call("POST", "/orders", 400, body)["errors"]) == ["quantity"]


@pytest.mark.parametrize(("path", "body"), [("/leads", LEAD), ("/customers", CUSTOMER)])
def test_an_address_that_is_taken_is_a_conflict_in_any_case(call, path, body):
    first = call("POST", path, 201, body)
    answer = call("POST", path, 409, body | {"email": body["email"].upper()})
    assert (answer["message"], answer["id"]) == ("Resource already exists", first["id"])
    other = call("POST", path, 201, body | {"email": "other@example.com"})
    call("PUT", f"{path}/{other['id']}", 409, {"email": body["email"]})
    call("DELETE", f"{path}/{first['id']}", 200)
    call("POST", path, 201, body)
    assert call("POST", f"{path}/{first['id']}/restore", 409)["message"] == "Resource already exists"


def test_without_a_key_the_documented_refusal(anonymous):
    answer = anonymous.get(f"{CRM}/leads")
    assert (answer.status_code, answer.json()["message"]) == (401, "Invalid or missing API key")


def test_reports(call):
    call("POST", "/leads", 201, LEAD)
    assert call("GET", "/reports/leads", 200)["figures"][0]["value"] == 1
    call("POST", "/customers", 201, CUSTOMER)
    assert call("GET", "/reports/customers", 200)["figures"][0]["value"] == 1
    assert {"leads_new", "customers_new"} <= {
        each["metric"] for each in call("GET", "/analytics/dashboard", 200)["figures"]
    }


# Both sides of each bound, every enum value that there is not, and every required field, part by part


def lead_interactions(call):
    return f"/leads/{call('POST', '/leads', 201, LEAD)['id']}/interactions"


def customer_interactions(call):
    return f"/customers/{call('POST', '/customers', 201, CUSTOMER)['id']}/interactions"


def order_body(call, **change):
    customer, product = CustomerFactory(), ProductFactory(price="1.00")
    return {"customer_id": str(customer.pk), "product_id": str(product.pk), "quantity": 1} | change


@pytest.mark.parametrize(
    ("path", "body", "field", "longest"),
    [
        ("/leads", LEAD, "name", 255),
        ("/leads", LEAD, "company", 255),
        ("/customers", CUSTOMER, "name", 255),
        ("/customers", CUSTOMER, "company", 255),
        ("/customers", CUSTOMER, "payment_terms", 255),
        ("/customers", CUSTOMER, "tax_id", 64),
    ],
)
def test_texts_are_taken_to_their_longest(call, path, body, field, longest):
    assert call("POST", path, 201, body | {field: "x" * longest})[field] == "x" * longest
    answer = call("POST", path, 400, body | {field: "x" * (longest + 1), "email": "other@example.com"})
    assert list(answer["errors"]) == [field]


@pytest.mark.parametrize("path", ["/leads", "/customers"])
def test_addresses_and_numbers_must_be_some(call, path):
    body = LEAD if path == "/leads" else CUSTOMER
    for field, wrong in (
        ("email", "a@b"),
        ("email", "x" * 250 + "@example.com"),
        ("phone", "nonsense"),
        ("phone", "1" * 101),
    ):
        assert list(call("POST", path, 400, body | {field: wrong})["errors"]) == [field]
    assert call("POST", path, 201, body | {"phone": "", "company": "", "notes": ""})["phone"] == ""


@pytest.mark.parametrize(
    ("limit", "answered"), [("0", "0.00"), (0.01, "0.01"), ("999999999999.99", "999999999999.99"), (None, None)]
)
def test_credit_limits_that_are_taken(call, limit, answered):
    assert call("POST", "/customers", 201, CUSTOMER | {"credit_limit": limit})["credit_limit"] == answered


@pytest.mark.parametrize("limit", [-0.01, "1000000000000.00", "0.001", "much", "NaN", [], True])
def test_credit_limits_that_are_not(call, limit):
    assert list(call("POST", "/customers", 400, CUSTOMER | {"credit_limit": limit})["errors"]) == ["credit_limit"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"type": None}, "type"),
        ({"type": "fax"}, "type"),
        ({"next_action": "x" * 501}, "next_action"),
        ({"next_action_date": "soon"}, "next_action_date"),
        ({"next_action_date": "2024-13-01"}, "next_action_date"),
        ({"subject": "S"}, "subject"),
    ],
)
def test_lead_interactions_that_are_refused(call, change, field):
    address = lead_interactions(call)
    assert list(call("POST", address, 400, LEAD_INTERACTION | change)["errors"]) == [field]
    assert call("POST", address, 201, LEAD_INTERACTION | {"next_action": "x" * 500})["next_action"] == "x" * 500
    assert call("GET", address, 200)["count"] == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"type": "note"}, "type"),
        ({"subject": ""}, "subject"),
        ({"subject": "x" * 501}, "subject"),
        ({"date": "yesterday"}, "date"),
        ({"date": None}, "date"),
        ({"outcome": "x" * 256}, "outcome"),
        ({"next_action": "x" * 501}, "next_action"),
        ({"next_action_date": "2024-02-30"}, "next_action_date"),
        ({"notes": "N"}, "notes"),
    ],
)
def test_customer_interactions_that_are_refused(call, change, field):
    address = customer_interactions(call)
    assert list(call("POST", address, 400, CUSTOMER_INTERACTION | change)["errors"]) == [field]
    longest = {"subject": "x" * 500, "outcome": "x" * 255, "next_action": "x" * 500}
    assert contains(call("POST", address, 201, CUSTOMER_INTERACTION | longest), longest)
    assert call("GET", address, 200)["count"] == 1


def test_only_the_documented_fields_of_interactions_and_orders_are_required(call):
    assert list(call("POST", lead_interactions(call), 400, {})["errors"]) == ["type"]
    assert sorted(call("POST", customer_interactions(call), 400, {})["errors"]) == ["date", "subject", "type"]
    assert sorted(call("POST", "/orders", 400, {})["errors"]) == ["customer_id", "product_id", "quantity"]
    assert call("POST", "/orders", 201, order_body(call))["status"] == "pending"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"customer_id": None}, "customer_id"),
        ({"customer_id": "zzz"}, "customer_id"),
        ({"customer_id": "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f"}, "customer_id"),
        ({"product_id": "01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f"}, "product_id"),
        ({"product_id": 7}, "product_id"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": 2_000_000_001}, "quantity"),
        ({"status": "lost"}, "status"),
        ({"order_date": "today"}, "order_date"),
        ({"total": "1"}, None),
        ({"price": "1"}, "price"),
    ],
)
def test_orders_that_are_refused(call, change, field):
    body = order_body(call)
    if field is None:  # What an answer says of money may be sent back, and changes nothing.
        assert call("POST", "/orders", 201, body | change)["total"] == "1.00"
        return
    assert list(call("POST", "/orders", 400, body | change)["errors"]) == [field]
    assert call("GET", "/orders", 200)["count"] == 0
    assert call("POST", "/orders", 201, body | {"quantity": 2_000_000_000})["total"] == "2000000000.00"


@pytest.mark.parametrize("status", ["new", "contacted", "qualified", "proposal", "negotiation", "lost", "won"])
def test_a_lead_moves_to_every_status_but_by_conversion_to_converted(call, status):
    address = f"/leads/{call('POST', '/leads', 201, LEAD | {'status': 'contacted'})['id']}"
    assert call("PUT", address, 200, {"status": status})["status"] == status
    answer = call("PUT", address, 409, {"status": "converted"})
    assert "convert" in answer["message"]
    assert call("POST", "/leads", 409, LEAD | {"email": "b@example.com", "status": "converted"})["code"]


ADDRESSES = [
    "/leads/{}",
    "/leads/{}/interactions",
    "/leads/{}/convert",
    "/leads/{}/history",
    "/leads/{}/sharing",
    "/leads/{}/score",
    "/customers/{}",
    "/customers/{}/interactions",
    "/customers/{}/history",
    "/orders/{}",
    "/orders/{}/history",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_is_not_there_and_who_is_not_known(call, anonymous, address):
    address = address.format("01981d2e-7a1b-7c3d-8e4f-5a6b7c8d9e0f")
    assert call("GET", address, 404)["message"] == "Resource not found"
    answer = anonymous.get(CRM + address)
    assert (answer.status_code, answer.json()["message"]) == (401, "Invalid or missing API key")


@pytest.mark.parametrize(("path", "body"), [("/leads", LEAD), ("/customers", CUSTOMER)])
def test_who_has_the_address_in_the_trash_is_named_to_who_may_see_them(call, sales, path, body):
    first = call("POST", path, 201, body)
    assert "in_trash" not in first
    call("DELETE", f"{path}/{first['id']}", 200)
    assert "in_trash" not in sales.post(CRM + path, body).json()
    (second,) = call("GET", path, 200)["results"]
    call("DELETE", f"{path}/{second['id']}", 200)
    third = call("POST", path, 201, body)
    assert third["in_trash"] == [second["id"], first["id"]]
    answer = call("POST", f"{path}/{first['id']}/restore", 409)
    assert (answer["message"], answer["id"], answer["in_trash"]) == (
        "Resource already exists",
        third["id"],
        first["id"],
    )
    assert "leave this one in the trash" in answer["choice"]
