"""A shop that has traded, read back with plain Python, so that what is asserted does not lean on what wrote
it.
"""

import csv
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sample_shop.shop import Shop

MAIN = {
    "events": "events.jsonl.gz",
    "orders": "orders.csv",
    "people": "people.csv",
    "catalogue": "catalogue.jsonl",
}
FORT_DE_FRANCE = ZoneInfo("America/Martinique")


def shop_day(at: datetime | str) -> str:
    """The day on the shop's wall at a moment that names its zone."""
    return (
        (datetime.fromisoformat(at) if isinstance(at, str) else at)
        .astimezone(FORT_DE_FRANCE)
        .date()
        .isoformat()
    )


@dataclass(frozen=True)
class Traded:
    """What lies in a home after the shop has traded."""

    landing: Path
    truth: Path

    def days(self, entity: str) -> list[str]:
        return sorted(path.name for path in (self.landing / entity).iterdir())

    def raw_events(self) -> Iterator[tuple[str, int, bytes]]:
        """(landing day, line from 1, bytes) of every event line, in order of landing."""
        for day in self.days("events"):
            content = gzip.decompress((self.landing / "events" / day / "events.jsonl.gz").read_bytes())
            for number, line in enumerate(content.removesuffix(b"\n").split(b"\n"), start=1):
                yield day, number, line

    def events(self) -> Iterator[tuple[str, dict]]:
        """(landing day, record) of what the shop's own trade wrote."""
        extra = self.extra("events")
        for day, number, line in self.raw_events():
            if (day, number) not in extra:
                yield day, json.loads(line)

    def records(self, entity: str, day: str, name: str = "") -> list[tuple[int, list[str]]]:
        """(line from 1 on which it begins, fields) of every record of a CSV file, its header included."""
        path, found, line = self.landing / entity / day / (name or f"{entity}.csv"), [], 1
        with path.open(newline="") as file:
            reader = csv.reader(file)
            for fields in reader:
                found.append((line, fields))
                line = reader.line_num + 1
        return found

    def rows(self, entity: str, day: str) -> list[dict[str, str]]:
        """The rows of a CSV feed on one landing day that trade wrote."""
        (_, header), *records = self.records(entity, day)
        extra = self.extra(entity)
        return [
            dict(zip(header, fields, strict=True)) for line, fields in records if (day, line) not in extra
        ]

    def all_rows(self, entity: str) -> list[dict[str, str]]:
        return [row for day in self.days(entity) for row in self.rows(entity, day)]

    def catalogue(self, day: str) -> list[dict]:
        extra = self.extra("catalogue")
        lines = (self.landing / "catalogue" / day / "catalogue.jsonl").read_bytes().splitlines()
        return [json.loads(line) for number, line in enumerate(lines, start=1) if (day, number) not in extra]

    def planted(self) -> list[tuple[str, dict[str, str]]]:
        """(landing day, row) of everything the truth says is planted."""
        found = []
        for path in sorted((self.truth / "planted").glob("*/records.csv")):
            found.extend((path.parent.name, row) for row in csv.DictReader(path.read_text().splitlines()))
        return found

    def extra(self, feed: str) -> set[tuple[str, int]]:
        """(landing day, line) of what stands in a feed's main file and is not of the shop's own trade."""
        rows = self.planted()
        return {
            (day, int(row["line"]))
            for day, row in rows
            if row["file"] == MAIN[feed] and row["is_extra"] == "true"
        }

    def plants(self, feed: str) -> set[tuple[str, int]]:
        """Those of them that are not lines of trade spoiled, but records of their own."""
        rows = [
            (day, row)
            for day, row in self.planted()
            if row["file"] == MAIN[feed] and row["is_extra"] == "true"
        ]
        return {(day, int(row["line"])) for day, row in rows if row["key"]}

    @staticmethod
    def happened(event: dict) -> datetime:
        """When an event truly happened, a wrong clock put right."""
        told = {
            name: datetime.fromisoformat(event[name])
            for name in ("receivedAt", "sentAt", "originalTimestamp")
        }
        return told["receivedAt"] - (told["sentAt"] - told["originalTimestamp"])

    def true_by_day(self, subject: str) -> Iterator[tuple[str, dict]]:
        """(day, row) of a subject of the truth."""
        for path in sorted((self.truth / subject).glob("*.parquet")):
            for row in pq.read_table(path).to_pylist():
                yield path.stem, row

    def true(self, subject: str) -> pa.Table:
        return pa.concat_tables(
            pq.read_table(path) for path in sorted((self.truth / subject).glob("*.parquet"))
        )


def trade(home: Path, customers: int, days: int, seed: int, first: int = 0) -> Traded:
    """Trade `days` days from the opening and write those from number `first` on."""
    Shop(seed, customers, home / "landing", home / "truth", write_from=first).trade_until(days - 1)
    return Traded(home / "landing", home / "truth")


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> Traded:
    """150 customers, 10 days."""
    return trade(tmp_path_factory.mktemp("small"), 150, 10, seed=11)


@pytest.fixture(scope="session")
def shop(tmp_path_factory) -> Traded:
    """900 customers, 42 days: enough for what only shows in numbers."""
    return trade(tmp_path_factory.mktemp("shop"), 900, 42, seed=23)
