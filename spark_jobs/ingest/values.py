"""Text as received → values, column by column; what cannot be read is null, and the caller says whether that is a reason."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from expectations.contracts.lake import MONEY

# A cast alone would read "12:30" as today at half past twelve, and "2026" as its first of January.
WRITTEN_OUT = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}"


def given(received: Column) -> Column:
    """The text without spaces round it; null when nothing is left."""
    trimmed = F.trim(received)
    return F.when(trimmed != "", trimmed)


def moment(received: Column) -> Column:
    """An ISO time; one that names no zone is UTC."""
    return F.when(received.rlike(WRITTEN_OUT), F.trim(received).try_cast("timestamp"))


def whole(received: Column) -> Column:
    """A whole number; `2.0` is one, `2.5` is not."""
    return F.when(F.trim(received).rlike(r"^[+-]?\d+(\.0+)?$"), F.trim(received).try_cast("decimal(20,1)").try_cast("int"))


def money(received: Column) -> Column:
    """A price."""
    return F.trim(received).try_cast(MONEY)


def yes_or_no(received: Column) -> Column:
    """`true` or `false`, in any case."""
    return F.when(F.lower(F.trim(received)).isin("true", "false"), F.lower(F.trim(received)) == "true")


def said_but_unreadable(received: Column, value: Column) -> Column:
    """Whether something was said that gave no value; saying nothing is no fault."""
    return given(received).isNotNull() & value.isNull()
