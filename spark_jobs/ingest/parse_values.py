"""Text as received → values, column by column; what cannot be read is null, and the caller says whether that
is a reason.
"""

from pyspark.sql import Column
from pyspark.sql import functions as F

from expectations.contracts.lake import AMOUNT, MONEY

# What Python's str.strip takes off. By a list and not by a pattern: `\s+$` looks at n blanks inside a text
# n²/2 times.
WHITE_SPACE = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
# A cast alone would read "12:30" as today at half past twelve, and "2026" as its first of January.
DATE_AND_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}"
TIME_WITHOUT_ZONE = DATE_AND_TIME + r"(:\d{2}(\.\d*)?)?$"
FIRST_YEAR = 2000  # no source of ours is older; a clock that was never set shows 1970


def trim_white_space(received: Column) -> Column:
    """The text without white space of any kind round it."""
    return F.btrim(received, F.lit(WHITE_SPACE))


def trim_to_null(received: Column) -> Column:
    """The text without white space round it; null when nothing is left."""
    trimmed = trim_white_space(received)
    return F.when(trimmed != "", trimmed)


def parse_timestamp(received: Column, time_zone: str) -> Column:
    """An ISO time; one that names no zone is read in this one."""
    said = trim_white_space(received)
    at = F.when(said.rlike(DATE_AND_TIME), said.try_cast("timestamp"))  # the session's zone is UTC
    return F.when(said.rlike(TIME_WITHOUT_ZONE), F.to_utc_timestamp(at, time_zone)).otherwise(at)


def shop_date(at: Column, time_zone: str) -> Column:
    """The day on which the shop saw a UTC time: 02:00 UTC is the evening before in New York."""
    return F.to_date(F.from_utc_timestamp(at, time_zone))


def is_implausible_time(
    at: Column, landing_date: Column, time_zone: str, first_year: int = FIRST_YEAR
) -> Column:
    """Whether a time lies before any source's first day, or more than a day of the shop's after it was handed
    over.
    """
    return (F.year(at) < first_year) | is_after_landing(at, landing_date, time_zone)


def is_after_landing(at: Column, landing_date: Column, time_zone: str) -> Column:
    """Whether a time lies more than a day of the shop's after it was handed over."""
    return shop_date(at, time_zone) > F.date_add(landing_date, 1)


def parse_int(received: Column) -> Column:
    """A whole number; `2.0` is one, `2.5` is not."""
    said = trim_white_space(received)
    return F.when(said.rlike(r"^[+-]?\d+(\.0+)?$"), said.try_cast("decimal(20,1)").try_cast("int"))


def parse_money(received: Column) -> Column:
    """A price."""
    return trim_white_space(received).try_cast(MONEY)


def line_amount(quantity: Column, unit_price: Column) -> Column:
    """What a line comes to; null when no column holds so much."""
    return (quantity * unit_price).try_cast(AMOUNT)


def parse_boolean(received: Column) -> Column:
    """`true` or `false`, in any case."""
    said = F.lower(trim_white_space(received))
    return F.when(said.isin("true", "false"), said == "true")


def is_unparseable(received: Column, value: Column) -> Column:
    """Whether something was said that gave no value; saying nothing is no fault."""
    return trim_to_null(received).isNotNull() & value.isNull()
