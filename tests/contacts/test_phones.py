"""Spellings of telephone numbers: what is equal, what is an extension, what is kept although nobody can dial it."""

import pytest

from contacts import phones

RUSSIAN = "+79876543210"


@pytest.mark.parametrize(
    ("text", "normalized", "extension"),
    [
        ("504-621-8927", "+15046218927", ""),
        ("(504) 621 8927", "+15046218927", ""),
        ("504.621.8927", "+15046218927", ""),
        ("5046218927", "+15046218927", ""),
        ("+15046218927", "+15046218927", ""),
        ("1-504-621-8927", "+15046218927", ""),
        ("00 1 504 621 8927", "0015046218927", ""),
        ("011 7 987 654 32 10", RUSSIAN, ""),
        ("+7 (987) 654-32-10", RUSSIAN, ""),
        ("8 (987) 654-32-10", RUSSIAN, ""),
        ("8-987-654-32-10", RUSSIAN, ""),
        ("89876543210", RUSSIAN, ""),
        ("79876543210", RUSSIAN, ""),
        ("+44 20 7946 0958", "+442079460958", ""),
        ("+49 (0)30 901820", "+4930901820", ""),
        ("504-621-8927 x12", "+15046218927", "12"),
        ("504-621-8927 ext. 12", "+15046218927", "12"),
        ("504-621-8927;ext=12", "+15046218927", "12"),
        ("504-621-8927 extension 123", "+15046218927", "123"),
        ("504-621-8927 #9", "+15046218927", "9"),
        ("8 (987) 654-32-10 доб. 45", RUSSIAN, "45"),
        ("+7 987 654 32 10, 45", RUSSIAN, "45"),
        ("٥٠٤٦٢١٨٩٢٧", "+15046218927", ""),
        ("５０４－６２１－８９２７", "+15046218927", ""),
        ("12345", "12345", ""),
        ("000-000-0000", "0000000000", ""),
        ("x12", "12", ""),
        ("", "", ""),
    ],
)
def test_number_and_extension(text, normalized, extension):
    found = phones.parse(text)
    assert (found.normalized, found.extension) == (normalized, extension)
    assert found.is_valid == normalized.startswith("+")


def test_region_decides_whose_national_number_it_is(settings):
    assert phones.parse("8 987 654-32-10", "RU").normalized == RUSSIAN
    assert phones.parse("020 7946 0958", "GB").normalized == "+442079460958"
    settings.CRM_PHONE_REGIONS = ["GB"]
    assert phones.parse("020 7946 0958").normalized == "+442079460958"


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("504-621-8927", True),
        ("(504) 621 8927", True),
        ("+7 987", True),
        ("8927", True),
        ("504-621-8927 x12", True),
        ("892", False),
        ("James", False),
        ("4 Ever 2010 Ltd", False),
        ("2026-01-31T12", False),
        ("", False),
        ("+", False),
        ("a@1234.example", False),
    ],
)
def test_what_looks_like_a_number(text, is_one):
    assert phones.looks_like_phone(text) is is_one


@pytest.mark.parametrize("text", ["1" * 10_000, "(" * 10_000, "1 " * 5_000, "x1" * 5_000, "ext" * 5_000 + "1"])
def test_absurd_lengths_are_read_quickly(text):
    """No expression runs longer than its text deserves."""
    phones.parse(text)
    phones.looks_like_phone(text)
    assert len(phones.parse(text).normalized) <= phones.LONGEST
