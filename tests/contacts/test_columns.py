"""The columns of contact files are known, in English and Russian and from the exports of other programs."""

import csv
from pathlib import Path

import pytest

from contacts.columns import VOCABULARY, compose_name, split_list
from crm_project.transfer.headers import guess
from crm_project.transfer.reading import Row, open_table

DATA = Path(__file__).parent.parent / "data"
SHARED_DATA = Path(__file__).parent.parent.parent.parent / "shared" / "data"


def guess_file(path: Path):
    with path.open("rb") as file:
        return guess(open_table(file).headers, VOCABULARY)


def guess_line(line: str):
    return guess(next(csv.reader([line])), VOCABULARY)


@pytest.mark.parametrize("target", VOCABULARY.targets)
def test_every_target_is_known_by_its_own_name(target):
    assert guess([target], VOCABULARY).mapping == {target: target}


def test_no_header_has_two_meanings():
    for target, headers in VOCABULARY.targets.items():
        for header in headers:
            example = header.replace("{n}", "1")
            found = guess([example], VOCABULARY)
            assert found.mapping == {example: target}, header


def test_google():
    found = guess_file(DATA / "google-contacts.csv")
    assert found.mapping == {
        "First Name": "first_name",
        "Middle Name": "middle_name",
        "Last Name": "last_name",
        "Name Prefix": "name_prefix",
        "Name Suffix": "name_suffix",
        "Nickname": "nickname",
        "Organization Name": "company",
        "Organization Title": "job_title",
        "Notes": "description",
        "Labels": "categories",
        "E-mail 1 - Value": "email",
        "E-mail 2 - Value": "email",
        "Phone 1 - Value": "phone",
        "Phone 2 - Value": "phone",
        "Website 1 - Value": "website",
    }
    assert list(found.ignored) == [
        *["Phonetic First Name", "Phonetic Middle Name", "Phonetic Last Name", "File As", "Photo"],
        *["E-mail 1 - Label", "E-mail 2 - Label", "Phone 1 - Label", "Phone 2 - Label", "Website 1 - Label"],
    ]
    assert found.unknown == ["Organization Department", "Birthday"]


def test_google_of_old():
    found = guess_line(
        "Name,Given Name,Additional Name,Family Name,Yomi Name,Group Membership,E-mail 1 - Type,E-mail 1 - Value,"
        "Phone 1 - Type,Phone 1 - Value,Organization 1 - Type,Organization 1 - Name,Organization 1 - Title,"
        "Address 1 - Formatted,Address 1 - Street,Address 1 - City,Address 1 - Postal Code,Address 1 - Country"
    )
    assert list(found.mapping.values()) == [
        *["name", "first_name", "middle_name", "last_name", "categories", "email", "phone", "company", "job_title"],
        *["street", "city", "postal_code", "country"],
    ]
    assert found.unknown == []


def test_outlook():
    found = guess_file(DATA / "outlook-contacts.csv")
    assert found.mapping == {
        "First Name": "first_name",
        "Middle Name": "middle_name",
        "Last Name": "last_name",
        "Company": "company",
        "Job Title": "job_title",
        "Business Street": "street",
        "Business City": "city",
        "Business State": "state",
        "Business Postal Code": "postal_code",
        "Business Country/Region": "country",
        "Business Phone": "phone",
        "Home Phone": "phone",
        "Mobile Phone": "phone",
        "Categories": "categories",
        "E-mail Address": "email",
        "E-mail 2 Address": "email",
        "Notes": "description",
        "Web Page": "website",
    }
    assert list(found.ignored) == ["Business Fax", "E-mail Type"]
    assert found.unknown == ["Department"]


def test_title_is_a_form_of_address_beside_a_job_title():
    assert guess_line("Title,First Name,Job Title").mapping["Title"] == "name_prefix"
    assert guess_line("Title,First Name").mapping["Title"] == "job_title"


def test_hubspot():
    found = guess_file(DATA / "hubspot-contacts.csv")
    assert found.mapping == {
        "Record ID": "external_id",
        "First Name": "first_name",
        "Last Name": "last_name",
        "Email": "email",
        "Phone Number": "phone",
        "Associated Company": "company",
        "Create Date": "created_at",
    }
    assert list(found.ignored) == ["Contact owner"]
    assert found.unknown == ["Lead Status", "Lifecycle Stage", "Last Activity Date"]


def test_salesforce():
    found = guess_line(
        "Id,FirstName,LastName,Salutation,AccountId,MobilePhone,HomePhone,Email,Title,MailingStreet,MailingCity,"
        "MailingState,MailingPostalCode,MailingCountry,Description,OwnerId,CreatedDate"
    )
    assert list(found.mapping.values()) == [
        *["external_id", "first_name", "last_name", "name_prefix", "phone", "phone", "email", "job_title"],
        *["street", "city", "state", "postal_code", "country", "description", "created_at"],
    ]
    assert list(found.ignored) == ["OwnerId"]
    assert found.unknown == ["AccountId"]


def test_pipedrive():
    found = guess_line(
        "Person - Name,Person - Email - Work,Person - Email - Home,Person - Phone - Work,Person - Phone - Mobile,"
        "Person - Labels,Person - Owner,Person - ID,Organization - Name,Organization - Address"
    )
    assert list(found.mapping.values()) == [
        *["name", "email", "email", "phone", "phone", "categories", "external_id", "company", "street"],
    ]
    assert list(found.ignored) == ["Person - Owner"]


def test_bitrix24():
    found = guess_line(
        "ID,Обращение,Имя,Фамилия,Отчество,Дата рождения,Тип контакта,Источник,Рабочий телефон,Мобильный телефон,"
        "Номер факса,Рабочий e-mail,Частный e-mail,Должность,Комментарий,Компания,Ответственный,Создан"
    )
    assert list(found.mapping.values()) == [
        *["external_id", "name_prefix", "first_name", "last_name", "middle_name", "phone", "phone", "email", "email"],
        *["job_title", "description", "company", "created_at"],
    ]
    assert list(found.ignored) == ["Номер факса", "Ответственный"]
    assert found.unknown == ["Дата рождения", "Тип контакта", "Источник"]


def test_amocrm():
    found = guess_line("Полное имя контакта,Имя,Фамилия,Компания,Теги,Рабочий прямой телефон,Личный email,Примечание 1")
    assert list(found.mapping.values()) == [
        *["name", "first_name", "last_name", "company", "categories", "phone", "email", "description"],
    ]


def test_russian_spreadsheet():
    found = guess_file(DATA / "clients-cp1251.csv")
    assert found.mapping == {
        "Имя": "name",
        "Описание": "description",
        "Телефон": "phone",
        "Эл. почта": "email",
        "Компания": "company",
        "Категории": "categories",
        "Сегмент": "segments",
    }


@pytest.mark.skipif(not (SHARED_DATA / "us-500.csv").exists(), reason="the public sample is not here")
def test_us_500():
    found = guess_file(SHARED_DATA / "us-500.csv")
    assert found.mapping == {
        "employee_first_name": "first_name",
        "employee_last_name": "last_name",
        "company_name": "company",
        "company_address": "street",
        "company_city": "city",
        "company_state": "state",
        "company_zip": "postal_code",
        "company_phone1": "phone",
        "personal_phone2": "phone",
        "personal_email": "email",
        "company_web": "website",
    }
    assert found.unknown == ["company_county"]


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        ({"first": "Zoë", "last": "O'Connor-Núñez", "company": "Café"}, "Zoë O'Connor-Núñez"),
        ({"first": " Ann ", "middle": "B.", "last": "Lee", "prefix": "Dr.", "suffix": "PhD"}, "Dr. Ann B. Lee PhD"),
        ({"first": "NoReach"}, "NoReach"),
        ({"last": "Вейдер", "nickname": "Энакин"}, "Вейдер"),
        ({"prefix": "Mr.", "company": "Acme  Ltd"}, "Acme Ltd"),
        ({"nickname": "Энакин", "company": "Звезда смерти"}, "Энакин"),
        ({"company": "Only A Company Ltd", "email": "info@a.example"}, "Only A Company Ltd"),
        ({"email": "info@a.example", "phone": "+1 202 555 0143"}, "info@a.example"),
        ({"phone": "+1 202 555 0143"}, "+1 202 555 0143"),
        ({"first": "  "}, ""),
        ({}, ""),
    ],
)
def test_compose_name(parts, name):
    assert compose_name(**parts) == name


@pytest.mark.parametrize(
    ("value", "entries"),
    [
        ("Friends ::: * myContacts", ["Friends"]),
        ("* myContacts ::: VIP", ["VIP"]),
        ("* myContacts", []),
        ("zoe@a.example ::: zoe@b.example", ["zoe@a.example", "zoe@b.example"]),
        ("VIP;Опт; VIP ;", ["VIP", "Опт"]),
        ("+1 202\n+1 303\r\n", ["+1 202", "+1 303"]),
        ("Acme, Inc.", ["Acme, Inc."]),
        ("", []),
        (None, []),
        (79876543210, ["79876543210"]),
        (["VIP", " Опт ", None, "", "VIP", "a; b"], ["VIP", "Опт", "a; b"]),
    ],
)
def test_split_list(value, entries):
    assert split_list(value) == entries


def test_split_list_at_commas():
    assert split_list("VIP, Wholesale;New", commas=True) == ["VIP", "Wholesale", "New"]


def test_google_file_row_by_row():
    with (DATA / "google-contacts.csv").open("rb") as file:
        rows = [row.values for row in open_table(file) if isinstance(row, Row)]
    assert [
        compose_name(row["First Name"], row["Middle Name"], row["Last Name"], company=row["Organization Name"])
        for row in rows
    ] == ["Zoë O'Connor-Núñez", "李 雷", "Дарт Вейдер", "Only A Company Ltd", "NoReach"]
    assert [split_list(row["Labels"]) for row in rows] == [["Friends"], [], ["VIP"], [], []]
