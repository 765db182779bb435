"""A small shop's lake, as `score` and `export` leave it, made without Spark."""

import json
import shutil
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import lmdb
import numpy as np
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from expectations.contracts import lake as contracts
from expectations.contracts.identifiers import derive_customer_id, hash_identifier
from expectations.contracts.published import Published
from expectations.contracts.tables import Table
from models.artifact import ModelArtifact
from models.recommenders import build_blend
from models.registry import ModelRegistry
from spark_jobs.lake.tables import Lake, build_arrow_schema
from spark_jobs.publish.job import run
from spark_jobs.run.context import LandingDates, RunContext
from spark_jobs.settings import Settings

KEY = "test-key"
N_ITEMS = 60
TRAITS = '{"favourite_brand":"Ōki","n_seen":2,"share":null,"ratio":Infinity}'
CONTRACTS = {table.name: table for table in vars(contracts).values() if isinstance(table, Table)}


def listed(numbers, source="item_knn"):
    return [
        {"item_id": f"item-{n:02d}", "score": 1 - place / 100, "sources": [source]}
        for place, n in enumerate(numbers)
    ]


@dataclass
class Shop:
    """Forty customers with three orders each over sixty items, all healthy; a test changes a row and writes
    it again.
    """

    home: Path
    model_version: str = "concierge/1"
    rows: dict[str, list[dict]] = field(default_factory=dict)

    def __post_init__(self):
        users = [f"user-{n}" for n in range(40)]
        self.identifiers = {user: hash_identifier(KEY, "user_id", "sample_shop", user) for user in users}
        self.ids = {user: derive_customer_id(self.identifiers[user]) for user in users}
        seen = datetime(2026, 1, 5, tzinfo=UTC)
        self.rows = {
            "feat_customer_traits": [
                {
                    "customer_id": id_,
                    "traits": TRAITS,
                }
                for id_ in self.ids.values()
            ],
            "feat_customers": [
                {
                    "customer_id": self.ids[user],
                    "country": "France",
                    "rfm_segment": "champions",
                    "n_orders": 3,
                    "last_order_at": seen,
                    "segment_ids": ["champions", "gift_buyers"],
                }
                for user in users
            ],
            "feat_items": [
                {
                    "item_id": f"item-{n:02d}",
                    "title": f"Item {n}",
                    "category": "Mugs",
                    "category_path": ["Home", "Mugs"],
                    "price": Decimal("2.5500"),
                    "is_recommendable": True,
                    "is_in_stock": True,
                    "is_consumable": False,
                }
                for n in range(N_ITEMS)
            ],
            "core_items": [
                {
                    "item_id": f"item-{n:02d}",
                    "currency": "EUR",
                    "image_url": f"https://shop.example/{n}.jpg",
                    "is_in_stock": True,
                    "is_consumable": False,
                    "is_recommendable": True,
                    "first_seen_at": seen,
                    "updated_at": seen,
                    "n_stock": 3,
                    "attributes": [
                        ("colour", "red"),
                        # of one alone: nobody here says where they are or how old
                        *([("min_age", "18"), ("allowed_countries", "DE, Austria")] if n == 59 else []),
                    ],
                }
                for n in range(N_ITEMS)
            ],
            "core_identities": [
                {"identifier_id": self.identifiers[user], "customer_id": self.ids[user]} for user in users
            ],
            "core_identifiers": [
                {
                    "identifier_id": self.identifiers[user],
                    "kind": "user_id",
                    "source": "sample_shop",
                    "value": user,
                    "value_normalised": user,
                    "first_seen_at": seen,
                }
                for user in users
            ],
            "core_identity_links": [],
            "core_identity_reviews": [],
            "core_identity_changes": [
                {
                    "change_id": f"0000000000-{n}",
                    "change": "created",
                    "customer_id": one,
                    "to_customer_id": one,
                }
                for n, one in enumerate(self.ids.values())
            ],
            "rec_customer_items_v1": [
                {
                    "customer_id": self.ids[user],
                    "items": listed([(n + place) % N_ITEMS for place in range(20)]),
                    "because": [
                        {
                            "place": place,
                            "item_id": f"item-{(place + n) % N_ITEMS:02d}",
                            "wanted_date": date(2026, 1, 5),
                        }
                        for place in range(min(n, 5))
                    ],
                }
                for n, user in enumerate(users)
            ],
            "rec_item_items_v1": [
                {
                    "item_id": f"item-{n:02d}",
                    "items": listed([(n + 1 + place) % N_ITEMS for place in range(10)]),
                }
                for n in range(N_ITEMS)
            ],
            "rec_audience_items_v1": [
                {"audience": "popular", "items": listed(range(30), "popular")},
                {"audience": "new", "items": listed(range(50, 60), "new")},
                {"audience": "country:France", "items": listed(range(10, 40), "recent_popular")},
            ],
        }

    def land(self, *names: str) -> Lake:
        """Write these tables (all by default) to the lake, each as a new version."""
        lake = Lake(self.home / "lake")
        for name in names or self.rows:
            write_deltalake(lake.path(CONTRACTS[name]), self.frame(name), mode="overwrite")
        return lake

    def frame(self, name: str) -> pa.Table:
        """One table as it would be read."""
        table = CONTRACTS[name]
        told = {"model_version": self.model_version} if "model_version" in table.columns else {}
        return pa.Table.from_pylist([{**told, **row} for row in self.rows[name]], build_arrow_schema(table))

    def night(self, run_id: str, day: date = date(2026, 2, 1)) -> RunContext:
        """A night whose warehouse file has been built."""
        settings = Settings.from_environment(
            {"CONCIERGE_HOME": str(self.home), "CONCIERGE_IDENTITY_KEY": KEY, "CONCIERGE_WAREHOUSE": "duckdb"}
        )
        now = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
        night = RunContext(run_id, LandingDates(day, day), settings, now, "code", "config")
        build = self.home / "warehouse" / "builds" / f"{night.slug}.duckdb"
        build.parent.mkdir(parents=True, exist_ok=True)
        if build.exists():
            return night
        with duckdb.connect(str(build)) as warehouse:
            # The segment is named after the run, so that a test can tell whose file it reads.
            warehouse.execute(
                "create table dim_segments as select 'all' as segment_id, ? as name, 3 as n_customers",
                [run_id],
            )
        return night

    def report(self, run_id: str, served: dict) -> None:
        """What `train` leaves for the deployment's line."""
        path = self.home / "reports" / run_id / "model.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"served": served}))

    def warehouse_run(self) -> str:
        """The run whose warehouse analysts read."""
        with duckdb.connect(str(self.home / "warehouse" / "concierge.duckdb"), read_only=True) as warehouse:
            return warehouse.execute("select name from dim_segments").fetchone()[0]


@pytest.fixture
def shop(tmp_path) -> Shop:
    return Shop(tmp_path / "home")


def published(shop: Shop) -> tuple[Published, dict[bytes, bytes]]:
    """What readers see, and every key of its snapshot."""
    record = Published.read(shop.home)
    return record, content(shop.home / "serving" / "snapshots" / record.snapshot)


def content(folder: Path) -> dict[bytes, bytes]:
    with lmdb.open(str(folder), readonly=True, lock=False) as env, env.begin() as txn:
        return {bytes(key): bytes(value) for key, value in txn.cursor()}


POPULAR = {"parts": {"popularity": {}}, "weights": {"popularity": 1.0}}


@pytest.fixture
def shop_of_two_models(shop, empty_registry, tmp_path, monkeypatch):
    """Three nights: the first by concierge/1, the others by concierge/2."""
    (shop.home / "mlflow").mkdir(parents=True)
    shutil.copy(empty_registry, shop.home / "mlflow" / "mlflow.db")
    registry = ModelRegistry(f"sqlite:///{shop.home}/mlflow/mlflow.db", shop.home / "mlflow" / "artifacts")
    ids = np.array([b"item-00", b"item-01"])
    for n in (1, 2):
        blend = build_blend(POPULAR).restore({"popularity/counts": np.arange(2.0) * n})
        digests = ModelArtifact(POPULAR, blend, ids, np.array([b"c"])).save(tmp_path / str(n) / "model")
        made = registry.log_run(f"night {n}", {}, {}, {}, files=tmp_path / str(n))
        registry.register(
            made, digests, {"verdict": "accepted"}, accepted=True, compared_with=registry.champion()
        )
    for n in range(3):
        shop.model_version = f"concierge/{min(n + 1, 2)}"
        shop.report(f"night-{n}", {"model_version": shop.model_version})
        run(shop.night(f"night-{n}", date(2026, 2, 1) + timedelta(days=n)), shop.land())
    monkeypatch.setenv("CONCIERGE_HOME", str(shop.home))
    return shop, registry
