"""The pages of leads, their interactions, campaigns and score rules."""

import pytest

from contacts.models import Contact, CustomField
from crm_project.access import services as access
from leads import services
from leads.models import Campaign, Lead, LeadInteraction, ScoreRule
from tests.admin_pages import client_of, form_of, text_of, url
from tests.factories import CampaignFactory, CustomerFactory, LeadFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/leads/lead/"


@pytest.fixture
def manager():
    return client_of(UserFactory(groups=["Manager"]))


@pytest.fixture
def rep():
    return client_of(UserFactory(groups=["Sales"]))


def page(lead):
    return url("leads_lead_change", lead.pk)


def form_for(client, lead):
    return form_of(client.get(page(lead)), "lead_form")


def messages_of(response):
    return [str(message) for message in response.context["messages"]]


def test_adding_a_lead_goes_through_the_service(rep):
    CustomField.objects.create(entity="lead", key="size", label="Size", type="integer")
    CustomField.objects.create(entity="contact", key="other", label="Of contacts", type="text")
    form = form_of(rep.get(url("leads_lead_add")), "lead_form")
    assert "custom_fields.other" not in form
    form |= {"name": "Алёна Ёлкина", "email": "Alena@Example.com", "phone": "8 (987) 654-32-10", "source": "referral"}
    response = rep.post(url("leads_lead_add"), form | {"custom_fields.size": "42"})
    assert response.status_code == 302, response.context["errors"]
    lead = Lead.objects.get()
    assert (lead.assigned_to, lead.created_by, lead.custom_fields) == (rep.user, rep.user, {"size": 42})
    assert (lead.contact.name, lead.contact.origin) == ("Алёна Ёлкина", "admin")
    assert (lead.score, lead.score_is_manual) == (30, False)  # Its source and its phone.
    assert [(step.old, step.new) for step in lead.status_changes.all()] == [("", "new")]


def test_a_new_lead_is_dealt_out_within_a_team(manager):
    team = TeamFactory()
    first, second = sorted((UserFactory(groups=[team]) for _ in range(2)), key=lambda user: user.pk)
    for number in range(2):
        form = form_of(manager.get(url("leads_lead_add")), "lead_form")
        form |= {"name": "X", "email": f"x{number}@example.com", "team": team.pk, "assignment": "round_robin"}
        assert manager.post(url("leads_lead_add"), form).status_code == 302
    assert [lead.assigned_to for lead in Lead.objects.order_by("pk")] == [first, second]
    form |= {"email": "y@example.com", "team": ""}
    assert "Choose the team" in text_of(manager.post(url("leads_lead_add"), form))


def test_saving_without_a_change_changes_nothing(manager):
    for score in (None, 55):
        lead = LeadFactory(score=score, phone="+12025550143", notes="Two\r\nlines")
        before = Lead.objects.filter(pk=lead.pk).values().get()
        assert manager.post(page(lead), form_for(manager, lead)).status_code == 302
        assert Lead.objects.filter(pk=lead.pk).values().get() == before


def test_a_score_set_by_hand_stays_until_it_is_released(manager):
    lead = LeadFactory(phone="+12025550143")
    assert lead.score == 10
    for sent, expected in (("77", (77, True)), ("", (10, False)), ("0", (0, True)), ("100", (100, True))):
        assert manager.post(page(lead), form_for(manager, lead) | {"score_by_hand": sent}).status_code == 302
        lead.refresh_from_db()
        assert (lead.score, lead.score_is_manual) == expected
    for wrong in ("-1", "101", "many"):
        assert manager.post(page(lead), form_for(manager, lead) | {"score_by_hand": wrong}).status_code == 200
    text = text_of(manager.get(page(lead)))
    assert "set by hand; the rules give 10:" in text
    assert "+10 · Its phone is known." in text


def test_a_taken_address_is_refused_at_its_field(manager, rep):
    other = LeadFactory(name="Grace", email="grace@example.com")
    form = form_of(manager.get(url("leads_lead_add")), "lead_form") | {"name": "G", "email": "GRACE@example.com"}
    text = text_of(manager.post(url("leads_lead_add"), form))
    assert "Another lead has this e-mail address." in text
    assert page(other) in text
    text = text_of(rep.post(url("leads_lead_add"), form))
    assert "Another lead has this e-mail address." in text
    assert str(other.pk) not in text
    assert Lead.objects.count() == 1


def test_who_has_the_address_in_the_trash_is_told_to_who_may_see_it(manager, rep):
    gone = LeadFactory(name="Grace", email="grace@example.com")
    services.delete_lead(lead=gone, actor=manager.user)
    form = form_of(rep.get(url("leads_lead_add")), "lead_form") | {"name": "G", "email": "grace@example.com"}
    assert str(gone.pk) not in text_of(rep.post(url("leads_lead_add"), form, follow=True))
    services.delete_lead(lead=Lead.objects.live().get(), actor=manager.user)
    told = messages_of(manager.post(url("leads_lead_add"), form, follow=True))
    assert any("In the trash" in message and str(gone.pk) in message for message in told)
    response = manager.post(url("leads_lead_restore", gone.pk), follow=True)
    assert any("Resource already exists" in message for message in messages_of(response))


def test_statuses_move_by_steps_that_the_table_has(manager):
    lead = LeadFactory()
    step = url("leads_lead_step", lead.pk)
    for status in ("qualified", "lost"):
        assert manager.post(step, {"status": status}).status_code == 302
    lead.refresh_from_db()
    assert lead.status == "lost"
    assert [(each.new, each.changed_by) for each in lead.status_changes.order_by("pk")][1:] == [
        ("qualified", manager.user),
        ("lost", manager.user),
    ]
    assert manager.post(page(lead), form_for(manager, lead) | {"lost_reason": "Too dear"}).status_code == 302
    for wrong in ("won", "converted", "nonsense", ""):
        told = messages_of(manager.post(step, {"status": wrong}, follow=True))
        assert any("lead" in message.lower() for message in told)
    lead.refresh_from_db()
    assert (lead.status, lead.lost_reason) == ("lost", "Too dear")
    assert manager.get(step).status_code == 405


def test_who_may_not_change_a_lead_moves_nothing(rep):
    lead = LeadFactory()
    access.set_shares(record=lead, shares=[access.Share(user=rep.user, verbs=["view"])])
    assert "Move to:" not in text_of(rep.get(page(lead)))
    assert rep.post(url("leads_lead_step", lead.pk), {"status": "qualified"}).status_code == 403
    rows = {"action": "to_qualified", "_selected_action": [lead.pk]}
    rep.post(LIST, rows)
    lead.refresh_from_db()
    assert lead.status == "new"


def test_many_are_moved_and_assigned_at_once(rep):
    mine, other = LeadFactory(assigned_to=rep.user), LeadFactory(assigned_to=rep.user, status="lost")
    foreign, heir = LeadFactory(), UserFactory()
    rows = {"_selected_action": [mine.pk, other.pk, foreign.pk]}
    response = rep.post(LIST, rows | {"action": "to_lost"}, follow=True)
    assert "2 moved." in messages_of(response)
    response = rep.post(LIST, rows | {"action": "assign_selected"})
    assert "2 leads go to a person or to a team" in text_of(response)
    assert "Choose either" in text_of(rep.post(LIST, rows | {"action": "assign_selected", "assign": "1"}))
    rep.post(LIST, rows | {"action": "assign_selected", "assign": "1", "owner": heir.pk})
    owners = [Lead.objects.get(pk=each.pk).assigned_to for each in (mine, other, foreign)]
    assert owners == [heir, heir, None]


def test_leads_are_dealt_out_within_a_team(manager):
    team = TeamFactory()
    members = [UserFactory(groups=[team]) for _ in range(2)]
    leads = [LeadFactory() for _ in range(4)]
    form = {"action": "assign_selected", "assign": "1", "_selected_action": [lead.pk for lead in leads]}
    manager.post(LIST, form | {"team": team.pk, "method": "least_busy"})
    owners = [Lead.objects.get(pk=lead.pk).assigned_to for lead in leads]
    assert sorted(map(owners.count, members)) == [2, 2]
    empty = TeamFactory()
    response = manager.post(LIST, form | {"team": empty.pk, "method": "round_robin"}, follow=True)
    assert any("no active member" in message for message in messages_of(response))


def test_writing_down_a_call_sets_the_last_contact(rep):
    lead = LeadFactory(assigned_to=rep.user)
    story = url("leads_lead_history", lead.pk)
    assert rep.post(story, {"type": "fax"}).status_code == 200
    sent = {"type": "call", "notes": "Wants an offer", "next_action": "Send it"}
    assert (
        rep.post(story, sent | {"next_action_date_0": "2026-02-01", "next_action_date_1": "10:00"}).status_code == 302
    )
    interaction = LeadInteraction.objects.get()
    assert (interaction.created_by, interaction.notes, interaction.next_action) == (
        rep.user,
        "Wants an offer",
        "Send it",
    )
    lead.refresh_from_db()
    assert lead.last_contact == interaction.created_at
    text = text_of(rep.get(story))
    assert "Wants an offer" in text
    assert "Lead added" in text


def test_interactions_are_mended_and_removed_by_the_services(manager):
    lead = LeadFactory()
    interaction = services.record_interaction(lead=lead, actor=manager.user, type="call", notes="First")
    address = url("leads_leadinteraction_change", interaction.pk)
    form = form_of(manager.get(address), "leadinteraction_form")
    version = LeadInteraction.objects.values().get()
    assert manager.post(address, form).status_code == 302
    assert LeadInteraction.objects.values().get() == version
    assert manager.post(address, form | {"notes": "Mended"}).status_code == 302
    assert LeadInteraction.objects.get().notes == "Mended"
    assert manager.post(url("leads_leadinteraction_delete", interaction.pk), {"post": "yes"}).status_code == 302
    lead.refresh_from_db()
    assert lead.last_contact is None


def test_the_list_shows_what_one_may_see_and_filters_it(rep, manager):
    campaign = CampaignFactory(name="Fair")
    LeadFactory(name="Mine", assigned_to=rep.user, campaign=campaign, source="social")
    LeadFactory(name="Shut", assigned_to=rep.user, status="won")
    LeadFactory(name="Foreign", company="Elsewhere")
    seen = text_of(rep.get(LIST))
    assert [name in seen for name in ("Mine", "Shut", "Foreign")] == [True, True, False]

    def names(query):
        return {lead.name for lead in manager.get(LIST + query).context["cl"].result_list}

    assert names("?open=1") == {"Mine", "Foreign"}
    assert names("?status__exact=won") == {"Shut"}
    assert names("?source__exact=social") == {"Mine"}
    assert names(f"?campaign__id__exact={campaign.pk}") == {"Mine"}
    assert names("?q=elsewhere") == {"Foreign"}
    assert names("?o=6") == {"Mine", "Shut", "Foreign"}
    assert names("?trash=1") == set()


def test_the_contact_behind_a_lead_is_named_only_to_who_may_see_it(rep):
    lead = LeadFactory(name="Grace Hopper", assigned_to=rep.user)
    address = url("contacts_contact_change", lead.contact_id)
    assert address in text_of(rep.get(page(lead)))
    lead.contact.assigned_to = None
    lead.contact.save()
    text = text_of(rep.get(page(lead)))
    assert "(not visible)" in text
    assert address not in text


def test_the_trash(manager):
    lead = LeadFactory(name="Grace")
    assert manager.post(url("leads_lead_delete", lead.pk), {"post": "yes"}).status_code == 302
    text = text_of(manager.get(page(lead)))
    assert "In the trash since" in text
    assert "Move to:" not in text
    assert manager.post(url("leads_lead_step", lead.pk), {"status": "lost"}).status_code == 403
    assert manager.post(url("leads_lead_restore", lead.pk)).status_code == 302
    assert Lead.objects.live().get() == lead


def test_sharing(manager, rep):
    lead = LeadFactory()
    form = form_of(manager.get(url("leads_lead_sharing", lead.pk)))
    form |= {"form-0-user": rep.user.pk, "form-0-level": "change"}
    assert manager.post(url("leads_lead_sharing", lead.pk), form).status_code == 302
    assert [share.verbs for share in access.shares_of(lead)] == [["view", "change"]]
    assert rep.get(url("leads_lead_sharing", lead.pk)).status_code == 403
    assert rep.user.username in text_of(manager.get(url("leads_lead_history", lead.pk)))


def test_campaigns_and_rules(manager, monkeypatch):
    form = form_of(manager.get(url("leads_campaign_add")), "campaign_form")
    assert manager.post(url("leads_campaign_add"), form | {"name": "Fair", "budget": "-1"}).status_code == 200
    assert manager.post(url("leads_campaign_add"), form | {"name": "Fair", "budget": "10"}).status_code == 302
    campaign = Campaign.objects.get()
    assert f"campaign__id__exact={campaign.pk}" in text_of(manager.get("/admin/leads/campaign/?q=fai"))
    calls = []
    monkeypatch.setattr("leads.services.rules_changed", lambda: calls.append(1))
    rule = ScoreRule.objects.get(kind="filled", value="phone")
    address = url("leads_scorerule_change", rule.pk)
    form = form_of(manager.get(address), "scorerule_form")
    assert "One of:" in text_of(manager.post(address, form | {"value": "shoe"}))
    assert manager.post(address, form | {"points": "12"}).status_code == 302
    assert manager.post(url("leads_scorerule_delete", rule.pk), {"post": "yes"}).status_code == 302
    assert len(calls) == 2


def test_a_contact_leads_to_what_it_is_behind(manager, rep):
    lead = LeadFactory(assigned_to=rep.user, status="qualified")
    customer = CustomerFactory(contact=lead.contact)
    Contact.objects.update(assigned_to=rep.user)
    contact = url("contacts_contact_change", lead.contact_id)
    leads, customers = page(lead), url("customers_customer_change", customer.pk)
    shown = text_of(manager.get(contact))
    assert f'href="{leads}"' in shown
    assert f'href="{customers}"' in shown
    assert "Lead: Qualified" in shown
    shown = text_of(rep.get(contact))
    assert f'href="{leads}"' in shown
    assert customers not in shown
