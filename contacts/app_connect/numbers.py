"""What a stored number is equal to when it is the caller's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat

from .. import phones

FEWEST_DIGITS = 7  # Of a number that is compared by its digits; fewer are an extension or a short code.
MOST_FORMATS = 10
PLACEHOLDERS = "#*"


@dataclass(frozen=True)
class Number:
    """``normalized`` are the forms in which numbers are compared; ``spelled`` texts that are equal as they stand.

    What is spelled equally was normalised equally when it was stored, so one index finds both: by ``looked_up``.
    """

    normalized: tuple[str, ...] = ()
    spelled: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.normalized)

    @cached_property
    def looked_up(self) -> set[str]:
        return {*self.normalized, *(reading for text in self.spelled for reading in phones.readings(text))}


def as_sent(text: str) -> str:
    """A plus sign that became a blank on its way through an address is one again."""
    return f"+{text.strip()}" if text.startswith(" ") and text.strip()[:1].isdigit() else text.strip()


def read(text: str, formats: str = "") -> Number:
    """The number that calls, in any spelling; what is no complete number is nobody's.

    A stored number that is valid somewhere is compared as E.164. One that is not is compared by its digits: the
    national ones, also with the country's code or the prefix for calls within the country before them. ``formats`` are
    alternative spellings with commas between them, in which ``#`` or ``*`` stands for a national digit.
    """
    text = as_sent(text)
    if len(text) > phones.LONGEST or not phones.looks_like_phone(text):
        return Number()
    parsed = [number for region in phones.regions_for() if (number := _parsed(text, region))]
    valid = [number for number in parsed if phonenumbers.is_valid_number(number)]
    digits = {each for number in valid or parsed for each in _digits(number)}
    digits |= {each for each in phones.readings(text) if not each.startswith("+")}
    e164 = {phonenumbers.format_number(number, PhoneNumberFormat.E164) for number in valid}
    spelled = _spelled(valid[0], formats) if valid else set()
    return Number(
        tuple(sorted(e164 | {each for each in digits if len(each) >= FEWEST_DIGITS})),
        tuple(sorted(spelled)),
    )


def _parsed(text: str, region: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None


def _digits(number: PhoneNumber) -> Iterable[str]:
    national = phonenumbers.national_significant_number(number)
    yield national
    yield f"{number.country_code}{national}"
    yield phones.digits_of(phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL))


def _spelled(number: PhoneNumber, formats: str) -> set[str]:
    given = [each.strip() for each in formats.split(",", MOST_FORMATS)[:MOST_FORMATS]]
    national = phonenumbers.national_significant_number(number)
    return {_filled(each, national) for each in given if set(each) & set(PLACEHOLDERS) and len(each) <= phones.LONGEST}


def _filled(pattern: str, national: str) -> str:
    """The digits in the places, from the left; those left over are dropped, places left over stay."""
    digits = iter(national)
    return "".join(next(digits, each) if each in PLACEHOLDERS else each for each in pattern)
