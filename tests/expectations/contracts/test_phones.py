"""Numbers of one line, however they are written, compare as one."""

import pytest

from expectations.contracts.phones import format_e164, normalise_international


@pytest.mark.parametrize(
    ("phone", "country", "compared"),
    [
        ("+49 151 23456789", "DE", "+4915123456789"),
        ("0151 23456789", "DE", "+4915123456789"),
        ("0049 (151) 2345-6789", "DE", "+4915123456789"),
        ("0151/23456789", "de", "+4915123456789"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("02 1234 5678", "IT", "+390212345678"),  # Italy keeps its zero
        ("+44 20 7946 0018", "DE", "+442079460018"),
        ("0151 23456789", None, "0151 23456789"),  # whose 0151? nobody says
        ("0151 23456789", "XX", "0151 23456789"),
        ("call me", "DE", "call me"),
        ("12", "DE", "12"),
        ("", "DE", None),
        (None, "DE", None),
    ],
)
def test_e164(phone, country, compared):
    assert format_e164(phone, country) == compared


@pytest.mark.parametrize(
    ("phone", "compared"),
    [
        ("+49 (0)151 23456789", "+4915123456789"),
        (" 0049 151 23456789", "+4915123456789"),
        ("+390212345678", "+390212345678"),
        ("0151 23456789", "0151 23456789"),  # of which country?
        ("+12", "+12"),
    ],
)
def test_a_number_that_says_its_country(phone, compared):
    assert normalise_international(phone) == compared
