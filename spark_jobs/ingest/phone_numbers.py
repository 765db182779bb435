"""Telephone numbers in their normal form: in Python, once per number and country of a delivery."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from expectations.contracts.phones import extract_digits, format_e164


def normalise_phone(phone: Column, country: Column) -> Column:
    """The number in E.164 where it can be one of its country, else its digits; null when it has none."""

    def normal(phone, country):  # Spark warns of hints it does not know
        return (extract_digits(format_e164(phone, country) or "")) or None

    return F.udf(normal, "string")(phone, country)
