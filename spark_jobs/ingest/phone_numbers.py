"""Telephone numbers in their normal form: in Python, once per number and country of a delivery."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from expectations.contracts.phones import extract_digits, format_e164


def format_comparable_phone(phone: str | None, country: str | None) -> str | None:
    """The number in E.164 where it can be one of its country, else its digits; None when it has none."""
    return extract_digits(format_e164(phone, country) or "") or None


def normalise_phone(phone: Column, country: Column) -> Column:
    """`format_comparable_phone` of each row."""

    def normal(phone, country):  # Spark warns of hints it does not know
        return format_comparable_phone(phone, country)

    return F.udf(normal, "string")(phone, country)
