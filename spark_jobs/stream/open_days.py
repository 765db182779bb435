"""Lakes of the days that no night has closed, each of the events received on one shop day.

A night reads the home's lake whole and calls its newest landing day "today", so what is received meanwhile
must not be in it (ADR 55). It stands in a lake of its own day, `stream/days/<day>/`, in tables of the same
names, written by the night's own ingest from the same landed files; when a night over that day is published,
the day's lake goes.
"""

import logging
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from expectations.contracts.lake import OPS_DELIVERIES
from expectations.contracts.published import Published
from spark_jobs.ingest.job import ingest_files
from spark_jobs.lake.compaction import compact_lake
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import LandingDates, RunContext, TableReport
from spark_jobs.settings import Settings
from spark_jobs.sources.landed_files import LandedFile, hash_file, list_landing_dates, parse_folder_date
from spark_jobs.sources.merged_files import read_parts
from spark_jobs.sources.registry import LIVE_SOURCE, load_sources

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ENTITY = "events"
# Each batch adds a file to a table: of 64 the next batch's comparison takes 0.1 s, of a day's 2,880 many.
BATCHES_BETWEEN_COMPACTIONS = 64
PARTS = "parts"
logger = logging.getLogger(__name__)


class IngestedDay(NamedTuple):
    """What one batch did in one open day."""

    day: date
    n_files: int
    seconds: float
    reports: list[TableReport]

    @property
    def counts(self) -> dict[str, int]:
        """Numbers of events by outcome."""
        report = next(each for each in self.reports if each.detail.get("entity") == ENTITY)
        names = ("n_received", "n_inserted", "n_updated", "n_duplicate", "n_quarantined")
        return {name: getattr(report, name) for name in names}


class OpenDays:
    """The open days of a home. One process at a time writes them."""

    def __init__(self, settings: Settings, spark: "SparkSession") -> None:
        self.settings, self._spark = settings, spark
        self._source = next(each for each in load_sources(settings.sources) if each.name == LIVE_SOURCE)
        self._known: dict[date, set[str]] = {}
        self._n_ingested: dict[date, int] = {}

    @property
    def time_zone(self) -> str:
        """The shop's."""
        return self._source.time_zone

    def open_lake(self, day: date) -> Lake:
        """The lake of one day."""
        return Lake(self.settings.paths.open_days / str(day), self._spark)

    def ingest_landed(self) -> Iterator[IngestedDay]:
        """Ingest what has landed of open days and is not in their lakes; what each day got."""
        for day in self._list_open_days():
            known = self._find_known(day)
            folder = self.settings.paths.landed_events / str(day)
            new = sorted(
                path.name
                for path in folder.glob("[!.]*.jsonl")
                if path.name not in known and not is_made_of(path, known)
            )
            if new:
                yield self._ingest(day, folder, new)

    def drop_closed(self) -> list[date]:
        """Delete the lakes of days that a published night has closed; these days."""
        closed_until, closed = self._find_closed_day(), []
        for folder in sorted(self.settings.paths.open_days.glob("*")):
            day = parse_folder_date(folder.name)
            if day and closed_until and day <= closed_until:
                shutil.rmtree(folder)
                self._known.pop(day, None)
                closed.append(day)
        return closed

    def _list_open_days(self) -> list[date]:
        closed_until = self._find_closed_day()
        days = list_landing_dates(self.settings.paths.landed_events)
        return [day for day in days if closed_until is None or day > closed_until]

    def _find_closed_day(self) -> date | None:
        published = Published.read(self.settings.home)
        return date.fromisoformat(published.landing_date) if published else None

    def _find_known(self, day: date) -> set[str]:
        """Names of the day's files that its lake holds whole."""
        if day not in self._known:
            lake = self.open_lake(day)
            rows = lake.read_arrow(OPS_DELIVERIES, ["source_file", "n_records"]).to_pylist()
            if any(row["n_records"] is None for row in rows):
                # A stream was killed while it ingested. What it wrote by halves ingest would work out anew
                # from its raw table, by Spark; from the files it is done in a fraction of that.
                logger.info(f"{day} is ingested again from its {len(rows):,} files")
                shutil.rmtree(lake.root)
                rows = []
            self._known[day] = {row["source_file"].rsplit("/", 1)[-1] for row in rows}
        return self._known[day]

    def _ingest(self, day: date, folder: Path, names: list[str]) -> IngestedDay:
        began, lake = time.monotonic(), self.open_lake(day)
        files = [make_landed_file(folder / name, self.settings.landing, day) for name in names]
        context = RunContext(f"stream of {day}", LandingDates(day, day), self.settings, datetime.now(UTC))
        known = self._known.pop(day)  # should it fail, the lake is looked at again
        reports = ingest_files(context, lake, [self._source], files, lake.root / PARTS)
        self._known[day] = known | set(names)
        self._n_ingested[day] = self._n_ingested.get(day, 0) + 1
        if self._n_ingested[day] % BATCHES_BETWEEN_COMPACTIONS == 0:
            compact_lake(lake.root)
        return IngestedDay(day, len(names), time.monotonic() - began, reports)


def is_made_of(path: Path, known: set[str]) -> bool:
    """Whether a file was merged, by `land` of a night, of files that are known."""
    parts = read_parts(path)
    return bool(parts) and parts <= known


def make_landed_file(path: Path, landing: Path, day: date) -> LandedFile:
    """A file of the event log as ingest is told of it."""
    name = str(path.relative_to(landing))
    return LandedFile(path, name, LIVE_SOURCE, ENTITY, day, path.stat().st_size, hash_file(path))
