"""Telephone numbers of a delivery, as they are compared: in Python, once per number and country that it brings."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from expectations.contracts.phones import e164


def compared(phone: Column, country: Column) -> Column:
    """`e164`, as a column."""
    return F.udf(lambda phone, country: e164(phone, country), "string")(phone, country)  # Spark warns of hints it does not know
