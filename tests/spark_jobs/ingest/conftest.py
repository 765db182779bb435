"""A home that files land in, day by day, and nights that take them in."""

import csv
import gzip
import io
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pyspark.sql import DataFrame

from expectations.contracts.lake import LAKE
from spark_jobs.ingest import job
from spark_jobs.ingest.deliveries import DeliveryManifest
from spark_jobs.ingest.text_normalisation import make_record_normaliser
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import LandingDates, RunContext, TableReport
from spark_jobs.settings import Settings
from spark_jobs.sources.declaration import Source, SourceContext

KEY = "a key of the tests"
LANDED = date(2026, 1, 5)  # of the records that `typed_by` makes


@dataclass
class Home:
    """A home of some sources, and the reports of the nights it has seen."""

    folder: Path
    lake: Lake
    sources: str
    nights: list[list[TableReport]] = field(default_factory=list)

    def land(self, name: str, content: bytes) -> Path:
        """Put a file at `landing/<name>`."""
        path = self.folder / "landing" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def night(self, first: str, last: str | None = None, **more: str) -> list[TableReport]:
        """Ingest a range of landing days, with more settings; every report must balance."""
        settings = Settings.from_environment(
            {
                "CONCIERGE_HOME": str(self.folder),
                "CONCIERGE_SOURCES": self.sources,
                "CONCIERGE_IDENTITY_KEY": KEY,
                **more,
            }
        )
        days = LandingDates(date.fromisoformat(first), date.fromisoformat(last or first))
        night = RunContext(f"night {len(self.nights)}", days, settings, datetime(2026, 1, 1, tzinfo=UTC))
        reports = job.run(night, self.lake)
        assert not [report for report in reports if not report.is_balanced]
        self.nights.append(reports)
        return reports

    def cut_off(self, first: str, last: str | None = None) -> None:
        """The same night, killed when all tables are written and the manifest is not."""

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(DeliveryManifest, "commit", killed)
            with pytest.raises(KeyboardInterrupt):
                self.night(first, last)

    def rows(self, name: str) -> list[dict]:
        """A table's rows, in the order of their keys."""
        table = LAKE[name]
        return sorted(
            self.lake.read_arrow(table).to_pylist(), key=lambda row: [str(row[key]) for key in table.key]
        )

    def core(self) -> dict[str, list[dict]]:
        """Every `core_*` table's rows."""
        return {name: self.rows(name) for name in LAKE if name.startswith("core_")}


@pytest.fixture
def home(spark, tmp_path):
    """A function that makes a home of some sources."""

    def make(sources: str, name: str = "home") -> Home:
        return Home(tmp_path / name, Lake(tmp_path / name / "lake", spark), sources)

    return make


@pytest.fixture
def typed_by(spark):
    """A function that gives the frame a feed's transform makes of records, each a line of one file that
    landed on `LANDED`.
    """

    def transform(source: Source, entity: str, records: list[dict]) -> DataFrame:
        feed = source.find_feed(entity)
        raw = ", ".join(f"{name}: string" for name in feed.columns)
        schema = (
            f"raw struct<{raw}>, unreadable struct<reason: string, detail: string>, raw_text string,"
            " source_file string, source_line int, delivery_id string, landing_date date, first_received"
            " string"
        )
        rows, normalise = [], make_record_normaliser(feed.columns, feed.id_fields)
        for number, record in enumerate(records, start=1):
            values, flaw, _ = normalise(tuple(record.get(name) for name in feed.columns), ())
            place = ("", "f", number, "d", LANDED, f"{LANDED}/f#{number:09d}")
            rows.append((values, flaw and ("bad_id", flaw), *place))
        return feed.transform(
            spark.createDataFrame(rows, schema), SourceContext(source.name, source.time_zone, KEY)
        )

    return transform


@pytest.fixture
def report():
    """A function that finds the report of one table."""

    def find(reports: list[TableReport], table_name: str) -> TableReport:
        return next(each for each in reports if each.table_name == table_name)

    return find


@pytest.fixture
def retail_line():
    """A function that makes one line of Online Retail, as delivered."""

    def make(invoice: str, item: str = "85123A", **more: object) -> dict[str, object]:
        plain = {
            "InvoiceNo": invoice,
            "StockCode": item,
            "Description": "WHITE LANTERN",
            "Quantity": 6,
            "InvoiceDate": "2010-12-01 08:26:00",
            "UnitPrice": "2.55",
            "CustomerID": "17850.0",
            "Country": "United Kingdom",
        }
        return {**plain, **more}

    return make


@pytest.fixture
def as_csv():
    """A function that writes rows as a CSV file with a header."""

    def write(columns: tuple[str, ...], rows: list[dict]) -> bytes:
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue().encode()

    return write


@pytest.fixture
def as_json_lines():
    """A function that writes rows as one JSON object a line."""
    return lambda rows: b"".join(json.dumps(row).encode() + b"\n" for row in rows)


@pytest.fixture
def zipped():
    """A function that puts content into gzip, the same bytes each time."""
    return lambda content: gzip.compress(content, mtime=0)


@pytest.fixture
def typed(typed_by):
    """A function that gives what a feed's transform makes of records, in their order."""

    def transform(source, entity: str, records: list[dict], *columns: str) -> list[tuple]:
        frame = typed_by(source, entity, records)
        return [tuple(row) for row in frame.orderBy("source_line").select(*columns).collect()]

    return transform
