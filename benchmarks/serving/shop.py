"""The shop that is asked for lists: customers with a hundred items each, overrides in force, visitors with
live states.
"""

import http.client
import json
import random
from collections.abc import Iterator
from pathlib import Path

from expectations.contracts import restrictions_store, snapshot
from expectations.contracts.home import HomePaths
from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.published import Published
from spark_jobs.publish.snapshot_writer import write_snapshot

N_ITEMS, LENGTH = 3700, 100
LANDING_DATE, PUBLISHED_AT = "2026-02-20", "2026-02-21T03:00:00Z"
N_OVERRIDES, N_LIVE_CUSTOMERS = 50, 2000
IDENTITY_KEY, SOURCE = "a key of the benchmark's own", "sample_shop"
CATEGORIES = ("Mugs", "Tea", "Lamps", "Toys", "Garden")


def make_snapshot_content(n_customers: int, seed: int) -> Iterator[tuple[bytes, bytes]]:
    """A snapshot's content: a list of 100 items for each customer."""
    draw = random.Random(seed)
    items = [f"item-{n}" for n in range(N_ITEMS)]
    scores, sources = [1 - n / LENGTH for n in range(LENGTH)], [("item_knn", "lightfm")] * LENGTH
    meta = snapshot.SnapshotMeta(snapshot.LAYOUT, "bench", LANDING_DATE, PUBLISHED_AT, "concierge/1", "", {})
    yield snapshot.META, snapshot.pack_record(meta)
    catalogue = snapshot.ListVocabulary(items)
    yield snapshot.get_audience_list_key(snapshot.POPULAR), catalogue.pack(items[:LENGTH], scores, sources)
    for n, name in enumerate(items):
        facts = snapshot.ItemFacts(name, CATEGORIES[n % 5], "Acme", 2.5, "EUR", None, True, True)
        yield snapshot.get_item_key(name), snapshot.pack_record(facts)
    for n in range(n_customers):
        yield (
            snapshot.get_customer_key(f"c_{n}"),
            snapshot.pack_record(snapshot.CustomerSlice("France", ("vip",), None, 3, None, True)),
        )
        yield (
            snapshot.get_customer_list_key(f"c_{n}"),
            catalogue.pack(draw.sample(items, LENGTH), scores, sources),
        )
    for n in range(min(N_LIVE_CUSTOMERS, n_customers)):
        identifier_id = hash_identifier(IDENTITY_KEY, "user_id", SOURCE, f"u_{n}")
        yield snapshot.get_identifier_key(identifier_id), f"c_{n}".encode()
    yield snapshot.CATALOGUE, catalogue.as_bytes()


def make_home(home: Path, n_customers: int) -> None:
    """Publish the shop's snapshot into a home."""
    write_snapshot(HomePaths(home).snapshots / "bench", make_snapshot_content(n_customers, seed=1))
    restrictions_store.RestrictionDatabase.create(home / restrictions_store.FOLDER)
    Published("bench", LANDING_DATE, PUBLISHED_AT, "bench", "", "concierge/1", "").write(home)


def make_shop_requests() -> Iterator[tuple[str, dict]]:
    """Path and body of what is posted: overrides of every kind, most for everyone, and events of some
    customers.
    """
    draw = random.Random(2)
    for n in range(N_OVERRIDES):
        kind = ("block", "boost", "bury", "pin")[n % 4]
        body = {"kind": kind, "item_id": f"item-{draw.randrange(N_ITEMS)}", "until": "2090-01-01T00:00:00Z"}
        more = {"boost": {"factor": 1.5}, "pin": {"position": 1 + n % 10, "customer_id": f"c_{n}"}}
        yield "/v1/overrides", body | more.get(kind, {})
    for start in range(0, N_LIVE_CUSTOMERS, 100):
        events = [
            {
                "type": "track",
                "event": ("Product Viewed", "Order Completed")[n % 2],
                "userId": f"u_{n}",
                "messageId": f"bench-{n}",
                "properties": {"product_id": f"item-{n}", "products": [{"product_id": f"item-{n}"}]},
            }
            for n in range(start, start + 100)
        ]
        yield "/v1/batch", {"batch": events}


def put_into_force(port: int) -> None:
    """Make the overrides, and send the events."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for path, body in make_shop_requests():
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"POST {path}: {answer.status} {text.decode()}")
