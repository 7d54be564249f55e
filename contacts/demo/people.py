"""Who lives in the demo data. Everything follows from a seed and a number, so that any person can be told alone."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate
from random import Random
from typing import TypeVar

from .locales import LOCALES, Locale, Name, romanized

Item = TypeVar("Item")
WEIGHTS = list(accumulate(locale.weight for locale in LOCALES))
FREE_MAIL = ("example.com", "example.org", "example.net", "mail.example", "post.example")
JOBS = {
    "ru": ("Директор", "Бухгалтер", "Менеджер по закупкам", "Инженер", "Заведующая складом", "Секретарь"),
    "de": ("Geschäftsführer", "Einkauf", "Buchhaltung", "Ingenieurin", "Lagerleitung", "Sekretariat"),
    "fr": ("Directrice", "Achats", "Comptable", "Ingénieur", "Responsable logistique", "Secrétariat"),
    "es": ("Directora", "Compras", "Contable", "Ingeniero", "Jefe de almacén", "Secretaría"),
    "en": ("Managing director", "Buyer", "Accountant", "Engineer", "Warehouse manager", "Office manager"),
}
STREAM = 1 << 40  # Seeds of people and of companies lie so far apart that they never meet.


@dataclass(frozen=True, slots=True)
class Company:
    name: str
    domain: str
    phone: str
    address: str
    locale: Locale


@dataclass(frozen=True, slots=True)
class Reach:
    """A way to reach somebody: type and service of a contact point, the value as given and as it is compared."""

    type: str
    service: str
    value: str
    normalized: str
    extension: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    job_title: str
    company: int | None
    is_company: bool
    locale: Locale
    reaches: tuple[Reach, ...]


def random_for(seed: int, stream: int, number: int) -> Random:
    return Random((seed * 4 + stream) * STREAM + number)  # noqa: S311


def picker(random: Random) -> Callable[[Sequence[Item]], Item]:
    """Chooses from a sequence, the first ones far more often than the last, as names go in life."""
    draw = random.random
    return lambda items: items[int(draw() * draw() * len(items))]


@cache
def _template(pattern: str) -> tuple[str, int, str]:
    """A number's pattern with a place for each digit, how many there are, and the same in E.164."""
    digits = "".join(character for character in pattern if character.isdigit() or character == "#")
    if not pattern.startswith("+"):
        digits = "7" + digits[1:] if len(digits) == len("89876543210") else "1" + digits
    return pattern.replace("#", "%s"), pattern.count("#"), "+" + digits.replace("#", "%s")


def phone_number(locale: Locale, random: Random) -> tuple[str, str]:
    """A valid number of the country, in one of its spellings and as E.164."""
    template, count, e164 = _template(locale.phones[int(random.random() * len(locale.phones))])
    digits = tuple(f"{int(random.random() * 10**count):0{count}d}")
    return template % digits, e164 % digits


@cache
def company(seed: int, number: int) -> Company:
    random = random_for(seed, 0, number)
    pick = picker(random)
    locale = LOCALES[bisect(WEIGHTS, random.random() * WEIGHTS[-1])]
    pattern = locale.companies[int(random.random() * len(locale.companies))]
    parts = {
        "family": pick(locale.families),
        "family2": pick(locale.families),
        "trade": locale.trades[int(random.random() * len(locale.trades))],
        "city": pick(locale.cities),
    }
    roman = "-".join(part.roman for name, part in parts.items() if f"{{{name}}}" in pattern)
    label = "".join(
        letter for letter in roman.replace(" ", "") if letter.isascii() and (letter.isalnum() or letter == "-")
    )
    street = locale.streets[int(random.random() * len(locale.streets))].format(n=1 + int(random.random() * 180))
    return Company(
        name=pattern.format(**{name: part.native for name, part in parts.items()}),
        domain=f"{label}.example",
        phone=phone_number(locale, random)[0],
        address=f"{street}, {parts['city'].native}",
        locale=locale,
    )


def person(seed: int, number: int, companies: int) -> Person:
    """Somebody, or the same person once more as a hasty colleague would have typed them: one in a hundred."""
    if number % 97 == 0:
        return _typed_again(_person(seed, number - 3, companies), random_for(seed, 1, number))
    return _person(seed, number, companies)


def _person(seed: int, number: int, companies: int) -> Person:
    random = random_for(seed, 1, number)
    draw, pick = random.random, picker(random)
    works_for = int(draw() * draw() * companies) if draw() < 0.75 else None
    employer = None if works_for is None else company(seed, works_for)
    locale = employer.locale if employer else LOCALES[bisect(WEIGHTS, draw() * WEIGHTS[-1])]
    if employer and draw() < 0.04:
        reaches = [_mail(f"info@{employer.domain}", "office"), _phone(locale, random, "office")]
        return Person(employer.name, "", works_for, True, locale, tuple(reaches))
    woman = draw() < 0.5
    given, family = pick(locale.women if woman else locale.men), locale.family(pick(locale.families), woman)
    reaches = []
    if draw() < 0.9:
        reaches.append(_mail(_address(given, family, employer, random), "work" if employer else "home"))
    if draw() < 0.95:
        reaches.append(_phone(locale, random, "mobile"))
    if draw() < 0.12:
        reaches.append(_phone(locale, random, "work", f"{100 + int(draw() * 900)}" if draw() < 0.3 else ""))
    if draw() < 0.08:
        service = "vk" if locale.language in {"ru", "uk"} else ("telegram", "whatsapp", "facebook", "skype")[number % 4]
        account = f"{_letters(given.roman)}.{_letters(family.roman)}{number % 1000}"
        reaches.append(Reach("id", service, account, account))
    jobs = JOBS.get(locale.language, JOBS["en"])
    job = jobs[int(draw() * len(jobs))] if employer and draw() < 0.6 else ""
    return Person(locale.full_name(given.native, family.native), job, works_for, False, locale, tuple(reaches))


def _letters(roman: str) -> str:
    return "".join(letter for letter in roman if letter.isalnum() and letter.isascii())


def _address(given: Name, family: Name, employer: Company | None, random: Random) -> str:
    first, last = _letters(given.roman), _letters(family.roman)
    if employer:
        local = (f"{first}.{last}", f"{first[:1]}.{last}", last, f"{first}{last[:1]}")[int(random.random() * 4)]
        return f"{local}@{employer.domain}"
    return f"{first}.{last}{int(random.random() * 10_000)}@{FREE_MAIL[int(random.random() * len(FREE_MAIL))]}"


def _mail(address: str, label: str) -> Reach:
    return Reach("mail", "mail", address, address, label=label)


def _phone(locale: Locale, random: Random, label: str, extension: str = "") -> Reach:
    value, e164 = phone_number(locale, random)
    return Reach("phone", "phone", f"{value} ext. {extension}" if extension else value, e164, extension, label)


def _typed_again(original: Person, random: Random) -> Person:
    if original.is_company:
        return original
    words = original.name.split(" ")
    name = (
        " ".join(reversed(words)),
        original.name.upper(),
        original.name.replace("ё", "е"),
        romanized(original.name).title() if original.locale.space else original.name,
    )[int(random.random() * 4)]
    kept = original.reaches[:1] if random.random() < 0.5 else original.reaches[1:]
    again = tuple(
        replace(reach, value=reach.normalized if reach.type == "phone" and not reach.extension else reach.value.upper())
        for reach in kept
    )
    return replace(original, name=name, job_title="", reaches=again or original.reaches)
