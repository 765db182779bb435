"""A small shop whose lake is ready to be trained on, for the tests of `train` and `score`."""

import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from expectations.contracts.identifiers import derive_customer_id
from expectations.contracts.lake import FCT_INTERACTIONS, FEAT_CUSTOMERS, FEAT_ITEMS
from spark_jobs.lake.tables import Lake, build_arrow_schema
from spark_jobs.run.context import LandingDates, RunContext
from spark_jobs.settings import Settings

OPENED = date(2026, 1, 5)
N_DAYS, N_CUSTOMERS, N_ITEMS = 36, 90, 40
UNCONSENTED = 88  # this customer and the next are not in feat_customers
OUT_OF_STOCK, DISCONTINUED, NEWEST = 3, 4, 39
WORDS = ("Lantern", "Teapot", "Ribbon", "Basket")
NEWCOMERS = MALTESE_NEWCOMER, SPANISH_NEWCOMER = 500, 501  # who have done nothing yet


@dataclass
class Shop:
    """A home and what was put into it."""

    home: object
    lake: Lake
    rows: list[dict]

    def night(self, run_id: str, code_hash: str = "c0de") -> RunContext:
        """A run over the shop's days."""
        settings = Settings.from_environment({"CONCIERGE_HOME": str(self.home), "CONCIERGE_SEED": "11"})
        last = OPENED + timedelta(days=N_DAYS - 1)
        return RunContext(
            run_id,
            LandingDates(OPENED, last),
            settings,
            datetime(2026, 2, 20, 3, tzinfo=UTC),
            code_hash,
            "c0f1",
        )

    def put(self, table, rows) -> None:
        """Make a table hold these rows, columns left out being null."""
        full = [{name: row.get(name) for name in table.columns} for row in rows]
        self.lake.overwrite(pa.Table.from_pylist(full, schema=build_arrow_schema(table)).to_reader(), table)


def person(n: int) -> str:
    return derive_customer_id(f"customer {n}")


def purchases(n_days: int = N_DAYS, seed: int = 1) -> list[dict]:
    """Two kinds of customers, each buying from its own half of the shelf, one customer in three a day; a
    guest a day.
    """
    generator, rows = np.random.default_rng(seed), []
    for day in range(n_days):
        at = datetime(OPENED.year, OPENED.month, OPENED.day, 12, tzinfo=UTC) + timedelta(days=day)
        for customer in np.flatnonzero(generator.random(N_CUSTOMERS) < 0.35):
            for item in generator.choice(np.arange(customer % 2, N_ITEMS - 2, 2), 3, replace=False):
                kind = "view" if generator.random() < 0.3 else "purchase"
                rows.append(interaction(len(rows), person(int(customer)), int(item), at, kind))
        rows.append(interaction(len(rows), None, 7, at, "purchase"))
    return rows


def interaction(number: int, customer: str | None, item: int, at: datetime, kind: str) -> dict:
    return {
        "interaction_id": f"x{number:05}",
        "customer_id": customer,
        "item_id": f"item-{item:02}",
        "interaction_type": kind,
        "occurred_at": at,
        "quantity": 1,
        "amount": Decimal("2.5000"),
        "order_id": f"o{number // 3}" if kind == "purchase" else None,
    }


def item(n: int) -> dict:
    days = N_DAYS - 2 if n == NEWEST else 0
    return {
        "item_id": f"item-{n:02}",
        "title": f"{WORDS[n % 2]} of the {WORDS[2 + n % 2]} kind",
        "category": f"cat-{n % 2}",
        "category_path": ["all", f"cat-{n % 2}"],
        "brand": f"brand-{n % 4}",
        "price": Decimal("2.5000"),
        "price_band": "low",
        "is_recommendable": n != DISCONTINUED,
        "is_in_stock": n != OUT_OF_STOCK,
        "is_consumable": n % 3 == 0,
        "first_seen_at": datetime(OPENED.year, OPENED.month, OPENED.day, tzinfo=UTC) + timedelta(days=days),
    }


def customer(n: int) -> dict:
    country = "France" if n < 30 else "Spain" if n < 85 or n == SPANISH_NEWCOMER else "Malta"
    return {
        "customer_id": person(n),
        "country": country,
        "channel": "web",
        "n_orders": 3,
        "segment_ids": ["regulars"] if n < 40 else [],
    }


@pytest.fixture(scope="session")
def empty_registry(tmp_path_factory):
    """MLflow's database with its tables made: making them takes seconds, copying does not."""
    from models.registry import ModelRegistry

    file = tmp_path_factory.mktemp("registry") / "mlflow.db"
    assert ModelRegistry(f"sqlite:///{file}", file.parent).champion() is None
    return file


@pytest.fixture(scope="session")
def fill(empty_registry):
    """A function that fills a home with the small shop."""

    def make(home, spark, rows=None) -> Shop:
        if not (home / "mlflow").exists():
            (home / "mlflow").mkdir(parents=True)
            shutil.copy(empty_registry, home / "mlflow" / "mlflow.db")
        shop = Shop(home, Lake(home / "lake", spark), purchases() if rows is None else rows)
        shop.put(FCT_INTERACTIONS, shop.rows)
        shop.put(FEAT_CUSTOMERS, [customer(n) for n in range(UNCONSENTED)] + [customer(n) for n in NEWCOMERS])
        shop.put(FEAT_ITEMS, [item(n) for n in range(N_ITEMS)])
        return shop

    return make


@pytest.fixture(scope="session")
def trained(spark, fill, tmp_path_factory) -> Shop:
    """The small shop after its first night's training."""
    from spark_jobs.train import job

    shop = fill(tmp_path_factory.mktemp("trained"), spark)
    job.run(shop.night("first"), shop.lake)
    return shop
