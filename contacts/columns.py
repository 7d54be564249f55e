"""The columns of contact files: what headers mean, and how cells become a name or a list.

The vocabulary knows English and Russian, and the export files of Google, Outlook, HubSpot, Salesforce, Pipedrive,
amoCRM and Bitrix24.
"""

import re

from crm_project.transfer.headers import Vocabulary


def _names(listed: str) -> list[str]:
    return [" ".join(name.split()) for name in listed.split("|")]


_REACHABLE = _names("email | phone | website | street | city | state | postal_code | country")
_PERSONAL = _REACHABLE + _names(
    """
    name | first_name | middle_name | last_name | name_prefix | name_suffix | nickname | company | job_title |
    categories | description | created_at
    """
)
_WHOSE = _names("person | contact | client | customer | lead | employee | personal | user | primary | main")
_WHICH = _names(
    """
    company | organization | organisation | account | business | work | office | home | private | other | mobile |
    cell | direct | mailing | postal | billing | shipping | рабочий | рабочая | личный | личная | частный | домашний |
    домашняя | другой | другая | прямой | мобильный | моб | сотовый | основной | основная | дополнительный |
    дополнительная | контактный | доп
    """
)

VOCABULARY = Vocabulary(
    targets={
        "id": [],
        "external_id": _names(
            """
            Record ID | Contact ID | Person ID | Customer ID | Client ID | Lead ID | ID контакта | Внешний ID |
            Внешний код
            """
        ),
        "name": _names(
            """
            Full Name | Display Name | Contact | Person | Client | Customer | ФИО | Полное имя | Имя |
            Полное имя контакта | Имя контакта | Имя клиента | Имя и фамилия | Фамилия и имя | Контакт |
            Фамилия имя отчество | Контактное лицо | Клиент | Название | Наименование
            """
        ),
        "first_name": _names("Given Name | Forename"),
        "middle_name": _names("Additional Name | Patronymic | Отчество"),
        "last_name": _names("Surname | Family Name | Фамилия"),
        "name_prefix": _names("Prefix | Salutation | Honorific | Courtesy Title | Обращение"),
        "name_suffix": _names("Suffix"),
        "nickname": _names("Nick | Псевдоним | Прозвище | Ник"),
        "email": _names(
            """
            E-mail Address | Mail | E-mail {n} | E-mail {n} - Value | E-mail {n} Address | E-mail Address {n} |
            Эл. почта | Электронная почта | Почта | Почта {n} | Электронный адрес | Эл. адрес | Имейл |
            Адрес электронной почты | Адрес эл. почты | E-mail для рассылок
            """
        ),
        "phone": _names(
            """
            Phone Number | Telephone | Telephone Number | Tel | Mobile | Mobile Number | Cell | Cellphone |
            Cell Number | Phone {n} | Phone {n} - Value | Phone Number {n} | Mobile {n} | Tel {n} | Telephone {n} |
            Car Phone | Company Main Phone | Телефон | Телефоны | Телефон {n} | Тел | Тел {n} | Номер телефона |
            Номера телефонов | Мобильный | Мобильный {n} | Сотовый | Контактные телефоны | Городской телефон |
            Телефон для рассылок
            """
        ),
        "company": _names(
            """
            Company Name | Organization | Organisation | Organization Name | Organisation Name | Account Name |
            Associated Company | Primary Associated Company | Organization {n} - Name | Account | Employer |
            Business Name | Firm | Компания | Организация | Название компании | Название организации |
            Наименование организации | Наименование компании | Фирма | Место работы
            """
        ),
        "job_title": _names(
            """
            Title | Position | Organization Title | Organization {n} - Title | Role | Occupation | Должность
            """
        ),
        "categories": _names(
            """
            Labels | Tags | Group Membership | Groups | Категория | Категории | Теги | Тег | Метки | Метка | Группы |
            Группа | Рубрика
            """
        ),
        "segments": _names("Сегмент | Сегменты"),
        "description": _names(
            """
            Notes | Comments | Remarks | About | Описание | Примечание | Примечания | Комментарий | Комментарии |
            Заметка | Заметки | Примечание {n} | Дополнительная информация
            """
        ),
        "website": _names(
            """
            Web | Web Page | Site | URL | Website URL | Homepage | Website {n} - Value | Website {n} | Сайт | Веб-сайт |
            Корпоративный сайт | Сайт компании | Веб-страница
            """
        ),
        "street": _names(
            """
            Street Address | Address | Address Line 1 | Address Line | Address 1 | Street 1 | Address {n} - Street |
            Улица | Улица, дом | Улица, номер дома | Адрес | Почтовый адрес | Фактический адрес | Юридический адрес
            """
        ),
        "city": _names("Town | Locality | Address {n} - City | Город | Населённый пункт"),
        "state": _names(
            """
            Region | Province | State/Region | State/Province | Address {n} - Region | Область | Регион | Край |
            Республика
            """
        ),
        "postal_code": _names(
            """
            ZIP | ZIP Code | Postcode | Post Code | ZIP/Postal Code | Address {n} - Postal Code | Индекс |
            Почтовый индекс
            """
        ),
        "country": _names("Country/Region | Country Code | Address {n} - Country | Страна"),
        # What other programs call the type, source or owner of a contact has other values than these fields take.
        "contact_type": [],
        "origin": [],
        "assigned_to": [],
        "team": [],
        "created_at": _names(
            """
            Created | Create Date | Created Date | Date Created | Creation Date | Created Time | Create Time |
            Add Time | Дата создания | Создан | Дата добавления
            """
        ),
    },
    multiple={"email", "phone", "categories", "segments"},
    ignored={
        "Labels of addresses and numbers are not kept, their values are.": [
            f"{what} - {label}"
            for what in ("E-mail {n}", "Phone {n}", "Website {n}", "Address {n}", "Organization {n}", "IM {n}")
            for label in ("Label", "Type")
        ]
        + _names("E-mail Type | E-mail {n} Type | E-mail Display Name | E-mail {n} Display Name | Phone Type"),
        "Pictures are not imported.": _names("Photo | Photo URL | Picture | Avatar | Фото | Фотография"),
        "How a name is pronounced is not kept.": _names(
            """
            Phonetic Name | Phonetic First Name | Phonetic Middle Name | Phonetic Last Name | Yomi Name |
            Given Name Yomi | Additional Name Yomi | Family Name Yomi
            """
        ),
        "The name is made of its parts.": _names("File As | Initials"),
        "The address is taken from its parts.": _names("Address {n} - Formatted"),
        "Nobody is called by fax or pager.": _names(
            """
            Fax | Fax Number | Fax {n} | Pager | Telex | ISDN | Факс | Номер факса | Номер пейджера
            """
        ),
        "People of another system are not known here; choose the owner for the import.": _names(
            "Owner | Owner ID | Owner Name | Record Owner | Created By | Ответственный | Кем создан"
        ),
    },
    qualifiers={**dict.fromkeys(_WHOSE, _PERSONAL), **dict.fromkeys(_WHICH, _REACHABLE)},
    readings={
        "Имя": ("first_name", ["last_name", "middle_name"]),
        "Name": ("first_name", ["last_name", "middle_name"]),
        "Title": ("name_prefix", ["job_title"]),
        "ID": ("external_id", ["first_name", "last_name"]),  # An own export has the whole name in one column.
    },
)

_SEPARATOR = re.compile(r"\s*:::\s*|[;\r\n]")


def compose_name(
    first: str = "",
    middle: str = "",
    last: str = "",
    *,
    prefix: str = "",
    suffix: str = "",
    nickname: str = "",
    company: str = "",
    email: str = "",
    phone: str = "",
) -> str:
    """The name under which a contact is shown: its parts joined; without any, the first of nickname, company,
    e-mail and phone that is there."""
    if any(part.strip() for part in (first, middle, last)):
        return " ".join(" ".join([prefix, first, middle, last, suffix]).split())
    others = (" ".join(other.split()) for other in (nickname, company, email, phone))
    return next(filter(None, others), "")


def split_list(value: object, *, commas: bool = False) -> list[str]:
    """The entries of a cell with several, each once: parted by " ::: " (Google), ";" (Outlook) or line breaks, and by
    commas only when asked, as names of companies have them. Lists from JSON are taken as they are.

    Google's own groups (`* myContacts`, `* starred`) say nothing about a person and are left out.
    """
    if isinstance(value, list):
        entries = [str(entry) for entry in value if entry is not None]
    else:
        text = "" if value is None else str(value)
        entries = _SEPARATOR.split(text.replace(",", ";") if commas else text)
    stripped = (entry.strip() for entry in entries)
    return list(dict.fromkeys(entry for entry in stripped if entry and not entry.startswith("* ")))
