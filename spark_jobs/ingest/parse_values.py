"""Parses received text into values, column by column; a value that cannot be read is null."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from expectations.contracts.lake import AMOUNT, MONEY

# What Python's str.strip removes. A list, not a pattern: `\s+$` visits n blanks inside a text n²/2 times.
WHITE_SPACE = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
# A cast alone would read "12:30" as today at half past twelve, and "2026" as its first of January.
DATE_AND_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}"
TIME_WITHOUT_ZONE = DATE_AND_TIME + r"(:\d{2}(\.\d*)?)?$"
CURRENCY_CODE = "^[A-Z]{3}$"
FIRST_YEAR = 2000  # no source of ours is older; a clock that was never set shows 1970
FIRST_PERSON_YEAR = 1900  # a customer file may be older than any system it was kept in


def trim_white_space(received: Column) -> Column:
    """The text without white space of any kind at its ends."""
    return F.btrim(received, F.lit(WHITE_SPACE))


def trim_to_null(received: Column) -> Column:
    """The text without white space at its ends; null when nothing is left."""
    trimmed = trim_white_space(received)
    return F.when(trimmed != "", trimmed)


def parse_timestamp(received: Column, time_zone: str) -> Column:
    """The timestamp of an ISO text; a text without a zone is read in `time_zone`."""
    text = trim_white_space(received)
    at = F.when(text.rlike(DATE_AND_TIME), text.try_cast("timestamp"))  # the session's zone is UTC
    return F.when(text.rlike(TIME_WITHOUT_ZONE), F.to_utc_timestamp(at, time_zone)).otherwise(at)


def shop_date(at: Column, time_zone: str) -> Column:
    """The date of a UTC time in the shop's zone: 02:00 UTC is the evening before in New York."""
    return F.to_date(F.from_utc_timestamp(at, time_zone))


def is_implausible_time(
    at: Column, landing_date: Column, time_zone: str, first_year: int = FIRST_YEAR
) -> Column:
    """Whether a time lies before `first_year`, or more than a shop day after its landing date."""
    return (F.year(at) < first_year) | is_after_landing(at, landing_date, time_zone)


def is_after_landing(at: Column, landing_date: Column, time_zone: str) -> Column:
    """Whether a time lies more than a shop day after its landing date."""
    return shop_date(at, time_zone) > F.date_add(landing_date, 1)


def parse_int(received: Column) -> Column:
    """The int of a text; `2.0` is one, `2.5` is not."""
    text = trim_white_space(received)
    return F.when(text.rlike(r"^[+-]?\d+(\.0+)?$"), text.try_cast("decimal(20,1)").try_cast("int"))


def parse_money(received: Column) -> Column:
    """The decimal of a text, in the columns' type for money."""
    return trim_white_space(received).try_cast(MONEY)


def compute_line_amount(quantity: Column, unit_price: Column) -> Column:
    """The amount of an order line, quantity × price; null when it exceeds the column's type."""
    return (quantity * unit_price).try_cast(AMOUNT)


def parse_boolean(received: Column) -> Column:
    """The boolean of `true` or `false`, in any letter case."""
    text = F.lower(trim_white_space(received))
    return F.when(text.isin("true", "false"), text == "true")


def is_unparseable(received: Column, value: Column) -> Column:
    """Whether a text that is not empty gave no value."""
    return trim_to_null(received).isNotNull() & value.isNull()
