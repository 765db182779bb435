"""Lines of the topic as events of customers' histories: typed by the night's own transform, with an owner.

Owners are found in the published snapshot. A visitor whom no night knows is the user's id, else the
browser's.
"""

from collections.abc import Iterator
from io import BytesIO
from zoneinfo import ZoneInfo

import msgpack
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from segments.calendar import ShopCalendar
from segments.events import TYPES, Event
from spark_jobs.ingest.column_normalisation import make_column_normaliser
from spark_jobs.ingest.read_files import (
    RECORD_FIELDS,
    batch_records,
    build_record_schema,
    make_arrow_batch,
    normalise_records,
    select_received_columns,
)
from spark_jobs.sources.declaration import Feed, SourceContext
from spark_jobs.sources.topic_landing import TopicLine, find_received_day, join_line
from spark_jobs.stream.events_query import COLUMNS, list_lines
from spark_jobs.stream.night_base import Item, NightBase, open_night

PURCHASE = "purchase"
MOST_PIECES = 1_000_000  # beyond which the night knows no amount
TYPED = (
    "event_id",
    "event_type",
    "item_id",
    "unit_price",
    "quantity",
    "order_id",
    "session_id",
    "device_type",
    "campaign",
    "country",
    "latitude",
    "longitude",
    "local_minute",
    "user_identifier_id",
    "anonymous_identifier_id",
    "has_analytics_consent",
)
PLACED = ("at", "received_at", "landing_date")
OWNED_FIELDS = {
    "owner": pa.string(),
    "received_at": pa.int64(),
    "consent": pa.bool_(),
    "event": pa.binary(),
}
OWNED_DDL = "owner string, received_at long, consent boolean, event binary"


def type_lines(lines: DataFrame, feed: Feed, context: SourceContext) -> DataFrame:
    """The accepted events of lines that the topic gave, in `TYPED` and `PLACED`."""
    schema, zone = build_record_schema(feed), ZoneInfo(context.time_zone)

    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        normalise = make_column_normaliser(feed.columns, feed.id_fields)
        for batch in batches:
            for day, of_day in group_by_day(list_lines(pa.Table.from_batches([batch])), zone).items():
                records = feed.read_records(BytesIO(b"".join(line + b"\n" for line in of_day)))
                for some in batch_records(records):
                    normal = normalise_records(some, normalise)
                    origin = ("", "", day, day)
                    yield make_arrow_batch(some, normal, origin, schema, [False] * len(some))

    ddl = ", ".join(
        [f"{name} {kind}" for name, _, kind in RECORD_FIELDS]
        + [f"`{name}` string" for name in schema.names[len(RECORD_FIELDS) :]]
    )
    received = select_received_columns(lines.select(*COLUMNS).mapInArrow(read, ddl), feed)
    typed = feed.transform(received, context).where("reason is null and not coalesce(is_bot, false)")
    return typed.select(
        *TYPED,
        F.unix_micros("occurred_at").alias("at"),
        F.unix_micros(F.col("raw.receivedAt").try_cast("timestamp")).alias("received_at"),
        "landing_date",
    )


def group_by_day(lines: Iterator[TopicLine], zone: ZoneInfo) -> dict[str, list[bytes]]:
    """Lines by their day of receipt, in order."""
    days: dict[str, list[bytes]] = {}
    for each in lines:
        line = join_line(each.line)
        day = find_received_day(line, each.written_at, zone)
        days.setdefault(str(day), []).append(line)
    return days


def give_owners(typed: DataFrame, snapshot: str) -> DataFrame:
    """Events of histories with their owner; of what the night has absorbed, nothing.

    Args:
        snapshot: its folder, the same on every worker.
    """
    names = [*TYPED, *PLACED]

    def give(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        night = open_night(snapshot)
        for batch in batches:
            rows = [owned for row in batch.to_pylist() for owned in own_rows(night, row)]
            columns = zip(*rows, strict=True) if rows else [()] * len(OWNED_FIELDS)
            arrays = [
                pa.array(values, kind) for values, kind in zip(columns, OWNED_FIELDS.values(), strict=True)
            ]
            yield pa.RecordBatch.from_arrays(arrays, names=list(OWNED_FIELDS))

    return typed.select(*names).mapInArrow(give, OWNED_DDL)


def own_rows(night: NightBase, row: dict) -> list[tuple]:
    """A typed event as rows of `OWNED_FIELDS`: one of its owner, and of a no to analytics one of each whom it
    names. Nothing where it changes no membership: the night knows it, or it is of somebody of whom
    nothing may be counted.
    """
    if row["landing_date"].toordinal() <= night.absorbed_day:
        return []
    ids = [row[name] for name in ("user_identifier_id", "anonymous_identifier_id") if row[name]]
    customers = {each: night.find_customer_id(each) for each in ids}
    received_at, consent = row["received_at"] or row["at"], row["has_analytics_consent"]
    if consent is False:
        owners = dict.fromkeys(customer_id or each for each, customer_id in customers.items())
        return [(owner, received_at, consent, None) for owner in owners]
    owner = next(filter(None, customers.values()), None) or (ids[0] if ids else None)
    if owner is None or night.is_unmeasured(owner):
        return []
    event = make_event(row, night.read_item(row["item_id"]), night.calendar)
    return [(owner, received_at, consent, msgpack.packb(tuple(event)))] if event else []


def make_event(row: dict, item: Item, calendar: ShopCalendar) -> Event | None:
    """A typed event as rules know it; None of what is no behaviour."""
    if row["event_type"] not in TYPES:
        return None
    price = None if row["unit_price"] is None else float(row["unit_price"])
    quantity = None if row["quantity"] is None else float(row["quantity"])
    is_bought = row["event_type"] == PURCHASE and price is not None and quantity is not None
    minute = row["local_minute"]
    return Event(
        at=row["at"],
        event_id=row["event_id"],
        type=row["event_type"],
        item_id=row["item_id"],
        category=item.category,
        brand=item.brand,
        price=price,
        quantity=quantity,
        amount=price * quantity if is_bought and quantity <= MOST_PIECES else None,
        order_id=row["order_id"],
        session_id=row["session_id"],
        device=row["device_type"],
        campaign=row["campaign"],
        country=row["country"],
        latitude=row["latitude"],
        longitude=row["longitude"],
        local_minute=calendar.find_minute(row["at"]) if minute is None else minute,
    )
