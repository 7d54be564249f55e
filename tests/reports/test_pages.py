"""The dashboard of the start page, the records behind a figure, and charts as CSV."""

import csv
import io
import re
from html import unescape

import pytest
from django.test import Client

from crm_project.api import keeping
from crm_project.api.keeping import BeingCounted
from customers import services as customers
from customers.models import SavedSegment, StandingRules
from reports import pages
from tests.factories import CustomerFactory, LeadFactory, OrderFactory, UserFactory

pytestmark = pytest.mark.django_db


def browser(*groups):
    user = UserFactory(groups=groups, is_staff=True)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    client.user = user
    return client


def page(client, path="/admin/"):
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def tiles(html):
    """The key figures by name, each with the page of its records."""
    found = re.findall(r'<li><a href="([^"]+)" title="[^"]*">\s*<span>([^<]+)</span>\s*<strong>([^<]+)</strong>', html)
    return {unescape(name): (value, unescape(url)) for url, name, value in found}


def test_each_number_leads_to_exactly_its_records():
    client = browser("Manager")
    LeadFactory.create_batch(3)
    OrderFactory(customer=CustomerFactory(name="Acme"), quantity=2)
    found = tiles(page(client))
    assert found["New leads"][0] == "3"
    assert found["Revenue, USD"][0] == "20.00"
    for value, url in found.values():
        if value.isdecimal():
            assert f"<strong>{value} record" in page(client, url), url
    assert "Acme" in page(client, found["Orders"][1])


def test_what_a_rep_may_not_see_is_in_no_number_and_on_no_page():
    client = browser("Sales")
    LeadFactory(name="Foreign lead", assigned_to=UserFactory())
    LeadFactory(name="My own lead", assigned_to=client.user)
    OrderFactory(customer=CustomerFactory(name="Foreign firm", assigned_to=UserFactory()))
    html = page(client)
    found = tiles(html)
    assert (found["New leads"][0], found["Orders"][0]) == ("1", "0")
    records = page(client, "/admin/reports/records/leads")
    assert "My own lead" in records
    assert "Foreign" not in html + records + page(client, "/admin/reports/records/orders")


def test_the_customer_of_a_visible_order_may_be_hidden():
    client = browser("Sales")
    order = OrderFactory(customer=CustomerFactory(name="Foreign firm", assigned_to=UserFactory()))
    order.assigned_to = client.user
    order.save(update_fields=["assigned_to"])
    records = page(client, "/admin/reports/records/orders")
    assert f">{order.number}<" in records
    assert "Foreign firm" not in records


def test_a_chart_as_csv_says_what_the_page_says():
    client = browser("Manager")
    LeadFactory.create_batch(2, source="website")
    LeadFactory(source="referral")
    response = client.get("/admin/reports/charts/sources.csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert rows[1:] == [["Website", "2"], ["Referral", "1"]]
    assert client.get("/admin/reports/charts/nothing.csv").status_code == 404


def test_a_name_that_is_a_formula_does_nothing_in_a_spreadsheet():
    client = browser("Manager")
    OrderFactory(customer=CustomerFactory(name="=1+1"))
    assert b"'=1+1" in client.get("/admin/reports/charts/top_usd.csv").content


def test_markup_in_a_name_is_text():
    client = browser("Manager")
    OrderFactory(customer=CustomerFactory(name="<script>alert(1)</script>"))
    assert "<script>alert" not in page(client)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("from=yesterday", "from: A day such as 2026-01-31"),
        ("assigned_to=mia", "assigned_to: “mia” is not a user"),
    ],
)
def test_what_is_wrong_is_told_and_the_page_is_shown_nevertheless(query, message):
    html = page(browser("Manager"), f"/admin/?{query}")
    assert message in unescape(html)
    assert "New leads" in html


def test_who_may_takes_the_records_out_and_asks_them():
    owner = UserFactory(first_name="Mia", last_name="Rossi")
    CustomerFactory(assigned_to=owner)
    path = f"/admin/reports/records/customers?assigned_to={owner.pk},none&status=active"
    html = unescape(page(browser("Manager"), path))
    assert "Mia Rossi, none" in html
    assert f"/dev/crm/customers/export?assigned_to={owner.pk}%2Cnone&status=active&format=csv" in html
    assert f"feedbackround/add/?filter=assigned_to%3D{owner.pk}%2Cnone%0Astatus%3Dactive" in html
    html = page(browser("Read-only"), path)
    assert "export?" not in html
    assert "feedbackround" not in html
    assert "export?" not in page(browser("Manager"), "/admin/reports/records/tasks")


def test_segments_open_as_the_list_of_their_customers():
    client = browser("Manager")
    saved = SavedSegment.objects.create(name="Firms", filter={"type": "business"})
    CustomerFactory(type="business")
    assert "/admin/reports/records/customers?segment=champions" in page(client, "/admin/customers/buyersegment/")
    url = f"/admin/reports/records/customers?segment={saved.pk}"
    assert url in page(client, "/admin/customers/savedsegment/")
    assert "<strong>1 record" in page(client, url)


@pytest.mark.parametrize("path", ["leads?nosuch=1", "leads?status=nosuch", "leads?created_at_after=never"])
def test_wrong_parameters_of_records_are_told(path):
    assert 'role="alert"' in page(browser("Manager"), f"/admin/reports/records/{path}")


@pytest.mark.parametrize(
    "path", ["records/nothing", "records/leads?page=99", "charts/nothing.csv", "charts/leads.csv?to=x"]
)
def test_what_there_is_not_is_not_found(path):
    assert browser("Manager").get(f"/admin/reports/{path}").status_code == 404


def test_who_may_see_nothing_gets_no_dashboard():
    assert "How we do" not in page(browser())
    assert browser().get("/admin/reports/charts/leads.csv").status_code == 404


def test_the_pages_are_for_staff():
    client = Client()
    client.force_login(UserFactory(groups=["Manager"]), backend="django.contrib.auth.backends.ModelBackend")
    for path in ("records/leads", "charts/leads.csv"):
        assert client.get(f"/admin/reports/{path}").status_code == 302


def test_managers_set_by_what_customers_are_judged():
    client = browser("Manager")
    fields = {"churn_days": 30, "window_days": 100, "groups": 4, "healthy_from": 60, "at_risk_below": 30}
    response = client.post("/admin/customers/standingrules/add/", fields)
    assert response.status_code == 302, response.context["errors"]
    assert StandingRules.current().churn_days == 30
    assert client.get("/admin/customers/standingrules/add/").status_code == 403
    assert browser("Sales").post("/admin/customers/standingrules/add/", fields).status_code == 403


def test_a_saved_segment_is_checked_when_it_is_saved():
    client = browser("Manager")
    add = "/admin/customers/savedsegment/add/"
    refused = client.post(add, {"name": "Firms", "filter": '{"tpye": "business"}'})
    assert "Did you mean “type”" in unescape(refused.content.decode())
    assert client.post(add, {"name": "Firms", "filter": '{"type": "business"}'}).status_code == 302
    assert SavedSegment.objects.get().filter == {"type": "business"}
    (segment,) = (each for each in customers.segments_of(user=client.user).segments if each.kind == "saved")
    assert segment.count == 0


def test_the_report_of_the_page_is_that_of_the_api(manager):
    LeadFactory.create_batch(2)
    answer = manager.get("/dev/crm/analytics/dashboard").json()
    html = page(browser("Manager"))
    by_name = {figure["name"]: figure["value"] for figure in answer["figures"]}
    assert tiles(html)["New leads"][0] == str(by_name["New leads"]) == "2"


def test_a_page_whose_figures_take_too_long_says_so_and_asks_again(monkeypatch):
    def waits(*arguments, **options):
        raise BeingCounted

    client = browser("Manager")
    with monkeypatch.context() as patch:
        patch.setattr(pages, "kept", waits)
        html = page(client)
        assert 'data-again="5"' in html
        assert "They are being counted" in html
        file = client.get("/admin/reports/charts/leads.csv")
        assert (file.status_code, file["Retry-After"]) == (503, "5")
    assert "New leads" in page(client)


def test_a_page_whose_segments_take_too_long_is_shown_without_them(monkeypatch):
    def waits(make, **options):
        if make is pages.segments_of:
            assert 0.5 <= options["patience"] <= 4
            raise BeingCounted
        return keeping.kept(make, **options)

    client = browser("Manager")
    CustomerFactory()
    assert 'data-key="buyers"' in page(client)
    monkeypatch.setattr(pages, "kept", waits)
    html = page(client)
    assert 'data-key="buyers"' not in html
    assert "New customers" in html
