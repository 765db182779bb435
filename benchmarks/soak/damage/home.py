"""A home of two published nights, and what each visitor must be answered from either."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.serving import make_snapshot_content
from expectations.contracts import restrictions_store
from expectations.contracts import snapshot as contract
from expectations.contracts.published import HISTORY, Published
from expectations.contracts.restrictions import CONSENTS, Word
from expectations.contracts.restrictions_store import Restrictions
from serving_app.app import create_app
from serving_app.http.schemas import ListQuery
from serving_app.settings import Settings
from serving_app.storage.restrictions import MemoryRestrictions
from serving_app.storage.snapshots import MemorySnapshots, Snapshot
from spark_jobs.publish.snapshot_writer import write_snapshot

NIGHTS = {"night-1": "2026-02-20T03:00:00Z", "night-2": "2026-02-21T03:00:00Z"}
BLOCK = {"kind": "block", "item_id": "item-0", "until": "2099-01-01T00:00:00Z"}
STRANGER = ""
NO = Word(False, datetime(2026, 2, 20, 12, tzinfo=UTC), "sample_shop/events")
N = 10
ONE_IN = 4  # of the customers, one has said no to personalization


def write_home(home: Path, n_customers: int) -> dict[str, dict[str, list[str]]]:
    """Publish both nights, the second last; the item ids of every answer, by snapshot and customer
    (`STRANGER`: none).
    """
    expected = {}
    store = Restrictions.create(home / restrictions_store.FOLDER)
    store.hear(CONSENTS, list_denied_customers(n_customers), NO)
    store.hear(
        CONSENTS, [f"i_{n:024x}" for n in range(5_000)], NO
    )  # of others, so that the file has many pages
    for seed, (name, published_at) in enumerate(NIGHTS.items(), start=1):
        content = dict(make_snapshot_content(n_customers, seed))
        meta = contract.Meta(contract.LAYOUT, name, published_at[:10], published_at, "concierge/1", "", {})
        content[contract.META] = contract.pack(meta)
        write_snapshot(home / "serving" / "snapshots" / name, content.items())
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
    restrictions.hear(CONSENTS, list_denied_customers(n_customers), NO)
    app = create_app(
        Settings(home=home),
        clock=lambda: datetime(2026, 2, 21, 12, tzinfo=UTC),
        snapshots=MemorySnapshots(Snapshot.of(name, content.items())),
        restrictions=restrictions,
    )
    app.test_client().post("/v1/overrides", json=BLOCK)
    service = app.extensions["concierge"]
    customers = [STRANGER, *(f"c_{n}" for n in range(n_customers))]
    lists = {
        one: service.recommend(ListQuery(n=N, customer_id=one), is_shown=False)["items"] for one in customers
    }
    return {one: [item["item_id"] for item in items] for one, items in lists.items()}


def list_denied_customers(n_customers: int) -> list[str]:
    """The customers who said no."""
    return [f"c_{n}" for n in range(0, n_customers, ONE_IN)]


def build_list_path(customer_id: str) -> str:
    """The address of a visitor's list."""
    return f"/v1/recommendations?n={N}&customer_id={customer_id}"
