"""Telephone numbers: kept as given, compared as E.164."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

import phonenumbers
from django.conf import settings

EXTENSION = re.compile(r"(?:\s*(?:;?ext\.?=?|extension|доб\.?|x|#|,)\s*)(\d{1,8})\s*$", re.IGNORECASE)
LOOKS_LIKE_PHONE = re.compile(
    r"[\s\d()+./\-–—\u00a0]+(?:(?:;?ext\.?=?|extension|доб\.?|x|#|,)\s*\d{1,8})?", re.IGNORECASE
)
LONGEST = 100
PLAIN_NUMBER = re.compile(r"[0-9 .\-]*(?:\([0-9 ]+\)[0-9 .\-]*)?")
FEWEST_DIGITS = 4


@dataclass(frozen=True)
class Phone:
    """``normalized`` is E.164 (+15046218927), or bare digits when the number is none of any region asked."""

    normalized: str
    extension: str = ""

    @property
    def is_valid(self) -> bool:
        return self.normalized.startswith("+")


def digits_of(text: str) -> str:
    return "".join(str(int(character)) for character in text if character.isdecimal())


def regions_for(region: str | None = None) -> tuple[str, ...]:
    """Where a national number may be from, likeliest first; ``CRM_PHONE_REGIONS`` unless told."""
    return (region.upper(),) if region else tuple(settings.CRM_PHONE_REGIONS)


def parse(text: str, region: str | None = None) -> Phone:
    """Read a number of any spelling: the first region in which it is a valid one decides."""
    return _parse(text, regions_for(region))


def readings(text: str) -> set[str]:
    """What a stored number may be equal to when it is meant by ``text``: as each of ``CRM_PHONE_REGIONS`` reads it."""
    number, _extension = split_extension(text)
    return {parse(number, region).normalized for region in regions_for()} - {""}


@lru_cache(maxsize=20_000)
def _parse(text: str, regions: tuple[str, ...]) -> Phone:
    number, extension = split_extension(text)
    digits = digits_of(number)
    for region in regions:
        if may_be_of(region, number, digits) and (e164 := _e164(number, region)):
            return Phone(e164, extension)
    return Phone(digits[:LONGEST], extension)


def may_be_of(region: str, number: str, digits: str) -> bool:
    """Whether the number is as long as those of the region: a tenth of the price of parsing it.

    Only what is nothing but digits and their separators is judged; anything else may be of any region.
    """
    if not PLAIN_NUMBER.fullmatch(number):
        return True
    plan = _plan(region)
    lengths = {len(digits), *(len(digits) - len(each) for each in plan.prefixes if digits.startswith(each))}
    return not plan.lengths.isdisjoint(lengths) or not plan.is_simple or bool(plan.abroad.match(digits))


@dataclass(frozen=True)
class _Plan:
    """What the numbers of a region look like, by libphonenumber's metadata."""

    lengths: frozenset[int]
    prefixes: tuple[str, ...]
    abroad: re.Pattern[str]
    is_simple: bool  # A national prefix is taken off, and nothing else happens to the digits.


@cache
def _plan(region: str) -> _Plan:
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
    if metadata is None or metadata.country_code is None:
        return _Plan(frozenset(), (), re.compile("(?!)"), is_simple=False)
    # What is valid for one region of a country code, such as Canada's, is so for all of them.
    together = phonenumbers.region_codes_for_country_code(metadata.country_code)
    plans = map(phonenumbers.PhoneMetadata.metadata_for_region, together)
    descriptions = [plan.general_desc for plan in plans if plan and plan.general_desc]
    code, prefix = str(metadata.country_code), metadata.national_prefix
    return _Plan(
        lengths=frozenset(length for each in descriptions for length in each.possible_length),
        prefixes=(code, prefix, code + prefix) if prefix else (code,),
        abroad=re.compile(metadata.international_prefix or "(?!)"),
        is_simple=metadata.national_prefix_for_parsing in {None, metadata.national_prefix},
    )


def split_extension(text: str) -> tuple[str, str]:
    """``"202 555-0143 x12"`` is a number and its extension 12."""
    found = EXTENSION.search(text)
    if found and len(digits_of(text[: found.start()])) >= FEWEST_DIGITS:
        return text[: found.start()], found.group(1)
    return text, ""


def _e164(text: str, region: str) -> str | None:
    if len(text) > LONGEST:
        return None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def looks_like_phone(text: str) -> bool:
    """Whether somebody who searches for this means a number: only digits and what stands between them, four or more."""
    return bool(LOOKS_LIKE_PHONE.fullmatch(text.strip())) and len(digits_of(text)) >= FEWEST_DIGITS


def spellings(text: str, region: str | None = None) -> list[str]:
    """Digit groups of which a stored number contains one when it is meant by ``text``, complete or a part of it.

    The number as E.164 in every region where it is valid; else its digits as typed, and without the national or
    international prefix (``0``, ``00``, ``011``; ``8`` stands for ``7`` in Russia).
    """
    number, _ = split_extension(text)
    typed = digits_of(number)
    found = [e164[1:] for each in regions_for(region) if (e164 := _e164(number, each))]
    found.append(typed)
    if "+" not in number:
        found += _without_prefix(typed, ("011", "00", "0"))
        if typed.startswith("8"):
            found.append("7" + typed[1:])
    return list(dict.fromkeys(found))


def _without_prefix(typed: str, prefixes: Iterable[str]) -> list[str]:
    rest = [typed.removeprefix(prefix) for prefix in prefixes if typed.startswith(prefix)]
    return [digits for digits in rest if len(digits) >= FEWEST_DIGITS]
