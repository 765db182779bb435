"""Entries of a timeline, their order, and pages of them."""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from serving_app.http.problems import BadRequest

EVENT, ORDER, LIST, SEGMENT = "event", "order", "list", "segment"
IDENTITY, OVERRIDE, CONSENT = "identity", "override", "consent"
KINDS = (EVENT, ORDER, LIST, SEGMENT, IDENTITY, OVERRIDE, CONSENT)


class Place(NamedTuple):
    """Where an entry stands: entries are in the order of their places."""

    at: datetime
    kind: str
    key: str


END = Place(datetime.max.replace(tzinfo=UTC), "", "")  # behind every entry


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened; most of its fields belong to some kinds alone.

    Attributes:
        at: in UTC; what a night worked out of a day stands at the day's end.
        key: tells entries of one kind and moment apart.
        what: a stable word, such as `view`, `ordered`, `served`, `entered`, `merged`.
        amount: in `currency`, decimal text.
        items, clicked: of a list, item ids; `clicked` is None where it is not known.
        other_customer_id: of a merge, split or new name: the other one.
        reason: why a segment or identity changed: a word of the warehouse.
        is_since_night: whether no published night has it.
    """

    at: datetime
    kind: str
    key: str
    what: str
    item_id: str | None = None
    title: str | None = None
    quantity: int | None = None
    order_id: str | None = None
    amount: str | None = None
    currency: str | None = None
    request_id: str | None = None
    placement: str | None = None
    items: tuple[str, ...] | None = None
    clicked: tuple[str, ...] | None = None
    applied_overrides: tuple[str, ...] | None = None
    segment_id: str | None = None
    override_id: str | None = None
    override_kind: str | None = None
    other_customer_id: str | None = None
    purpose: str | None = None
    reason: str | None = None
    is_since_night: bool = False

    @property
    def place(self) -> Place:
        return Place(self.at, self.kind, self.key)


@dataclass(frozen=True)
class Page:
    """A page that is asked for.

    Attributes:
        before: entries before this place only.
        kinds: of these kinds only.
    """

    limit: int
    before: Place = END
    kinds: tuple[str, ...] = KINDS

    def wants(self, entry: Entry) -> bool:
        return entry.kind in self.kinds and entry.place < self.before


def merge_entries(page: Page, *sources: Iterable[Entry]) -> tuple[list[Entry], Place | None]:
    """A page of what the sources have, the newest first, and the place that the next page is before; None:
    this is the last. Of one thing that two sources have, the earlier source's entry stands.

    Args:
        sources: each has the newest wanted entries, as many as the page holds and one more, or all.
    """
    by_place: dict[Place, Entry] = {}
    for source in sources:
        for entry in source:
            if page.wants(entry):
                by_place.setdefault(entry.place, entry)
    entries = [by_place[place] for place in sorted(by_place, reverse=True)]
    shown = entries[: page.limit]
    return shown, shown[-1].place if len(entries) > len(shown) else None


def encode_place(place: Place) -> str:
    """A place as a cursor."""
    text = f"{place.at.isoformat()} {place.kind} {place.key}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_place(cursor: str) -> Place:
    """The place of a cursor.

    Raises:
        BadRequest: no page gave this cursor.
    """
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        at, kind, key = text.split(" ", 2)
        moment = datetime.fromisoformat(at)
        if moment.utcoffset() is None or kind not in KINDS:
            raise ValueError("no place of a timeline")
    except (ValueError, binascii.Error):
        raise BadRequest("cursor: send next_cursor of the page before as it is") from None
    return Place(moment.astimezone(UTC), kind, key)
