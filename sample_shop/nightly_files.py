"""Writes the four files of a night: trade with late, repeated and spoiled lines, then planted lines."""

from pathlib import Path

import numpy as np

from sample_shop import file_writing, spoiled_lines
from sample_shop.columns import Columns
from sample_shop.crm import PEOPLE_HEADER as PEOPLE_HEADER
from sample_shop.crm import format_csv_line
from sample_shop.event_transport import LATE, REPEAT_BIT, SKEWED
from sample_shop.orders import ORDERS_HEADER as ORDERS_HEADER
from sample_shop.orders import Order
from sample_shop.planted_cases.absence import truncate_catalogue
from sample_shop.planted_cases.exports import is_lone_cr_day
from sample_shop.planted_cases.records import PlantedDay, PlantedLine
from sample_shop.random_streams import create_random_stream
from sample_shop.shop_calendar import calendar_date

FILES = {
    "events": "events.jsonl.gz",
    "orders": "orders.csv",
    "people": "people.csv",
    "catalogue": "catalogue.jsonl",
}
EVENT_PLANTS = {"late_next_files": LATE, "clock_skew": SKEWED, **REPEAT_BIT}
# feed, file, line, kind, reason, key, and whether the line is an extra one that trade did not make
PlantedRows = list[tuple[str, str, int, str, str, str, bool]]


class NightlyFiles:
    """Collects what arrives for each landing day, and writes the files of a night."""

    def __init__(self, seed: int, landing: Path, write_from: int) -> None:
        self.seed, self.landing, self.write_from = seed, landing, write_from
        self.events: dict[int, list[tuple[int, int, bytes, int, bytes]]] = {}
        self.orders: dict[int, list[tuple[int, str, int, bytes, str]]] = {}
        self.spoiled: dict[str, list[bytes]] = {}  # by feed, of the day written last

    def add_day(self, day: int, sent: Columns, lines: list[bytes], orders: list[Order]) -> None:
        """Add a day's event lines and orders, each for the day it lands on."""
        columns = zip(
            sent.landing.tolist(),
            sent.received_ms.tolist(),
            lines,
            sent.planted.tolist(),
            sent.message_id.tolist(),
            strict=True,
        )
        for k, (landing, received, line, planted, message_id) in enumerate(columns):
            self.events.setdefault(landing, []).append(
                (received, day * 100_000_000 + k, line, planted, message_id)
            )
        for order in orders:
            self._file(order, order.landing, order.plants[0] if order.plants == ("late_order",) else "")
            if order.repeats_on >= 0:
                self._file(order, order.repeats_on, order.plants[0])

    def _file(self, order: Order, landing: int, kind: str) -> None:
        if landing >= self.write_from:
            for number, line in enumerate(order.lines):
                self.orders.setdefault(landing, []).append((order.at_ms, order.order_id, number, line, kind))

    def list_event_lines(self, day: int) -> list[bytes]:
        """The events that land on a day, as long as its files are not written."""
        return [line for _, _, line, _, _ in self.events.get(day, [])]

    def write_day(
        self, day: int, people: list[bytes], catalogue: list[bytes], plants: PlantedDay
    ) -> PlantedRows:
        """Write the night's files. Returns what is planted in them; lines are counted from 1, a CSV's header
        included.
        """
        events = sorted(self.events.pop(day, []))
        orders = sorted(self.orders.pop(day, []), key=lambda o: (o[0], o[1], o[4] != "", o[2]))
        found: PlantedRows = []
        places = self._write_feed(day, "events", [e[2] for e in events], None, plants, found)
        for place, (_, _, _, planted, message_id) in zip(places, events, strict=True):
            if planted:
                for kind, bit in EVENT_PLANTS.items():
                    if planted & bit:
                        found.append(
                            ("events", FILES["events"], int(place), kind, "", message_id.decode(), False)
                        )
        places = self._write_feed(
            day, "orders", [o[3] for o in orders], format_csv_line(ORDERS_HEADER), plants, found
        )
        for place, (_, order_id, number, _, kind) in zip(places, orders, strict=True):
            if kind:
                found.append(
                    ("orders", FILES["orders"], int(place), kind, "", f"{order_id}/{number + 1}", False)
                )
        self._write_feed(day, "people", people, format_csv_line(PEOPLE_HEADER), plants, found)
        self._write_feed(day, "catalogue", catalogue, None, plants, found)
        for extra in plants.files:
            contents = [line.content for line in extra.lines]
            file_writing.write_lines(self._path(day, extra.feed, extra.name), contents, extra.header or None)
            found += list_planted_lines(extra.feed, extra.name, extra.lines, 2 if extra.header else 1)
        return sorted(found)

    def _path(self, day: int, feed: str, name: str) -> Path:
        return self.landing / feed / calendar_date(day).isoformat() / name

    def _write_feed(
        self,
        day: int,
        feed: str,
        lines: list[bytes],
        header: bytes | None,
        plants: PlantedDay,
        found: PlantedRows,
    ) -> np.ndarray:
        """Write one file with its spoiled lines, and its plants behind them; returns the line number of each
        good line.
        """
        rng = create_random_stream(self.seed, f"defects_{feed}", day)
        extra = spoiled_lines.make_spoiled_lines(rng, feed, day, lines)
        self.spoiled[feed] = [line for _, _, line in extra]
        merged, good, bad = spoiled_lines.insert_at_random(rng, lines, self.spoiled[feed])
        first, planted = 1 if header is None else 2, plants.lines[feed]
        whole = [*merged, *(line.content for line in planted)]
        kept = truncate_catalogue(day, whole) if feed == "catalogue" else whole
        for place, (kind, reason, _) in zip(bad, extra, strict=True):
            if place < len(kept):
                found.append((feed, FILES[feed], int(place) + first, kind, reason, "", True))
        found += list_planted_lines(
            feed, FILES[feed], planted[: max(len(kept) - len(merged), 0)], first + len(merged)
        )
        end = b"\r" if feed == "orders" and is_lone_cr_day(day) else b"\n"
        file_writing.write_lines(self._path(day, feed, FILES[feed]), kept, header, end)
        return good + first


def list_planted_lines(feed: str, file: str, lines: list[PlantedLine], first: int) -> PlantedRows:
    """The rows about planted lines of which the first stands on line `first`; one record may have several
    lines.
    """
    found: PlantedRows = []
    for line in lines:
        found.append((feed, file, first, line.kind, line.reason, line.key, True))
        first += len(line.content.splitlines())
    return found
