"""The relations that a query of members reads: names, columns and kinds, declared once."""

from collections.abc import Iterator, Mapping

from segments.fields import Field
from segments.sql.literals import check_name

NUMBER = "decimal(18, 4)"  # exact, never NaN: a sum of it overflows only beyond 10^20 rows
KINDS = {"number": "double", "boolean": "boolean", "text": "varchar"}
RELATIONS: dict[str, dict[str, str]] = {
    "events": {
        "customer_id": "varchar",
        "at": "timestamp",  # UTC, microseconds
        "event_id": "varchar",
        "event_type": "varchar",
        "item_id": "varchar",
        "category": "varchar",
        "brand": "varchar",
        "price": NUMBER,
        "quantity": NUMBER,
        "amount": NUMBER,
        "order_id": "varchar",
        "session_id": "varchar",
        "device": "varchar",
        "campaign": "varchar",
        "country": "varchar",
        "day": "date",  # the shop's
        "latitude": "double",
        "longitude": "double",
        "local_minute": "integer",
    },
    "customers": {"customer_id": "varchar"},
    "fields": {"customer_id": "varchar", "moment": "timestamp"},  # and a column for each field
    "stays": {
        "customer_id": "varchar",
        "segment_id": "varchar",
        "entered_at": "timestamp",
        "left_at": "timestamp",  # null: still in it
    },
    "list_members": {"list_name": "varchar", "customer_id": "varchar"},
    "list_items": {"list_name": "varchar", "item_id": "varchar"},
}


def format_table(name: str, columns: Mapping[str, str]) -> str:
    """A statement that creates an empty table of these columns; a list of them could not say `at`, a word of
    DuckDB's grammar, without quotes, which are to Snowflake part of the name.
    """
    nothing = ", ".join(f"cast(null as {kind}) as {check_name(column)}" for column, kind in columns.items())
    return f"create table {check_name(name)} as select {nothing} limit 0"


def list_tables(
    moment_columns: Mapping[str, str], fields: Mapping[str, Field]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Every relation with its columns; those of `moments` are a query's own."""
    for name, columns in RELATIONS.items():
        own = {each: KINDS[field.kind] for each, field in fields.items()} if name == "fields" else {}
        yield name, columns | own
    yield "moments", dict(moment_columns)
