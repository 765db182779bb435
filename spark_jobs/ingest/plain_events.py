"""Types plain events as `transform_events` does, many at once and without Spark.

An event is plain when each value that its rows are made of has the form that clients send: times in UTC that
end in `Z`, texts that are texts, a quantity that is a whole number, consents that are true or false. All
others, refused ones among them, go to the transform.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts.consent import EVENT_PURPOSES
from expectations.contracts.event_format import CALL_TYPES, PURCHASE, TRACK, TRACKED_EVENTS
from expectations.contracts.lake import MONEY
from expectations.contracts.places import find_local_minute
from spark_jobs.ingest.event_documents import (
    Product,
    list_products,
    parse_plain_document,
    read_consents,
    read_currency,
    read_place,
    read_surroundings,
    read_time_zone,
)
from spark_jobs.ingest.parse_values import FIRST_YEAR
from spark_jobs.ingest.plain_values import (
    TIME,
    OddValueError,
    build_consents,
    compute_shop_dates,
    make_identifier_hasher,
    parse_plain_times,
    trim_plain_text,
)
from spark_jobs.lake.arrow_types import to_arrow_type
from spark_jobs.sources.declaration import SourceContext

TEXT_COLUMNS = (
    "source",
    "id_source",
    "_message_id",
    "event_type",
    "_user_id",
    "_anonymous_id",
    "order_id",
    "currency",
    "session_id",
    "_seen_user_id",
    "_seen_anonymous_id",
    "user_identifier_id",
    "anonymous_identifier_id",
    "device_type",
    "page_path",
    "referrer",
    "campaign",
    "country",
    "request_id",
    "time_zone",
)


class PlainEvent(NamedTuple):
    """An event's values beside its times."""

    texts: tuple[str | None, ...]  # in the order of `TEXT_COLUMNS`
    is_bot: bool
    consents: tuple[bool | None, ...]  # in the order of `EVENT_PURPOSES`
    place: tuple[float | None, float | None]
    products: list[Product]


class EventTyper:
    """Types plain events of one source; keeps the ids of the identifiers it has hashed."""

    def __init__(self, columns: Sequence[str], context: SourceContext) -> None:
        self.place = {name: number for number, name in enumerate(columns)}
        self.context = context
        self.hash_user = make_identifier_hasher(context, "user_id")
        self.hash_browser = make_identifier_hasher(context, "anonymous_id")

    def __call__(self, columns: Sequence[Sequence[str | None]]) -> pa.RecordBatch:
        """The rows of plain events, with `_position`, the event's, and `_last_date`, a day before which the
        landing date does not lie but by one.
        """
        times, are_plain = self._correct_times(columns)
        dates = compute_shop_dates(times, self.context.time_zone)
        are_plain &= (
            pc.greater_equal(pc.year(times), FIRST_YEAR).fill_null(False).to_numpy(zero_copy_only=False)
        )
        positions, events = [], []
        for position in np.flatnonzero(are_plain).tolist():
            event = self._read_event([column[position] for column in columns])
            if event is not None:
                positions.append(position)
                events.append(event)
        taken = pa.array(positions, pa.int32())
        return build_rows(taken, events, times.take(taken), dates.take(taken))

    def _correct_times(self, columns: Sequence[Sequence[str | None]]) -> tuple[pa.Array, np.ndarray]:
        """When each event happened, as `correct_event_time` has it, and whether its times are plain."""
        names = ("timestamp", "originalTimestamp", "sentAt", "receivedAt")
        parsed = [parse_plain_times(columns[self.place[name]]) for name in names]
        at, original, sent, received = (times.cast(pa.int64()) for times, _ in parsed)
        waited = pc.subtract(sent, original).fill_null(0)
        micros = pc.coalesce(at, pc.subtract(received, waited), original)
        return micros.cast(TIME), np.logical_and.reduce([are_plain for _, are_plain in parsed])

    def _read_event(self, values: list[str | None]) -> PlainEvent | None:
        """The event's values; None where it is not plain."""
        try:
            return self._read_plain(values)
        except OddValueError:
            return None

    def _read_plain(self, values: list[str | None]) -> PlainEvent:
        place, source = self.place, self.context.source
        if "quarantined" in place and values[place["quarantined"]] is not None:
            raise OddValueError
        kind = values[place["type"]]
        event_type = TRACKED_EVENTS.get(values[place["event"]]) if kind == TRACK else CALL_TYPES.get(kind)
        message = trim_plain_text(values[place["messageId"]])
        user, browser = (trim_plain_text(values[place[name]]) for name in ("userId", "anonymousId"))
        if kind == "alias":
            browser = trim_plain_text(values[place["previousId"]]) or browser
        if event_type is None or message is None or (user is None and browser is None):
            raise OddValueError
        id_source = source
        if "source" in place:
            id_source = trim_plain_text(values[place["source"]]) or source
        sent, said = (parse_plain_document(values[place[name]]) for name in ("context", "properties"))
        order_id, currency = trim_plain_text(said.get("order_id")), read_currency(said)
        if event_type == PURCHASE and order_id is None:
            raise OddValueError
        is_bot = sent.get("isBot")
        if is_bot is not None and not isinstance(is_bot, bool):
            raise OddValueError
        texts = (
            source,
            id_source,
            message,
            event_type,
            user,
            browser,
            order_id,
            currency,
            trim_plain_text(sent.get("sessionId")),
            None if is_bot else user,
            None if is_bot else browser,
            self.hash_user(user, id_source),
            self.hash_browser(browser, id_source),
            *read_surroundings(sent),
            trim_plain_text(said.get("request_id")),
            read_time_zone(sent),
        )
        consents, place = read_consents(sent), read_place(sent)
        return PlainEvent(texts, bool(is_bot), consents, place, list_products(event_type, said))


def find_local_minutes(times: pa.Array, events: list[PlainEvent]) -> pa.Array:
    """The minute of the day on each visitor's own clock."""
    micros, zone = times.cast(pa.int64()).to_pylist(), TEXT_COLUMNS.index("time_zone")
    minutes = [find_local_minute(at, event.texts[zone]) for at, event in zip(micros, events, strict=True)]
    return pa.array(minutes, pa.int32())


def build_rows(
    positions: pa.Array, events: list[PlainEvent], times: pa.Array, dates: pa.Array
) -> pa.RecordBatch:
    """One row per product of each event, in the columns of `transform_events`."""
    counts = np.array([len(event.products) for event in events], dtype=np.int64)
    of_event = pa.array(np.repeat(np.arange(len(events)), counts), pa.int64())
    texts = zip(*[event.texts for event in events], strict=True) if events else [()] * len(TEXT_COLUMNS)
    words = list(zip(*[event.consents for event in events], strict=True)) or [()] * len(EVENT_PURPOSES)
    granted = dict(zip(EVENT_PURPOSES, words, strict=True))
    once = {
        "_position": positions,
        "_last_date": dates,
        "occurred_at": times,
        "occurred_date": dates,
        **{name: pa.array(column, pa.string()) for name, column in zip(TEXT_COLUMNS, texts, strict=True)},
        "is_bot": pa.array([event.is_bot for event in events], pa.bool_()),
        "latitude": pa.array([event.place[0] for event in events], pa.float64()),
        "longitude": pa.array([event.place[1] for event in events], pa.float64()),
        "local_minute": find_local_minutes(times, events),
        **{f"has_{purpose}_consent": pa.array(granted[purpose], pa.bool_()) for purpose in EVENT_PURPOSES},
        "_consents": build_consents(granted, times, dates),
    }
    rows = {name: column.take(of_event) for name, column in once.items()}
    products = [product for event in events for product in event.products]
    row_no = pa.array([place for n in counts.tolist() for place in range(1, n + 1)], pa.int32())
    message = pc.replace_substring(rows["_message_id"], "#", "##")
    is_purchase = pc.equal(rows["event_type"], PURCHASE)
    numbered = pc.binary_join_element_wise(message, row_no.cast(pa.string()), "#")
    rows |= {
        "_row_no": row_no,
        "event_id": pc.if_else(is_purchase, numbered, message),
        "_record_key": pc.if_else(is_purchase, pc.binary_join_element_wise(message, "#", ""), message),
        "item_id": pa.array([each.item_id for each in products], pa.string()),
        "quantity": pa.array([each.quantity for each in products], pa.string()).cast(pa.int32()),
        "unit_price": pa.array([each.price for each in products], pa.string()).cast(to_arrow_type(MONEY)),
    }
    return pa.RecordBatch.from_pydict(rows)
