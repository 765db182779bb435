"""Columns of where and by which clock events happened, by the contract's rules."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from expectations.contracts.places import DEGREES, MOST_DEGREES, find_local_minute
from spark_jobs.ingest.parse_values import trim_to_null


def parse_places(latitude: Column, longitude: Column) -> dict[str, Column]:
    """`parse_place` of each row of texts, by column."""
    texts = {"latitude": trim_to_null(latitude), "longitude": trim_to_null(longitude)}
    numbers = {name: F.when(text.rlike(DEGREES), text).try_cast("double") for name, text in texts.items()}
    is_place = F.lit(True)
    for name, number in numbers.items():
        is_place = is_place & F.coalesce(F.abs(number) <= MOST_DEGREES[name], F.lit(False))
    return {name: F.when(is_place, number) for name, number in numbers.items()}


def parse_time_zone(name: Column, at: Column) -> dict[str, Column]:
    """The known zone of each row's text, and the minute of the day that its clock shows."""
    text = trim_to_null(name)

    def read(zone, micros):  # Spark warns of hints it does not know
        return find_local_minute(micros, zone)

    minute = F.udf(read, "int")(text, F.unix_micros(at))
    return {"time_zone": F.when(minute.isNotNull(), text), "local_minute": minute}
