"""Headers are matched with the names that a vocabulary knows for the targets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_project.transfer.headers import Vocabulary, guess, nearest, normalize

VOCABULARY = Vocabulary(
    targets={
        "id": [],
        "name": ["Full Name", "Client", "Имя"],
        "first_name": ["Given Name"],
        "last_name": ["Surname", "Фамилия"],
        "email": ["E-mail Address", "E-mail {n} - Value", "Почта {n}", "Эл. почта"],
        "phone": ["Phone Number", "Phone {n}", "Телефон", "Mobile"],
        "company": ["Company Name", "Organization"],
        "city": ["Town", "Населённый пункт"],
    },
    multiple={"email", "phone"},
    ignored={"Labels are not kept.": ["E-mail {n} - Label", "Phone Type"], "No faxes.": ["Fax"]},
    qualifiers={
        "work": ["email", "phone", "city"],
        "company": ["email", "phone", "city"],
        "personal": ["email", "phone", "name"],
    },
    readings={"Имя": ("first_name", ["last_name"])},
)


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("name", "name"),
        ("  NAME ", "name"),
        ("\ufeffName", "name"),
        ("full_name", "name"),
        ("FullName", "name"),
        ("full-name:", "name"),
        ("first_name", "first_name"),
        ("firstName", "first_name"),
        ("Emails", "email"),
        ("e-mail", "email"),
        ("E-MAIL ADDRESSES", "email"),
        ("Companies", "company"),
        ("Населенный Пункт", "city"),
        ("эл.почта", "email"),
        ("E-mail 1 - Value", "email"),
        ("E-mail 12 - Value", "email"),
        ("Почта 2", "email"),
        ("phone2", "phone"),
        ("Phone #", "phone"),
        ("Work Phone", "phone"),
        ("Phone (work)", "phone"),
        ("work phone 2", "phone"),
        ("WorkPhone", "phone"),
        ("company_phone1", "phone"),
        ("Personal - Email - Work", "email"),
        ("company_name", "company"),
        ("company city", "city"),
    ],
)
def test_header_is_known(header, target):
    assert guess([header], VOCABULARY).mapping == {header: target}


@pytest.mark.parametrize(
    "header", ["", "—", "birthday", "company_id", "company surname", "work", "Phone 1 extension", "address", "mail 3"]
)
def test_header_is_unknown(header):
    assert guess([header], VOCABULARY) == ({}, {}, [header])


def test_ignored_headers_say_why():
    assert guess(["E-mail 2 - Label", "Work Fax", "phone type", "fax number"], VOCABULARY) == (
        {},
        {"E-mail 2 - Label": "Labels are not kept.", "Work Fax": "No faxes.", "phone type": "Labels are not kept."},
        ["fax number"],
    )


def test_targets_with_several_columns():
    headers = ["Phone 1", "Phone 2", "Mobile", "E-mail 1 - Value", "E-mail"]
    assert guess(headers, VOCABULARY).mapping == dict(zip(headers, ["phone"] * 3 + ["email"] * 2, strict=True))


@pytest.mark.parametrize(
    ("headers", "winner"),
    [
        (["Client", "Name"], "Name"),
        (["Town", "City"], "City"),
        (["Company City", "Town"], "Town"),
        (["Work City", "Company City"], "Work City"),
        (["Organization", "Company Name"], "Company Name"),
    ],
)
def test_target_with_one_column_goes_to_the_closest(headers, winner):
    found = guess(headers, VOCABULARY)
    assert list(found.mapping) == [winner]
    assert found.unknown == [header for header in headers if header != winner]


def test_header_is_read_in_the_light_of_the_others():
    assert guess(["Имя"], VOCABULARY).mapping == {"Имя": "name"}
    assert guess(["Имя", "Фамилия"], VOCABULARY).mapping == {"Имя": "first_name", "Фамилия": "last_name"}
    assert guess(["Имя", "Фамилия", "Given Name"], VOCABULARY).mapping == {
        "Имя": "name",
        "Фамилия": "last_name",
        "Given Name": "first_name",
    }


def test_normalize():
    assert normalize("\ufeff E-Mail {n} — Адреса Ещё ") == normalize("email#адресаеще")
    assert normalize("Addresses") == normalize("address")
    assert normalize("ﬁrst ｎａｍｅ") == "firstname"


@given(st.lists(st.text() | st.sampled_from([*VOCABULARY.targets, "Имя", "Work Phone 2", "Fax"]), unique=True))
def test_every_header_has_exactly_one_place(headers):
    found = guess(headers, VOCABULARY)
    assert sorted([*found.mapping, *found.ignored, *found.unknown]) == sorted(headers)
    single = [target for target in found.mapping.values() if target not in VOCABULARY.multiple]
    assert len(single) == len(set(single))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("emial", "email"), ("Frist Name", "first_name"), ("phones", "phone"), ("compny_name", "company"), ("zzz", None)],
)
def test_nearest(name, expected):
    assert nearest(name, ["email", "first_name", "phone", "company"]) == expected
