"""A refused record as an operator may see it: what is wrong with it shows, whom it is about does not.

Of a record whose columns are known, each value stands behind its name, personal ones masked. Of any other
only the shape is shown, `x` for a letter and `9` for a digit: who broke a line may have moved a name into any
column.
"""

import csv
import json
import re

from expectations.contracts.lake import CORE_PEOPLE
from expectations.contracts.personal import has_personal_value

MASK = "•••"
LONGEST = 240  # characters of a sample
# Names of columns, small letters alone, that hold a person's values or identifiers, in the sources' words and
# in ours; and parts of names, since a source that broke its format may have words that nobody listed
# (`phoneNumber`, `billing_address2`).
PERSONAL_NAMES = {name.replace("_", "") for name in CORE_PEOPLE.personal} | {
    "userid",
    "anonymousid",
    "customerid",
    "crmid",
    "recordid",
    "previousid",
    "deviceid",
    "advertisingid",
    "traits",
    "name",
    "ip",
    "useragent",
    "town",
    "dob",
    "login",
    "token",
    "gender",
    "city",
    "line",
    "message",
    "note",
    "notes",
    "comment",
    "comments",
    "remarks",
}
PERSONAL_PART = re.compile(
    "mail|phone|mobile|address|street|birth|zip|postal|postcode|password|recipient|contact|passport|iban"
    "|creditcard|cardnumber|housenumber|salutation|greeting|(gift|personal)message|signature|(shipping|billing|delivery)line"
    "|(first|last|middle|given|family|full|maiden|nick|user|customer|sur|fore)name"
)


def mask_record(raw_text: str, header: list[str] | None) -> str:
    """A refused record without personal values, on one line.

    Args:
        header: the columns of a CSV file; None when they are not known, or of another format.
    """
    values = parse_named_values(raw_text, header)
    if values is None:
        masked_text = mask_shape(raw_text)
    else:
        masked_text = ", ".join(
            f"{name}={mask_value(name, value)}" for name, value in values.items() if value not in (None, "")
        )
    return (
        masked_text
        if len(masked_text) <= LONGEST
        else f"{masked_text[:LONGEST]}… ({len(raw_text):,} characters)"
    )


def parse_named_values(raw_text: str, header: list[str] | None) -> dict | None:
    """The record's values by name; None when they cannot be told apart."""
    try:
        if header is None:
            document = json.loads(raw_text)
            return document if isinstance(document, dict) and all(map(is_column_name, document)) else None
        fields = next(csv.reader((raw_text,), strict=True))
    except (ValueError, RecursionError, csv.Error, StopIteration):
        return None
    return dict(zip(header, fields, strict=True)) if len(fields) == len(header) else None


def mask_value(name: str, value: object) -> str:
    """A value as it may be shown."""
    letters = re.sub("[^a-z]", "", name.lower())
    if letters in PERSONAL_NAMES or PERSONAL_PART.search(letters):
        return MASK
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(
                f"{key}: {mask_value(key, each)}" if is_column_name(key) else MASK
                for key, each in value.items()
            )
            + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(mask_value(name, each) for each in value) + "]"
    text = value if isinstance(value, str) else json.dumps(value)
    return MASK if has_personal_value(text) else " ".join(text.split())


def is_column_name(key: str) -> bool:
    """Whether a key of JSON can be a column's name and no person's value."""
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,40}", key) is not None


def mask_shape(raw_text: str) -> str:
    """The text with `x` for each letter and `9` for each digit; what separates them is as it was."""
    return "".join(
        "9" if each.isdigit() else "x" if each.isalpha() else each if each.isprintable() else "·"
        for each in raw_text
    )
