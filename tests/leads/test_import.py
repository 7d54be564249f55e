"""POST /dev/crm/leads/import: what a row makes of a lead, of the contact behind it, its score and its log."""

import json
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact, ContactPoint, CustomField, Organization
from crm_project.access import services as access
from crm_project.transfer.models import ImportJob
from leads.models import Campaign, Lead, LeadStatusChange
from leads.resources import LeadResource
from tests import importing
from tests.at_once import at_once
from tests.factories import ContactFactory, CustomFieldFactory, LeadFactory, TeamFactory, UserFactory
from tests.importing import counts, errors_of

PATH = "/dev/crm/leads/import"
send = partial(importing.send, path=PATH)


@pytest.fixture(autouse=True)
def no_rate(settings):
    settings.CRM_SCOPED_RATES = {}


def do(client, content, content_type="text/csv", **options):
    return importing.receipt(client, PATH, content, content_type, **options)


def test_everything_a_row_says(manager):
    job = do(
        manager,
        "name,email,phone,company,source,campaign,status,score,notes,last_contact\n"
        "John Doe,John@Example.com,+1 202-555-0143,Acme  Corp,Website,Spring fair,contacted,75,Hi,2026-01-31T12:00:00Z",
    )
    assert counts(job) == {"created": 1}
    lead = manager.get(f"/dev/crm/leads/{job['ids'][0]}").json()
    expected = {
        "name": "John Doe",
        "email": "John@Example.com",
        "phone": "+1 202-555-0143",
        "company": "Acme Corp",
        "source": "website",
        "status": "contacted",
        "score": 75,
        "score_is_manual": True,
        "notes": "Hi",
        "last_contact": "2026-01-31T12:00:00Z",
        "campaign_id": str(Campaign.objects.get(name="Spring fair").pk),
        "assigned_to": str(manager.user.pk),
        "created_by": str(manager.user.pk),
    }
    assert {name: lead[name] for name in expected} == expected
    assert lead["contact_id"]
    assert manager.get("/dev/crm/leads?search=555-0143").json()["count"] == 1


def test_lead_is_as_if_made_alone(manager):
    """The same values by the API and by an import give the same lead, contact, points and log."""
    values = {
        "name": "Ann Lee",
        "phone": "8 (987) 654-32-10 ext. 12",
        "company": "Acme",
        "notes": "x",
        "source": "email",
    }
    alone = manager.post("/dev/crm/leads", values | {"email": "a@example.com"}, format="json").json()
    job = do(manager, json.dumps([values | {"email": "b@example.com", "name": "Bob Ray"}]), "application/json")

    def everything(key):
        lead = Lead.objects.select_related("contact__organization").get(pk=key)
        same = ("phone", "normalized_phone", "company", "notes", "source", "status", "score", "score_is_manual")
        points = lead.contact.points.order_by("type").values_list("type", "service", "extension", "is_primary")
        return (
            [getattr(lead, name) for name in (*same, "custom_fields", "assigned_to_id", "created_by_id", "team_id")],
            [lead.contact.organization.name, lead.contact.contact_type, lead.contact.custom_fields],
            [lead.contact.assigned_to_id, lead.contact.created_by_id, list(points)],
            list(lead.status_changes.values_list("old", "new", "changed_by_id")),
        )

    assert everything(alone["id"]) == everything(job["ids"][0])
    assert Contact.objects.get(name="Bob Ray").origin == "import"


def test_headers_in_russian(manager):
    job = do(
        manager,
        "ФИО;Электронная почта;Телефон;Компания;Источник;Статус;Примечание\n"
        "Вася Пупкин;vasya@example.ru;8 987 654-32-10;ООО Ромашка;website;new;Перезвонить",
        region="RU",
    )
    assert counts(job) == {"created": 1}
    lead = Lead.objects.get()
    assert (lead.name, lead.normalized_phone, lead.company) == ("Вася Пупкин", "+79876543210", "ООО Ромашка")
    assert (lead.source, lead.notes) == ("website", "Перезвонить")


def test_number_of_another_country_stays_that_number(manager):
    job = do(manager, "name,email,phone\nA,a@example.com,01 70 18 99 00", region="FR")
    lead = Lead.objects.get()
    assert (lead.phone, lead.normalized_phone) == ("+33170189900", "+33170189900")
    manager.patch(f"/dev/crm/leads/{job['ids'][0]}", {"notes": "x"}, format="json")
    lead.refresh_from_db()
    assert lead.normalized_phone == "+33170189900"


# Rows that make no sense


@pytest.mark.parametrize(
    ("content", "column", "message"),
    [
        ("name,email\n,a@example.com", "name", "A lead needs a name."),
        ("name,phone\nA,504-621-8927", "email", "A lead needs an e-mail address."),
        ("name,email\nA,broken@", "email", "“broken@” is not a valid e-mail address."),
        ("name,email,phone\nA,a@example.com,call", "phone", "“call” is not a telephone number."),
        ("name,email,status\nA,a@example.com,nwe", "status", "Did you mean “new”?"),
        ("name,email,status\nA,a@example.com,converted", "status", "A lead becomes converted only by POST …/convert"),
        ("name,email,source\nA,a@example.com,web", "source", "This must be one of: campaign, website, referral, dir"),
        ("name,email,score\nA,a@example.com,101", "score", "less than or equal to 100"),
        ("name,email,score\nA,a@example.com,-1", "score", "greater than or equal to 0"),
        ("name,email,score\nA,a@example.com,high", "score", "A valid integer is required."),
        ("name,email,last_contact\nA,a@example.com,soon", "last_contact", "Datetime has wrong format."),
        ("name,email,lost_reason\nA,a@example.com,price", "lost_reason", "Only a lost lead has a reason"),
        ("name,email,assigned_to\nA,a@example.com,nobody", "assigned_to", "There is no active user “nobody”."),
        ("name,email,shoe\nA,a@example.com,big", "shoe", "This must be a whole number."),
        ("id,name,email\n17,A,a@example.com", "id", "This is not an id of this CRM"),
        (f"name,email\n{'x' * 256},a@example.com", "name", "This has 256 characters; at most 255 fit."),
    ],
)
def test_bad_row_is_named_with_line_column_and_reason(manager, content, column, message):
    CustomFieldFactory(entity="lead", key="shoe", type=CustomField.Type.INTEGER)
    job = do(manager, content + "\n")
    assert counts(job) == {"failed": 1}
    [(line, named, reason)] = errors_of(job)
    assert (line, named) == (2, column)
    assert message in reason
    assert (Lead.objects.count(), Contact.objects.count()) == (0, 0)


def test_hostile_rows_are_text(manager):
    rows = ["=cmd|' /C calc'!A0", "<script>alert(1)</script>", "'; DROP TABLE leads_lead; --", "{{ 7*7 }}"]
    content = "name\tcompany\temail\n" + "".join(f"{row}\t{row}\ta{n}@example.com\n" for n, row in enumerate(rows))
    assert counts(do(manager, content)) == {"created": 4}
    assert set(Lead.objects.values_list("name", flat=True)) == set(rows)


def test_columns_that_nobody_may_set_are_left_out(manager):
    job = do(manager, "name,email,created_by,deleted_at,contact_id,is_superuser\nA,a@example.com,1,1,1,1")
    assert counts(job) == {"created": 1}
    assert {"created_by", "deleted_at", "contact_id", "is_superuser"} == job["ignored_columns"].keys()


def test_custom_fields_are_those_of_leads(manager):
    CustomFieldFactory(entity="lead", key="code", label="Code", required=True, unique=True)
    CustomFieldFactory(entity="lead", key="rank", default="low")
    CustomFieldFactory(entity="contact", key="other")
    content = "name,email,code\nA,a@example.com,1\nB,b@example.com,\nC,c@example.com,1"
    job = do(manager, content)
    assert errors_of(job) == [
        (3, "code", "“Code” is required."),
        (4, "code", "Another lead has this value, which must be unique."),
    ]
    assert Lead.objects.get().custom_fields == {"code": "1", "rank": "low"}


# E-mail addresses are unique


def test_taken_address_fails_unless_it_is_matched(manager):
    LeadFactory(name="Old", email="A@Example.com")
    content = "name,email\nNew,a@example.com"
    job = do(manager, content)
    message = "Another lead has this e-mail address. To change that lead, match by email."
    assert errors_of(job) == [(2, "email", message)]
    assert counts(do(manager, content, match="email")) == {"updated": 1}
    lead = Lead.objects.get()
    assert (lead.name, lead.email) == ("New", "A@Example.com")
    assert counts(do(manager, content, match="email")) == {"unchanged": 1}


def test_address_twice_in_one_file(manager):
    content = "name,email\nA,a@example.com\nB,A@EXAMPLE.COM"
    assert counts(do(manager, content)) == {"created": 1, "failed": 1}
    assert counts(do(manager, content, match="email")) == {"unchanged": 1, "updated": 1}
    assert Lead.objects.get().name == "B"


def test_changed_address_must_be_free(manager):
    one, _two = LeadFactory(email="one@example.com"), LeadFactory(email="two@example.com")
    job = do(manager, f"id,email\n{one.pk},Two@example.com", match="id")
    assert counts(job) == {"failed": 1}
    assert counts(do(manager, f"id,email\n{one.pk},three@example.com", match="id")) == {"updated": 1}
    one.refresh_from_db()
    assert one.email == "three@example.com"
    assert set(one.contact.points.values_list("value", flat=True)) == {"one@example.com", "three@example.com"}


def test_trash_is_no_obstacle(manager):
    old = LeadFactory(email="a@example.com")
    manager.delete(f"/dev/crm/leads/{old.pk}")
    assert counts(do(manager, "name,email\nA,a@example.com", match="email")) == {"created": 1}


@pytest.mark.django_db(transaction=True)
def test_somebody_else_is_faster(manager, monkeypatch):
    """Between the question whether an address is free and the writing, a lead with it is made and committed."""
    write, made = LeadResource.write, []

    def late(self, drafts):
        if not made:
            made.extend(at_once([partial(LeadFactory, name="Fast", email="A@example.com")]))
        write(self, drafts)

    monkeypatch.setattr(LeadResource, "write", late)
    job = do(manager, "name,email\nSlow,a@example.com\nOther,b@example.com")
    assert counts(job) == {"created": 1, "failed": 1}
    assert errors_of(job)[0][2].startswith("Another lead has this e-mail address.")
    assert set(Lead.objects.values_list("name", flat=True)) == {"Fast", "Other"}
    assert LeadStatusChange.objects.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("match", ["", "email"])
def test_same_file_twice_at_the_same_time(manager, match):
    content = "name,email,phone,company,campaign\n" + "".join(
        f"Person {n},p{n}@example.com,+1 504 621 {n:04},Acme,Fair\n" for n in range(300)
    )
    jobs = at_once([partial(do, manager, content, **({"match": match} if match else {}))] * 3)
    assert sum(job["created"] for job in jobs) == 300
    assert sum(job["unchanged" if match else "failed"] for job in jobs) == 600
    tables = (Lead, Contact, LeadStatusChange, Organization, Campaign)
    assert [model.objects.count() for model in tables] == [300, 300, 300, 1, 1]
    assert ContactPoint.objects.count() == 600


# The contact behind a lead


def test_contact_is_matched_by_address_and_completed(manager):
    contact = ContactFactory(name="Someone", email="a@example.com")
    do(manager, "name,email,phone,company\nA,A@example.com,504-621-8927,Acme")
    assert Lead.objects.get().contact == contact
    assert [(point.type, point.is_primary) for point in contact.points.order_by("type")] == [
        ("mail", True),
        ("phone", True),
    ]
    contact.refresh_from_db()
    assert (contact.name, contact.organization) == ("Someone", None)
    assert Contact.objects.count() == 1


def test_contact_is_matched_by_number_and_similar_name_only(manager):
    contact = ContactFactory(name="Anna Lee", phone="504-621-8927")
    do(manager, "name,email,phone\nLee Anna,a@example.com,+1 504 621 8927\nBob Ray,b@example.com,+1 504 621 8927")
    assert Lead.objects.get(name="Lee Anna").contact == contact
    assert Lead.objects.get(name="Bob Ray").contact != contact


def test_several_matches_make_a_new_contact(manager):
    for name in ("One", "Two"):
        ContactFactory(name=name, email="a@example.com")
    do(manager, "name,email\nA,a@example.com")
    assert (Contact.objects.count(), Lead.objects.get().contact.name) == (3, "A")


def test_people_of_one_file_are_matched_with_each_other(manager):
    """As if each were made alone: the same number and a similar name, whatever the address, are one person."""
    number = "504-621-8927"
    content = (
        f"name,email,phone\nAnna Lee,a@example.com,{number}\nBob Ray,b@example.com,{number}\n"
        f"Anna Lee,c@example.com,{number}\nLee Anna,d@example.com,+1 {number}\nBob Ray,e@example.com,\n"
    )
    do(manager, content)
    contact_of = dict(Lead.objects.values_list("email", "contact__name"))
    assert Contact.objects.count() == 3
    assert len({Lead.objects.get(email=f"{each}@example.com").contact_id for each in "acd"}) == 1
    assert contact_of["b@example.com"] == contact_of["e@example.com"] == "Bob Ray"
    anna = Contact.objects.get(name="Anna Lee")
    assert [point.value for point in anna.points.filter(type="phone")] == [number]
    assert anna.points.filter(type="mail", is_primary=True).count() == 1


def test_contact_that_the_rep_may_not_see_is_used_silently(sales):
    contact = ContactFactory(name="Foreign", email="a@example.com", assigned_to=UserFactory())
    job = do(sales, "name,email\nA,a@example.com")
    lead = Lead.objects.get()
    assert lead.contact == contact
    assert str(contact.pk) not in json.dumps(job)
    assert sales.get(f"/dev/crm/leads/{lead.pk}").json()["contact_id"] is None


def test_contact_gets_the_defaults_of_its_own_fields(manager):
    CustomFieldFactory(entity="contact", key="rank", default="low")
    do(manager, "name,email\nA,a@example.com")
    assert Contact.objects.get().custom_fields == {"rank": "low"}


# Statuses, scores, campaigns


def test_status_goes_only_along_the_table_and_is_logged(manager):
    do(manager, "name,email,status\nA,a@example.com,new\nB,b@example.com,lost")
    content = "email,status,lost_reason\na@example.com,qualified,\nb@example.com,won,"
    job = do(manager, content, match="email")
    assert counts(job) == {"updated": 1, "failed": 1}
    assert "A lead that is lost cannot become won; allowed: new," in job["errors"][0]["message"]
    steps = LeadStatusChange.objects.filter(lead__email="a@example.com").order_by("pk")
    assert [(step.old, step.new, step.changed_by) for step in steps] == [
        ("", "new", manager.user),
        ("new", "qualified", manager.user),
    ]


def test_two_rows_about_one_new_lead_are_two_steps(manager):
    do(manager, "name,email,status\nA,a@example.com,new\nA,a@example.com,contacted", match="email")
    steps = Lead.objects.get().status_changes.order_by("pk").values_list("old", "new")
    assert list(steps) == [("", "new"), ("new", "contacted")]


def test_reopened_lead_loses_the_reason_for_its_loss(manager):
    do(manager, "name,email,status,lost_reason\nA,a@example.com,lost,Price")
    assert Lead.objects.get().lost_reason == "Price"
    do(manager, "email,status\na@example.com,contacted", match="email")
    assert Lead.objects.get().lost_reason == ""


def test_converted_lead_stays_converted(manager):
    lead = LeadFactory(email="a@example.com")
    manager.post(f"/dev/crm/leads/{lead.pk}/convert", {}, format="json")
    content = "email,status\na@example.com,{}"
    assert counts(do(manager, content.format("converted"), match="email")) == {"unchanged": 1}
    assert counts(do(manager, content.format("new"), match="email")) == {"failed": 1}


def test_score_by_the_rules_or_by_hand(manager):
    do(manager, "name,email,phone,source,score\nA,a@example.com,504-621-8927,referral,\nB,b@example.com,,,40")
    found = dict(Lead.objects.values_list("name", "score"))
    assert found == {"A": 30, "B": 40}
    assert dict(Lead.objects.values_list("name", "score_is_manual")) == {"A": False, "B": True}
    do(manager, "email,company,score_is_manual\na@example.com,Acme,\nb@example.com,Acme,false", match="email")
    assert dict(Lead.objects.values_list("name", "score")) == {"A": 40, "B": 10}


def test_campaigns_by_name(manager, sales):
    Campaign.objects.create(name="Known")
    content = "name,email,campaign\nA,a@example.com,Known\nB,b@example.com,Unknown"
    job = do(sales, content)
    assert errors_of(job) == [(3, "campaign", "There is no campaign “Unknown”, and you may not make one.")]
    assert counts(do(manager, content, match="email", dry_run=1)) == {"created": 1, "unchanged": 1}
    assert Campaign.objects.count() == 1
    assert counts(do(manager, "name,email,campaign\nB,b@example.com,Unknown")) == {"created": 1}
    assert set(Campaign.objects.values_list("name", flat=True)) == {"Known", "Unknown"}


# Matching, and options


def test_match_by_number(manager):
    LeadFactory(name="Old", email="a@example.com", phone="504-621-8927")
    assert counts(do(manager, "name,phone\nNew,(504) 621 8927", match="phone")) == {"updated": 1}
    LeadFactory(name="Twin", phone="5046218927")
    job = do(manager, "name,phone\nNewer,504 621 8927", match="phone")
    assert "2 leads have this phone" in job["errors"][0]["message"]


def test_match_fills_only_what_is_empty(manager):
    LeadFactory(name="Old", email="a@example.com", company="Acme", status="contacted")
    content = "name,email,company,phone,status,score\nNew,a@example.com,Other,504-621-8927,new,90"
    assert counts(do(manager, content, match="email", on_match="fill")) == {"updated": 1}
    lead = Lead.objects.get()
    assert (lead.name, lead.company, lead.phone, lead.status) == ("Old", "Acme", "504-621-8927", "contacted")
    assert (lead.score, lead.score_is_manual) == (20, False)


def test_match_skips_or_refuses(manager):
    LeadFactory(name="Old", email="a@example.com")
    content = "name,email\nNew,a@example.com\nOther,b@example.com"
    assert counts(do(manager, content, match="email", on_match="skip")) == {"created": 1, "skipped": 1}
    assert errors_of(do(manager, content, match="email", on_match="error"))[0] == (
        2,
        None,
        "There is such a lead already: “Old”.",
    )


def test_dry_run_writes_nothing(manager):
    content = "name,email,company,campaign\nA,a@example.com,Acme,Fair\nB,a@example.com,,\nC,c@example.com,,Fair"
    assert counts(do(manager, content, dry_run=1)) == {"created": 2, "failed": 1}
    models = (Lead, Contact, ContactPoint, Organization, Campaign, LeadStatusChange)
    assert [model.objects.count() for model in models] == [0] * 6


def test_all_or_nothing(manager):
    job = do(manager, "name,email\nA,a@example.com\nB,x", atomic=1)
    assert (job["state"], counts(job)) == ("failed", {"skipped": 1, "failed": 1})
    assert (Lead.objects.count(), Contact.objects.count()) == (0, 0)
    assert counts(do(manager, "name,email\nA,a@example.com\nB,b@example.com", atomic=1)) == {"created": 2}


def test_history_says_who_by_what(manager):
    job = do(manager, "name,email\nA,a@example.com")
    contact = Lead.objects.get().contact_id
    entries = manager.get(f"/contacts/{contact}/history").json()["results"]
    assert {(entry["actor"], entry["door"]) for entry in entries} == {(str(manager.user.pk), "import")}
    assert {entry["data"]["job"] for entry in entries} == {job["id"]}
    assert "lead" in json.dumps(entries)


# Rights


def test_rep_owns_what_they_import(sales):
    do(sales, "name,email\nA,a@example.com")
    lead = Lead.objects.get()
    assert (lead.assigned_to, lead.contact.assigned_to) == (sales.user, sales.user)


def test_rep_never_touches_or_learns_of_foreign_leads(sales):
    foreign = LeadFactory(name="Foreign", email="a@example.com", assigned_to=UserFactory())
    for options in ({}, {"match": "email"}, {"match": "id,email,phone"}):
        job = do(sales, "name,email\nMine,a@example.com", **options)
        assert counts(job) == {"failed": 1}
        assert errors_of(job)[0][2].startswith("Another lead has this e-mail address.")
        assert "Foreign" not in json.dumps(job)
        assert str(foreign.pk) not in json.dumps(job)
    foreign.refresh_from_db()
    assert foreign.name == "Foreign"


def test_rep_cannot_take_the_id_of_a_foreign_lead(sales):
    foreign = LeadFactory(assigned_to=UserFactory())
    for options in ({}, {"match": "id"}):
        job = do(sales, f"id,name,email\n{foreign.pk},Mine,b@example.com", **options)
        assert "The id is taken." in job["errors"][0]["message"]


def test_rep_assigns_to_nobody_else(sales):
    UserFactory(username="other")
    team = TeamFactory(name="Ours")
    content = (
        "name,email,assigned_to,team\nA,a@example.com,other,\nB,b@example.com,,Ours\n"
        f"C,c@example.com,{sales.user.username},"
    )
    job = do(sales, content)
    assert counts(job) == {"created": 1, "failed": 2}
    assert "You may not assign leads to other people." in job["errors"][0]["message"]
    assert send(sales, content="name,email\nA,a@example.com", owner="other").status_code == 400
    sales.user.groups.add(team)
    assert counts(do(sales, "name,email,team\nB,b@example.com,Ours")) == {"created": 1}


def test_rep_does_not_hand_over_what_was_only_shared(sales):
    shared = LeadFactory(email="a@example.com", assigned_to=UserFactory())
    access.set_shares(record=shared, shares=[access.Share(user=sales.user, verbs=["change"])])
    content = f"email,assigned_to\na@example.com,{sales.user.username}"
    assert "It is shared with you" in do(sales, content, match="email")["errors"][0]["message"]
    assert counts(do(sales, "email,notes\na@example.com,Called", match="email")) == {"updated": 1}


def test_who_may_not_import_is_refused(support, read_only, anonymous):
    content = "name,email\nA,a@example.com"
    assert [send(client, content=content).status_code for client in (support, read_only, anonymous)] == [403, 403, 401]
    assert (Lead.objects.count(), ImportJob.objects.count()) == (0, 0)


# Cost


def test_queries_do_not_grow_with_rows(manager):
    def queries(first, rows):
        content = "name,email,phone,company,campaign,assigned_to,status\n" + "".join(
            f"Person {n},p{n}@example.com,+1 504 621 {n:04},Firm {n},Fair,{manager.user.username},contacted\n"
            for n in range(first, first + rows)
        )
        with CaptureQueriesContext(connection) as captured:
            assert counts(do(manager, content, match="id,email,phone")) == {"created": rows}
        return len(captured)

    queries(0, 5)
    assert queries(100, 5) == queries(200, 200)


# And back


def test_import_is_taken_back_with_the_contacts_that_it_made(manager):
    known = ContactFactory(name="Known", email="a@example.com")
    old = LeadFactory(name="Old", email="c@example.com", status="new")
    content = "name,email,phone,status\nA,a@example.com,504-621-8927,new\nB,b@example.com,,new\nC,c@example.com,,lost"
    job = do(manager, content, match="email")
    assert counts(job) == {"created": 2, "updated": 1}
    response = manager.post(f"{job['url']}/undo")
    assert response.status_code in {200, 201, 202}, response.json()
    old.refresh_from_db()
    assert (list(Lead.objects.live()), old.name, old.status) == ([old], "Old", "new")
    assert set(Contact.objects.live().values_list("name", flat=True)) == {"Known", "Old"}
    assert [point.value for point in known.points.live()] == ["a@example.com"]
