"""Lines of the topic as events of customers' histories: typed by the night's own transform, with an owner.

Owners are found in the published snapshot, by the user's id, else by the browser's. A visitor whom no night
knows is that id.
"""

from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from zoneinfo import ZoneInfo

import msgpack
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from segments.calendar import ShopCalendar
from segments.events import TYPES, Event
from segments.order_lines import PURCHASE, is_line_of, make_line_id
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
from spark_jobs.stream.notes import Kind, Note, pack_note, unpack_note
from spark_jobs.stream.refusals import nobody_refuses, open_refusals

MOST_PIECES = 1_000_000  # beyond which the night knows no amount
TYPED = (
    "event_id",
    "event_type",
    "item_id",
    "unit_price",
    "quantity",
    "order_id",
    "id_source",
    "currency",
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
    "has_personalization_consent",
)
PLACED = ("at", "received_at", "landing_date")
OWNED_FIELDS = {
    "owner": pa.string(),
    "received_at": pa.int64(),
    "consent": pa.bool_(),
    "event": pa.binary(),
    "browser": pa.string(),
    "note": pa.binary(),
}
OWNED_DDL = "owner string, received_at long, consent boolean, event binary, browser string, note binary"


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


def give_owners(typed: DataFrame, snapshot: str, restrictions: str = "") -> DataFrame:
    """Events of histories with their owner; of what the night has absorbed, and of who has said no, nothing.

    Args:
        snapshot: its folder, the same on every worker.
        restrictions: the folder of their store, the same too; empty: nobody has said no.
    """
    names = [*TYPED, *PLACED]

    def give(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        night, open_refused = open_night(snapshot), nobody_refuses
        if restrictions:
            open_refused = open_refusals(restrictions, night.identities_version).open
        for batch in batches:
            with open_refused() as is_refused:
                rows = [
                    owned
                    for row in batch.to_pylist()
                    for owned in own_rows(night, row, is_refused(list_ids(night, row)))
                ]
            yield make_owned_batch(rows)

    return typed.select(*names).mapInArrow(give, OWNED_DDL)


def make_owned_batch(rows: list[tuple]) -> pa.RecordBatch:
    """Rows as a batch of `OWNED_FIELDS`."""
    columns = zip(*rows, strict=True) if rows else [()] * len(OWNED_FIELDS)
    arrays = [pa.array(values, kind) for values, kind in zip(columns, OWNED_FIELDS.values(), strict=True)]
    return pa.RecordBatch.from_arrays(arrays, names=list(OWNED_FIELDS))


def read_notes(lines: DataFrame, tag: str) -> DataFrame:
    """The notes of lines that the topic of notes gave, as rows of `OWNED_FIELDS`; another snapshot's not."""

    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            rows = []
            for packed in filter(None, batch.column("value").to_pylist()):
                with suppress(ValueError):  # whoever wrote it was not the stream
                    note = unpack_note(packed)
                    if note.tag == tag:
                        rows.append((note.owner, note.received_at, None, None, None, packed))
            yield make_owned_batch(rows)

    return lines.select("value").mapInArrow(read, OWNED_DDL)


def says_no(row: dict) -> bool:
    """Whether an event says no to personalization."""
    return row["has_personalization_consent"] is False


def list_ids(night: NightBase, row: dict) -> list[str]:
    """All ids of whom an event names."""
    ids = [row[name] for name in ("user_identifier_id", "anonymous_identifier_id") if row[name]]
    return ids + [customer_id for each in ids if (customer_id := night.find_customer_id(each))]


def own_rows(night: NightBase, row: dict, is_refused: bool = False) -> list[tuple]:
    """A typed event as rows of `OWNED_FIELDS`: one of its owner, and of a no one of each whom it names; where
    it says whose a browser is that is another's so far, a note to that one too. Nothing where it changes no
    membership: the night knows it, or it is of somebody of whom nothing may be counted.

    Args:
        is_refused: whether one of those whom it names has said no before.
    """
    if row["landing_date"].toordinal() <= night.absorbed_day:
        return []
    user, browser = row["user_identifier_id"], row["anonymous_identifier_id"]
    owners = {each: night.find_customer_id(each) or each for each in (user, browser) if each}
    received_at, consent = row["received_at"] or row["at"], row["has_analytics_consent"]
    if says_no(row):
        notes = [Note(night.tag, Kind.FORGET, owner, received_at) for owner in dict.fromkeys(owners.values())]
        return [(note.owner, received_at, None, None, None, pack_note(note)) for note in notes]
    if consent is False:
        return [(owner, received_at, consent, None, None, None) for owner in dict.fromkeys(owners.values())]
    if not owners:
        return []
    owner, rows = owners[user or browser], []
    if user and browser and owners[browser] != owner:
        body = (browser, owner, row["at"], may_join(night, owners[browser]))
        note = Note(night.tag, Kind.ALIAS, owners[browser], received_at, body)
        rows.append((note.owner, received_at, None, None, None, pack_note(note)))
    event = make_event(row, night.read_item(row["item_id"]), night.calendar)
    event = event and fit_order(night, owner, row, event)
    if event and not is_refused and not night.is_unmeasured(owner):
        packed = msgpack.packb(tuple(event))
        rows.append((owner, received_at, consent, packed, None if user else browser, None))
    return rows


def fit_order(night: NightBase, owner: str, row: dict, event: Event) -> Event | None:
    """An event as the night counts it: of an order with a feed by its line, and once; an amount in the
    currency of the customer's orders alone. None of what is the night's to know.
    """
    if event.type != PURCHASE:
        return event
    if row["id_source"] in night.order_feeds:
        number = int(event.event_id.rpartition("#")[2])
        event = event._replace(event_id=make_line_id(row["id_source"], event.order_id, number))
        if is_line_of(event, night.end):
            return None
    base = night.read_base(owner)
    is_foreign = base is not None and base.currency not in ("", row["currency"])
    return event._replace(amount=None) if is_foreign else event


def may_join(night: NightBase, owner: str) -> bool:
    """Whether what was done in a browser may become a user's: not where the night knows it as that of a
    customer with a login, as a tablet that two people share.
    """
    profile = night.read_customer(owner)
    return not (profile and profile.is_known)


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
