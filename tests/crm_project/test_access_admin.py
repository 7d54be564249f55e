"""Users, roles and API keys in the admin."""

import datetime as dt
import re

import pytest
from axes.models import AccessFailureLog, AccessLog
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from rest_framework.test import APIClient

from crm_project.access.models import ApiKey, Role, User
from tests.admin_pages import client_of, form_of, text_of, url
from tests.factories import ApiKeyFactory, ContactFactory, UserFactory

pytestmark = pytest.mark.django_db
KEYS = "/admin/access/apikey/"


@pytest.fixture
def administrator():
    return client_of(UserFactory(groups=["Administrator"]))


@pytest.fixture
def rep():
    return client_of(UserFactory(groups=["Sales"]))


def make_key(client, **given):
    form = form_of(client.get(f"{KEYS}add/"), "apikey_form") | {"name": "Script", **given}
    return client.post(f"{KEYS}add/", form)


def test_a_new_keys_secret_is_shown_once_and_stored_nowhere(rep):
    ContactFactory(name="Mine", assigned_to=rep.user)
    response = make_key(rep)
    secret = re.search(r"crm_[\w-]{43}", text_of(response))[0]
    assert "no-store" in response["Cache-Control"]
    key = ApiKey.objects.get()
    assert (key.user, key.name, key.scopes, key.prefix) == (rep.user, "Script", ["read", "write"], secret[:12])
    assert key.digest == ApiKey.digest_of(secret)
    for address in (KEYS, url("access_apikey_change", key.pk), "/admin/"):
        assert secret not in text_of(rep.get(address))
    assert not [session for session in Session.objects.all() if "crm_" in str(session.get_decoded())]
    answer = APIClient().get("/contacts", headers={"Authorization": f"Bearer {secret}"})
    assert [row["name"] for row in answer.json()["results"]] == ["Mine"]


def test_scopes_and_expiry_can_be_chosen(rep):
    make_key(rep, scopes=["read"], expires_at_0="2999-12-31", expires_at_1="00:00:00")
    key = ApiKey.objects.get()
    assert (key.scopes, key.expires_at.year) == (["read"], 2999)
    for wrong, complaint in (
        ({"expires_at_0": "2000-01-01", "expires_at_1": "00:00:00"}, "This time is over already."),
        ({"scopes": []}, "This field is required."),
        ({"scopes": ["everything"]}, "Select a valid choice."),
    ):
        assert complaint in text_of(make_key(rep, **wrong))
    assert ApiKey.objects.count() == 1


def test_everybody_has_their_own_keys_only(rep, administrator):
    foreign = ApiKeyFactory(user=UserFactory(username="somebody"), name="Foreign key")
    mine = ApiKeyFactory(user=rep.user, name="My key")
    text = text_of(rep.get(KEYS))
    assert "My key" in text
    assert not [each for each in ("Foreign key", "somebody", foreign.prefix) if each in text]
    assert rep.get(url("access_apikey_change", foreign.pk)).status_code in (302, 404)
    rep.post(KEYS, {"action": "revoke", "_selected_action": [foreign.pk, mine.pk]})
    foreign.refresh_from_db()
    mine.refresh_from_db()
    assert (foreign.revoked_at, mine.revoked_at is not None) == (None, True)
    assert "Foreign key" in text_of(administrator.get(KEYS))


def test_only_who_manages_keys_makes_them_for_others(rep, administrator):
    make_key(rep, user=administrator.user.pk)
    assert ApiKey.objects.get().user == rep.user
    make_key(administrator, user=rep.user.pk)
    assert ApiKey.objects.filter(user=rep.user).count() == 2


def test_a_revoked_key_stops_at_once_and_stays_in_the_list(rep):
    key = ApiKeyFactory(user=rep.user, name="Script")
    api = APIClient(headers={"Authorization": f"Bearer {key.secret}"})
    assert api.get("/contacts").status_code == 200
    assert rep.post(KEYS, {"action": "revoke", "_selected_action": [key.pk]}).status_code == 302
    assert api.get("/contacts").status_code == 401
    assert "revoked" in text_of(rep.get(KEYS))
    change = url("access_apikey_change", key.pk)
    assert rep.post(change, {"name": "Again", "scopes": ["read"]}).status_code == 403
    assert rep.get(url("access_apikey_delete", key.pk)).status_code == 403
    assert ApiKey.objects.count() == 1


def test_a_keys_scopes_can_be_cut_down_but_not_its_user_or_secret(rep, administrator):
    key = ApiKeyFactory(user=rep.user, name="Script")
    change = url("access_apikey_change", key.pk)
    form = form_of(administrator.get(change), "apikey_form") | {"scopes": ["read"], "user": administrator.user.pk}
    assert administrator.post(change, form | {"prefix": "x", "digest": "x"}).status_code == 302
    fresh = ApiKey.objects.get()
    assert (fresh.scopes, fresh.user, fresh.prefix, fresh.digest) == (["read"], rep.user, key.prefix, key.digest)


def test_only_administrators_see_users_and_roles(rep, administrator):
    for address in ("/admin/access/user/", "/admin/auth/group/", url("access_user_change", rep.user.pk)):
        assert rep.get(address).status_code == 403
        assert administrator.get(address).status_code == 200


def test_adding_a_user_with_a_role_and_a_password(administrator):
    add = url("access_user_add")
    sales = Group.objects.get(name="Sales")
    form = form_of(administrator.get(add), "user_form") | {
        "username": "anna",
        "first_name": "Anna",
        "is_staff": "on",
        "groups": [sales.pk],
        "usable_password": ["true"],
        "password1": "correct horse battery",
        "password2": "correct horse battery",
    }
    assert "too common" in text_of(administrator.post(add, form | {"password1": "password", "password2": "password"}))
    response = administrator.post(add, form)
    assert response.status_code == 302, response.context["errors"]
    anna = User.objects.get(username="anna")
    assert (anna.check_password("correct horse battery"), list(anna.groups.all())) == (True, [sales])
    text = text_of(administrator.get(url("access_user_change", anna.pk)))
    assert anna.password not in text
    assert "Time zone" in text


def test_a_user_cannot_be_given_more_than_the_giver_has(administrator):
    anna = UserFactory(username="anna")
    change = url("access_user_change", anna.pk)
    form = form_of(administrator.get(change), "user_form")
    assert administrator.post(change, form | {"is_superuser": "on", "first_name": "Anna"}).status_code == 302
    anna.refresh_from_db()
    assert (anna.first_name, anna.is_superuser) == ("Anna", False)
    root = UserFactory(is_superuser=True)
    assert administrator.post(url("access_user_change", root.pk), {"username": "mine"}).status_code == 403
    assert administrator.get(url("auth_user_password_change", root.pk)).status_code == 403


def test_an_administrator_is_not_locked_out_by_accident(administrator):
    change = url("access_user_change", administrator.user.pk)
    form = form_of(administrator.get(change), "user_form")
    for wrong in ({"is_active": []}, {"is_staff": []}):
        assert "You would lock yourself out." in text_of(administrator.post(change, form | wrong))
    response = administrator.post(change, form | {"groups": [Group.objects.get(name="Sales").pk]})
    assert "take the right to manage users away from yourself" in text_of(response)
    assert administrator.get(url("access_user_delete", administrator.user.pk)).status_code == 403
    assert administrator.post(change, form | {"language": "ru"}).status_code == 302
    administrator.user.refresh_from_db()
    assert administrator.user.language == "ru"


def test_a_user_who_owns_records_is_deactivated_not_deleted(administrator):
    anna = UserFactory(username="anna")
    ContactFactory(assigned_to=anna)
    assert administrator.post(url("access_user_delete", anna.pk), {"post": "yes"}).status_code in (200, 302)
    assert User.objects.filter(pk=anna.pk).exists()


def test_roles_say_how_far_they_reach(administrator):
    group = Group.objects.get(name="Sales")
    change = url("auth_group_change", group.pk)
    response = administrator.get(change)
    assert "Own, team&#x27;s and shared records" in text_of(response)
    form = form_of(response, "group_form") | {"role-0-reach": "company"}
    assert administrator.post(change, form).status_code == 302
    assert Role.objects.get(group=group).reach == "company"
    assert "Every record of the company" in text_of(administrator.get("/admin/auth/group/"))


def test_wrong_passwords_are_counted(client):
    UserFactory(username="anna", is_staff=True)
    answers = [client.post("/admin/login/", {"username": "anna", "password": "x"}).status_code for _each in range(11)]
    assert answers[0] == 200
    assert answers[-1] == 429


def test_last_use_is_shown(rep):
    ApiKeyFactory(user=rep.user, last_used_at=dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC))
    assert "31 Jan 2026, 12:00" in text_of(rep.get(KEYS))


def test_histories_tell_who_gave_which_rights(administrator):
    colleague = UserFactory(username="grace", first_name="", last_name="")
    form = form_of(administrator.get(url("access_user_change", colleague.pk)), "user_form")
    sales = Group.objects.get(name="Sales")
    administrator.post(url("access_user_change", colleague.pk), form | {"groups": [sales.pk], "is_staff": "on"})
    make_key(administrator, user=colleague.pk, name="Phone system")
    key = ApiKey.objects.get()
    administrator.post(KEYS, {"action": "revoke", "_selected_action": [key.pk]})
    told = text_of(administrator.get(url("access_user_history", colleague.pk)))
    for part in (administrator.user.username, "Staff status", "Sales", "Phone system"):
        assert part in told
    assert "Revoked at" in text_of(administrator.get(url("access_apikey_history", key.pk)))
    permission = sales.permissions.order_by("pk").first()
    sales.permissions.remove(permission)
    told = text_of(administrator.get(url("auth_group_history", sales.pk)))
    assert permission.name in told
    assert "grace" in told


def test_a_history_has_no_secret_and_no_sign_in(administrator, db):
    colleague = UserFactory()
    colleague.set_password("a long enough password")
    colleague.save()
    key = ApiKeyFactory(user=colleague)
    ApiKey.objects.filter(pk=key.pk).update(last_used_at=dt.datetime.now(dt.UTC))
    columns = {field.name for model in (User, ApiKey) for field in model.pgh_event_model._meta.fields}
    assert columns.isdisjoint({"password", "last_login", "digest", "last_used_at"})
    assert ApiKey.pgh_event_model.objects.filter(pgh_obj=key.pk).count() == 1


def test_only_who_may_see_a_user_reads_their_history(rep):
    assert rep.get(url("access_user_history", UserFactory().pk)).status_code in (403, 404)


def test_administrators_see_who_signed_in_and_who_could_not(administrator, rep, client):
    ada = UserFactory(username="ada", is_staff=True)
    ada.set_password("a long enough password")
    ada.save()
    for password in ("wrong", "a long enough password"):
        answer = client.post("/admin/login/", {"username": "ada", "password": password})
    assert answer.url == "/admin/"
    for address, model in (("/admin/axes/accesslog/", AccessLog), ("/admin/axes/accessfailurelog/", AccessFailureLog)):
        assert "ada" in text_of(administrator.get(address))
        (row,) = model.objects.filter(username="ada")
        assert administrator.get(f"{address}{row.pk}/change/").status_code == 200
        assert administrator.post(f"{address}{row.pk}/delete/", {"post": "yes"}).status_code == 403
        assert rep.get(address).status_code == 403


def test_nobody_makes_a_key_for_who_is_above_them(administrator):
    root = UserFactory(is_superuser=True)
    page = make_key(administrator, user=str(root.pk))
    assert "user" in page.context["adminform"].form.errors
    assert not ApiKey.objects.exists()
    make_key(client_of(UserFactory(is_superuser=True)), user=str(root.pk))
    assert ApiKey.objects.get().user == root
