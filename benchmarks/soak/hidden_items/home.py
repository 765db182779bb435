"""A home of a small shop, and nights published over it while it is served."""

import random
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from expectations.contracts import restrictions_store, snapshot
from expectations.contracts.home import HomePaths
from expectations.contracts.published import Published
from spark_jobs.publish.snapshot_writer import write_snapshot

N_ITEMS, N_CUSTOMERS, LENGTH, KEPT = 200, 200, 60, 3


def make_content(seed: int, published_at: str) -> Iterator[tuple[bytes, bytes]]:
    """A snapshot's content: 200 items, each in many lists."""
    draw, items = random.Random(seed), [f"item-{n}" for n in range(N_ITEMS)]
    scores, sources = [1 - n / LENGTH for n in range(LENGTH)], [("item_knn",)] * LENGTH
    meta = snapshot.SnapshotMeta(
        snapshot.LAYOUT, f"night-{seed}", published_at[:10], published_at, "concierge/1", "", {}
    )
    yield snapshot.META, snapshot.pack_record(meta)
    vocabulary = snapshot.ListVocabulary(items)
    for name in items:
        facts = snapshot.ItemFacts(name, "Mugs", "Acme", 2.5, "EUR", None, True, True)
        yield snapshot.get_item_key(name), snapshot.pack_record(facts)
        similar = vocabulary.pack(draw.sample(items, LENGTH), scores, sources)
        yield snapshot.get_similar_list_key(name), similar
    for key in (snapshot.get_customer_list_key(f"c_{n}") for n in range(N_CUSTOMERS)):
        yield key, vocabulary.pack(draw.sample(items, LENGTH), scores, sources)
    for n in range(N_CUSTOMERS):
        slice_ = snapshot.CustomerSlice("France", ("vip",), None, 3, None, True)
        yield snapshot.get_customer_key(f"c_{n}"), snapshot.pack_record(slice_)
    popular = vocabulary.pack(draw.sample(items, LENGTH), scores, sources)
    yield snapshot.get_audience_list_key(snapshot.POPULAR), popular
    yield snapshot.CATALOGUE, vocabulary.as_bytes()


def publish_night(home: Path, number: int) -> None:
    """Write and deploy a night; all but the newest few are deleted."""
    published_at, name = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), f"night-{number}"
    if not (home / restrictions_store.FOLDER).exists():
        restrictions_store.RestrictionDatabase.create(home / restrictions_store.FOLDER)
    folder = HomePaths(home).snapshots
    write_snapshot(folder / name, make_content(number, published_at))
    Published(name, published_at[:10], published_at, name, "", "concierge/1", name).write(home)
    shutil.rmtree(folder / f"night-{number - KEPT}", ignore_errors=True)
