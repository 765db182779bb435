"""Which words are a yes; everything else that is said is a no, and nothing said is no word."""

import pytest

from expectations.contracts.consent import parse_consent

# The truth table that ingest is held to as well (tests/spark_jobs/ingest/test_consents.py): value, granted,
# readable.
TABLE = [
    (True, True, True),
    (1, True, True),
    ("true", True, True),
    ("TRUE", True, True),
    (" Yes ", True, True),
    ("Granted", True, True),
    ("accepted", True, True),
    ("allowed", True, True),
    ("1", True, True),
    (False, False, True),
    ("false", False, True),
    ("FALSE", False, True),
    ("false ", False, True),
    ("denied", False, False),
    ("no", False, False),
    ("opt-out", False, False),
    (0, False, False),
    ("0", False, False),
    (2, False, False),
    (1.5, False, False),
    ("maybe", False, False),
    ("ja", False, False),
    ("null", False, False),
    ("true, false", False, False),
    ("yes\u200b", True, True),
    ("ＴＲＵＥ", False, False),
    ("\U0001f44d", False, False),
    ({}, False, False),
    ({"value": True}, False, False),
    ([], False, False),
    ([True], False, False),
    (None, None, True),
    ("", None, True),
    (" \t\u2003", None, True),
]


@pytest.mark.parametrize(("value", "is_granted", "is_readable"), TABLE, ids=[repr(row[0]) for row in TABLE])
def test_a_value_says(value, is_granted, is_readable):
    assert parse_consent(value) == (is_granted, is_readable)
