"""A small shop in the sample shop's formats: its files of a few days, a first snapshot, a service over its
home with a clock of its own, and a night run in this process.
"""

import csv
import gzip
import importlib
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
from werkzeug.serving import make_server

from expectations.contracts import snapshot as contract
from expectations.contracts.census import CENSUS, Census
from expectations.contracts.home import HomePaths
from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.lake import CORE_IDENTITIES
from expectations.contracts.published import Published
from expectations.contracts.restrictions_store import RestrictionDatabase
from serving_app.app import create_app
from serving_app.settings import Settings as ServiceSettings
from serving_app.stores import open_stores
from spark_jobs.ingest.sources.sample_shop import ORDER_COLUMNS, PEOPLE_COLUMNS
from spark_jobs.lake.tables import Lake
from spark_jobs.publish.snapshot_writer import write_snapshot
from spark_jobs.run.context import LandingDates, RunContext, TableReport
from spark_jobs.run.launcher import STEP_MODULES
from spark_jobs.settings import Settings

KEY = "a key of the tests"
SOURCE = "sample_shop"  # whose zone is Martinique, four hours behind UTC
OPENED = date(2026, 2, 16)
N_DAYS, N_CUSTOMERS, N_ITEMS = 4, 6, 40
BEFORE, TODAY = OPENED + timedelta(days=N_DAYS - 1), OPENED + timedelta(days=N_DAYS)
U1 = f"c_{1:024x}"  # the customer that the user u1 was to the night before
STEPS = ("land", "ingest", "identify", "load", "dbt", "export", "train", "score", "publish")


def write_utc(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def list_catalogue(day: date) -> list[dict]:
    """The items, none of which is bought twice."""
    return [
        {
            "item_id": f"item-{n:02}",
            "title": f"Thing {n}",
            "category_path": ["all", f"cat-{n % 2}"],
            "brand": f"brand-{n % 3}",
            "price": 2.5 + n,
            "currency": "EUR",
            "stock": 9,
            "attributes": {"colour": ("red", "blue")[n % 2]},
            "is_consumable": False,
            "status": "active",
            "updated_at": write_utc(datetime(2026, 2, 1, tzinfo=UTC)),
        }
        for n in range(N_ITEMS)
    ]


def list_people(day: date) -> list[dict]:
    """The whole customer file."""
    since = write_utc(datetime(2026, 2, 1, tzinfo=UTC))
    return [
        {"crm_id": f"c{n}", "user_id": f"u{n}", "created_at": since, "updated_at": since, "country": "France"}
        for n in range(N_CUSTOMERS)
    ]


def make_order(order_id: str, at: datetime, user_id: str, item: int) -> dict:
    """The one line of an order."""
    return {
        "order_id": order_id,
        "line_no": 1,
        "ordered_at": write_utc(at),
        "user_id": user_id,
        "item_id": f"item-{item:02}",
        "quantity": 1,
        "unit_price": "2.50",
        "currency": "EUR",
        "country": "France",
        "channel": "web",
        "kind": "sale",
    }


def list_orders(day: date) -> list[dict]:
    """Every customer buys one thing a day, each another one, none of them from the first ten."""
    noon = datetime(day.year, day.month, day.day, 16, tzinfo=UTC)
    return [
        make_order(f"o-{day}-{n}", noon, f"u{n}", 10 + (5 * n + day.day) % 30) for n in range(N_CUSTOMERS)
    ]


def as_csv(columns: tuple[str, ...], rows: list[dict]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def as_json_lines(rows: list[dict]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


class Clock:
    """What time it is, until a test says otherwise."""

    def __init__(self, time: datetime) -> None:
        self.time = time

    def __call__(self) -> datetime:
        return self.time


def make_first_snapshot() -> Iterator[tuple[bytes, bytes]]:
    """What the night before published: the items, what is popular, and the list of the customer `u1`."""
    meta = contract.SnapshotMeta(
        layout=contract.LAYOUT,
        run_id="before",
        landing_date=str(BEFORE),
        published_at=f"{TODAY}T07:00:00Z",
        model_version="concierge/1",
        code_hash="c0de",
        table_versions={},
        time_zone="America/Martinique",
    )
    yield contract.META, contract.pack_record(meta)
    names = [f"item-{n:02}" for n in range(N_ITEMS)]
    for name in names:
        facts = contract.ItemFacts(name, "cat", "brand", 2.5, "EUR", None, True, True)
        yield contract.get_item_key(name), contract.pack_record(facts)
    vocabulary = contract.ListVocabulary()
    scores = [1 - place / 100 for place in range(N_ITEMS)]
    packed = vocabulary.pack(names, scores, [("popularity",)] * N_ITEMS)
    yield contract.get_audience_list_key(contract.POPULAR), packed
    yield contract.get_customer_list_key(U1), packed
    customer = contract.CustomerSlice("France", (), None, 4, None, True)
    yield contract.get_customer_key(U1), contract.pack_record(customer)
    yield contract.get_identifier_key(hash_identifier(KEY, "user_id", SOURCE, "u1")), U1.encode()
    yield contract.CATALOGUE, vocabulary.as_bytes()
    yield CENSUS, Census({}, {}).as_bytes()


@dataclass
class LiveShop:
    """A home of that shop.

    Attributes:
        reports: of the night, by step.
    """

    home: Path
    spark: object
    clock: Clock
    reports: dict[str, list[TableReport]] = field(default_factory=dict)

    @property
    def paths(self) -> HomePaths:
        return HomePaths(self.home)

    @property
    def lake(self) -> Lake:
        return Lake(self.paths.lake, self.spark)

    def publish_first_snapshot(self) -> None:
        """Deploy the snapshot that the service answers from during the day."""
        write_snapshot(self.paths.snapshots / "before", make_first_snapshot())
        RestrictionDatabase.create(self.paths.restrictions)
        published_at = f"{TODAY}T07:00:00Z"
        Published("before", str(BEFORE), published_at, "before", "", "concierge/1", "").write(self.home)

    def start_service(self) -> None:
        """A worker of the service: its app's `client`, and its `stores`, all on disk."""
        settings = ServiceSettings(home=self.home, sources=(SOURCE,), identity_key=KEY)
        self.stores = open_stores(settings, self.clock)
        self.client = create_app(settings, self.stores, clock=self.clock).test_client()

    @contextmanager
    def serve(self) -> Iterator[str]:
        """The address of that worker over HTTP, for the time of a block."""
        server = make_server("127.0.0.1", 0, self.client.application, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
        server.server_close()

    def send(self, *events: dict, at: datetime) -> dict:
        """Send events at a moment; what became of them."""
        self.clock.time = at
        answer = self.client.post("/v1/batch", json={"batch": list(events), "sentAt": at.isoformat()})
        assert answer.status_code == 200, answer.text
        return answer.json

    def finish_log(self, at: datetime) -> None:
        """What a worker's timer does at a moment: the logs of the minute before are finished."""
        self.clock.time = at
        self.stores.events.rotate()
        self.stores.impressions.log.rotate()

    def ask(self, **ids: str) -> dict:
        """The list of a visitor."""
        return self.client.get("/v1/recommendations", query_string={**ids, "n": N_ITEMS}).json

    def hand_over(self, day: date, events: list[dict], more_orders: list[dict]) -> None:
        """Land the shop's files of a day."""
        content = {
            "events": ("jsonl.gz", gzip.compress(as_json_lines(events), mtime=0)),
            "orders": ("csv", as_csv(ORDER_COLUMNS, list_orders(day) + more_orders)),
            "people": ("csv", as_csv(PEOPLE_COLUMNS, list_people(day))),
            "catalogue": ("jsonl", as_json_lines(list_catalogue(day))),
        }
        for entity, (suffix, data) in content.items():
            folder = self.paths.landing / SOURCE / entity / str(day)
            folder.mkdir(parents=True)
            (folder / f"{entity}.{suffix}").write_bytes(data)

    def run_night(self) -> None:
        """Every step of the nightly run over all landing dates; each report must balance."""
        environment = {
            "CONCIERGE_HOME": str(self.home),
            "CONCIERGE_SOURCES": SOURCE,
            "CONCIERGE_IDENTITY_KEY": KEY,
        }
        now = datetime(TODAY.year, TODAY.month, TODAY.day, 7, tzinfo=UTC) + timedelta(days=1)
        days, settings = LandingDates(OPENED, TODAY), Settings.from_environment(environment)
        run = RunContext("tonight", days, settings, now, "c0de", "c0f1")
        for step in STEPS:
            self.reports[step] = importlib.import_module(STEP_MODULES[step]).run(run, self.lake)
            assert not [each for each in self.reports[step] if not each.is_balanced or each.failure], step

    def find_customer(self, kind: str, value: str) -> str | None:
        """Whose an identifier is; None: nobody's."""
        identifier_id = hash_identifier(KEY, kind, SOURCE, value)
        rows = self.lake.read_arrow(CORE_IDENTITIES).to_pylist()
        return next((row["customer_id"] for row in rows if row["identifier_id"] == identifier_id), None)

    def query(self, sql: str) -> list[tuple]:
        """Rows of the published warehouse."""
        with duckdb.connect(str(self.paths.warehouse_file), read_only=True) as warehouse:
            return warehouse.execute(sql).fetchall()
