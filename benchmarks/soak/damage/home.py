"""A home of two published nights, and what each visitor must be answered from either."""

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.serving.shop import make_snapshot_content
from expectations.contracts import restrictions_store
from expectations.contracts import snapshot as contract
from expectations.contracts.home import HomePaths
from expectations.contracts.published import HISTORY, Published
from expectations.contracts.restrictions import CONSENTS, Permission
from expectations.contracts.restrictions_store import RestrictionDatabase
from serving_app.app import create_app
from serving_app.http.services import get_service
from serving_app.recommendations.schemas import RecommendationQuery
from serving_app.recommendations.service import RecommendationService
from serving_app.settings import Settings
from serving_app.storage.memory import MemoryRestrictions, MemorySnapshots
from serving_app.storage.snapshots import Snapshot
from serving_app.stores import open_stores
from spark_jobs.publish.snapshot_writer import write_snapshot

NIGHTS = {"night-1": "2026-02-20T03:00:00Z", "night-2": "2026-02-21T03:00:00Z"}
BLOCK = {"kind": "block", "item_id": "item-0", "until": "2099-01-01T00:00:00Z"}
STRANGER = ""
NO = Permission(False, datetime(2026, 2, 20, 12, tzinfo=UTC), "sample_shop/events")
N = 10
ONE_IN = 4  # of the customers, one has said no to personalization


def write_home(home: Path, n_customers: int) -> dict[str, dict[str, list[str]]]:
    """Publish both nights, the second last; the item ids of every answer, by snapshot and customer
    (`STRANGER`: none).
    """
    expected = {}
    store = RestrictionDatabase.create(home / restrictions_store.FOLDER)
    store.record_permission(CONSENTS, list_denied_customers(n_customers), NO)
    # of others, so that the file has many pages
    store.record_permission(CONSENTS, [f"i_{n:024x}" for n in range(5_000)], NO)
    for seed, (name, published_at) in enumerate(NIGHTS.items(), start=1):
        content = dict(make_snapshot_content(n_customers, seed))
        meta = contract.SnapshotMeta(
            contract.LAYOUT, name, published_at[:10], published_at, "concierge/1", "", {}
        )
        content[contract.META] = contract.pack_record(meta)
        content[contract.REVIEWS] = contract.pack_reviews([])  # or no route of identity answers
        write_snapshot(HomePaths(home).snapshots / name, content.items())
        record = Published(name, published_at[:10], published_at, name, "", "concierge/1", name)
        (home / HISTORY).mkdir(parents=True, exist_ok=True)
        (home / HISTORY / f"{name}.json").write_text(json.dumps(asdict(record)))
        record.write(home)
        expected[name] = read_answers(name, content, n_customers, home / "reference")
    return expected


def read_answers(
    name: str, content: dict[bytes, bytes], n_customers: int, home: Path
) -> dict[str, list[str]]:
    """What a service over this snapshot in memory answers, the block of `BLOCK` in force."""
    restrictions = MemoryRestrictions()
    restrictions.record_permission(CONSENTS, list_denied_customers(n_customers), NO)

    def clock() -> datetime:
        return datetime(2026, 2, 21, 12, tzinfo=UTC)

    settings = Settings(home=home)
    stores = replace(
        open_stores(settings, clock),
        snapshots=MemorySnapshots(Snapshot.from_pairs(name, content.items())),
        restrictions=restrictions,
    )
    app = create_app(settings, stores, clock=clock)
    app.test_client().post("/v1/overrides", json=BLOCK)
    with app.app_context():
        service = get_service(RecommendationService)
    customers = [STRANGER, *(f"c_{n}" for n in range(n_customers))]
    lists = {
        one: service.recommend(RecommendationQuery(n=N, customer_id=one), is_shown=False)["items"]
        for one in customers
    }
    return {one: [item["item_id"] for item in items] for one, items in lists.items()}


def list_denied_customers(n_customers: int) -> list[str]:
    """The customers who said no."""
    return [f"c_{n}" for n in range(0, n_customers, ONE_IN)]


def build_list_path(customer_id: str) -> str:
    """The address of a visitor's list."""
    return f"/v1/recommendations?n={N}&customer_id={customer_id}"
