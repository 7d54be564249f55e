"""Skipping regions whose numbers have another length changes no answer."""

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts import phones

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
KINDS = range(11)


def parsed_in_each(text, regions):
    number, extension = phones.split_extension(text)
    for region in regions:
        if e164 := phones._e164(number, region):
            return phones.Phone(e164, extension)
    return phones.Phone(phones.digits_of(number)[: phones.LONGEST], extension)


def spellings_of(number):
    yield phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    yield str(number.national_number)
    yield f"{number.country_code}{number.national_number}"
    yield phonenumbers.format_out_of_country_calling_number(number, "US")


@pytest.mark.parametrize("regions", [("US", "RU"), ("RU", "US"), ("FR",), ("BR", "AR")])
def test_numbers_of_all_countries(regions):
    examples = (phonenumbers.example_number_for_type(region, kind) for region in REGIONS[::3] for kind in KINDS)
    for number in filter(None, examples):
        for text in spellings_of(number):
            assert phones._parse(text, regions) == parsed_in_each(text, regions)


@settings(max_examples=300, deadline=None)
@given(st.text("0123456789 -.()", min_size=3, max_size=15), st.lists(st.sampled_from(REGIONS), min_size=1, max_size=2))
def test_any_digits(text, regions):
    assert phones._parse(text, tuple(regions)) == parsed_in_each(text, regions)
