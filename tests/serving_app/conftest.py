"""A small shop as the service sees it: a snapshot, a clock that a test owns, and apps over stores in memory
or on disk.
"""

import json
import shutil
import subprocess
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path

import pytest

from expectations.contracts import restrictions_store
from expectations.contracts import snapshot as contract
from expectations.contracts.census import CENSUS, Census
from expectations.contracts.home import HomePaths
from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.identity_rules import load_identity_rules
from expectations.contracts.published import HISTORY, Published
from serving_app.app import create_app
from serving_app.live.breaker import GuardedBackend
from serving_app.live.memory import MemoryBackend
from serving_app.live.roots import RootFinder
from serving_app.live.service import LiveStates
from serving_app.memberships.live_nights import LiveNights
from serving_app.memberships.published_definitions import PublishedDefinitions
from serving_app.memberships.service import make_memberships
from serving_app.memberships.told import ShopTime
from serving_app.memberships.told_log import TransitionLog
from serving_app.overrides.store import MemoryOverrides
from serving_app.settings import Settings
from serving_app.status.build import hash_service_code
from serving_app.storage.memory import MemoryRestrictions, MemorySnapshots
from serving_app.storage.snapshots import Snapshot
from serving_app.stores import open_stores
from spark_jobs.publish.snapshot_writer import write_snapshot

CLIENTS = Path(__file__).resolve().parents[1] / "clients"
KEY, SOURCE = "test-key", "sample_shop"
NOW = datetime(2026, 2, 21, 12, 0, 0, tzinfo=UTC)
RULES = load_identity_rules()
REGULAR, NEWCOMER, FORMER = "c_regular", "c_newcomer", "c_former"

# Who is who in it: a customer of three identifiers, a sister with whom she shares a tablet, and a stranger
# who once ordered with her e-mail, which somebody has decided is not to be followed. A broken tag sent `null`
# for two of them.
WHO = {
    "u-regular": ("user_id", REGULAR),
    "ada@shop.example": ("email", REGULAR),
    "cookie-regular": ("anonymous_id", REGULAR),
    "u-sister": ("user_id", "c_sister"),
    "crm-77": ("crm_id", "c_sister"),
    "tablet": ("anonymous_id", "c_tablet"),
    "u-third": ("user_id", "c_third"),
    "cookie-newcomer": ("anonymous_id", NEWCOMER),
    "null": ("user_id", None),
}
SEEN = [
    ("u-regular", "ada@shop.example", "same_order", "core_order_lines/sample_shop/o/9/1", 1.0, 10, None),
    ("u-regular", "ada@shop.example", "same_person_record", "core_people/sample_shop/r-5", 1.0, 20, None),
    ("u-regular", "cookie-regular", "same_event", "core_events/e1", 1.0, 25, None),
    ("u-sister", "crm-77", "alike", "core_people/crm/1~crm/2", 0.9625, 5, None),
    ("u-sister", "tablet", "same_event", "core_events/e7", 1.0, 15, "shared/browser"),
    ("u-regular", "tablet", "same_event", "core_events/e8", 1.0, 16, "shared/browser"),
    (
        "u-third",
        "ada@shop.example",
        "same_order",
        "core_order_lines/sample_shop/o10/1",
        1.0,
        30,
        "decision/refuse",
    ),
    ("cookie-regular", "null", "same_event", "core_events/e20", 1.0, 17, "blocked/words_for_nothing"),
    ("cookie-newcomer", "null", "same_event", "core_events/e21", 1.0, 18, "blocked/words_for_nothing"),
]


class Clock:
    """What time it is, until a test says otherwise."""

    def __init__(self):
        self.time = NOW

    def __call__(self):
        return self.time

    def move(self, **by):
        self.time += timedelta(**by)


def listed(catalogue, *numbers, source="item_knn"):
    scores = [1 - place / 100 for place in range(len(numbers))]
    return catalogue.pack([f"item-{n:02d}" for n in numbers], scores, [(source,)] * len(numbers))


def pairs(model_version="concierge/7", run_id="night-1", first=0, **meta):
    """A snapshot's content: 40 items of which 38 is sold out and 39 discontinued; two customers; `first`
    moves one's list.
    """
    fields = {"layout": contract.LAYOUT, "published_at": "2026-02-21T03:00:00Z", **meta}
    yield (
        contract.META,
        contract.pack_record(
            contract.SnapshotMeta(
                run_id=run_id,
                landing_date="2026-02-20",
                model_version=model_version,
                code_hash="c0de",
                table_versions={},
                **fields,
            )
        ),
    )
    vocabulary = contract.ListVocabulary()
    for n in range(40):
        facts = contract.ItemFacts(
            f"Item {n}", "Mugs", "Acme", 2.5 + n, "EUR", f"https://shop.example/{n}.jpg", n != 39, n != 38
        )
        yield contract.get_item_key(f"item-{n:02d}"), contract.pack_record(facts)
    yield (
        contract.get_customer_list_key(REGULAR),
        listed(vocabulary, 38, *range(first, first + 12), 39, source=model_version),
    )
    yield (
        contract.get_customer_key(REGULAR),
        contract.pack_record(
            contract.CustomerSlice("France", ("vip",), "champions", 4, "2026-02-01T10:00:00Z", True)
        ),
    )
    yield (
        contract.get_customer_key(NEWCOMER),
        contract.pack_record(contract.CustomerSlice("Spain", (), "lapsed", 0, None, False)),
    )
    yield contract.get_traits_key(REGULAR), b'{"favourite_brand": "Acme", "n_orders_of_90_days": 2}'
    yield contract.get_former_customer_key(FORMER), REGULAR.encode()
    yield contract.get_identifier_key(hash_identifier(KEY, "user_id", SOURCE, "u-regular")), REGULAR.encode()
    email = hash_identifier(KEY, "email", SOURCE, "ada@shop.example")
    yield contract.get_identifier_key(email), REGULAR.encode()
    yield (
        contract.get_identifier_key(hash_identifier(KEY, "anonymous_id", SOURCE, "cookie-newcomer")),
        NEWCOMER.encode(),
    )
    yield (
        contract.get_audience_list_key("segment:lapsed"),
        listed(vocabulary, 20, 21, 39, 22, source="recent_popularity"),
    )
    yield (
        contract.get_audience_list_key("country:Spain"),
        listed(vocabulary, 30, 31, source="recent_popularity"),
    )
    yield (
        contract.get_audience_list_key(contract.POPULAR),
        listed(vocabulary, *range(38, 9, -1), 39, source="popularity"),
    )
    yield contract.get_similar_list_key("item-05"), listed(vocabulary, 5, 6, 39, 7, 8)
    yield contract.CATALOGUE, vocabulary.as_bytes()
    yield CENSUS, Census({"mugs": 40}, {"vip": 1, "champions": 1, "lapsed": 1}).as_bytes()
    yield from graph_pairs()


def ids():
    """The identifier id of each value of `WHO`."""
    return {value: hash_identifier(KEY, kind, SOURCE, value) for value, (kind, _) in WHO.items()}


def graph_pairs():
    """The links, and a queue of two questions: the bridge between the sister and her CRM record, and a giant
    held back.
    """
    of, links = ids(), {value: [] for value in WHO}
    for a, b, rule, evidence, weight, day, held_by in SEEN:
        for one, other in ((a, b), (b, a)):
            link = contract.Link(
                of[other], rule, evidence, weight, datetime(2026, 1, day, 8, tzinfo=UTC), held_by
            )
            links[one].append(link)
    for value, (kind, customer) in WHO.items():
        yield (
            contract.get_identifier_links_key(of[value]),
            contract.pack_links(
                contract.IdentifierLinks(kind, customer, tuple(links[value]), 9_998 if value == "null" else 0)
            ),
        )
    queue = [
        contract.Review("r_1", "giant", "c_giant", None, None, 140.0, 140, True, "140 identifiers"),
        contract.Review(
            "r_2",
            "bridge",
            "c_sister",
            of["u-sister"],
            of["crm-77"],
            2.0,
            2,
            False,
            "one link holds them together",
        ),
    ]
    yield contract.REVIEWS, contract.pack_reviews(queue)


def publish(home, run_id, published_at="2026-02-21T03:00:00Z", **fields):
    """Write a snapshot to disk, keep its record, and deploy it."""
    write_snapshot(
        home / "serving" / "snapshots" / run_id, pairs(run_id=run_id, published_at=published_at, **fields)
    )
    if not (home / restrictions_store.FOLDER).exists():
        restrictions_store.RestrictionDatabase.create(home / restrictions_store.FOLDER)
    record = deploy_snapshot(home, run_id, published_at)
    (home / HISTORY).mkdir(parents=True, exist_ok=True)
    (home / HISTORY / f"{run_id}.json").write_text(json.dumps(asdict(record)))


def deploy_snapshot(home, run_id, published_at="2026-02-21T03:00:00Z"):
    home.mkdir(parents=True, exist_ok=True)
    record = Published(run_id, "2026-02-20", published_at, run_id, "", "concierge/7", run_id)
    record.write(home)
    return record


@pytest.fixture(scope="session")
def written_nights(tmp_path_factory):
    """`home` as it is copied for each test: syncing two snapshots takes longer than most tests."""
    home = tmp_path_factory.mktemp("two-nights")
    publish(home, "night-1")
    publish(home, "night-2", published_at="2026-02-22T03:00:00Z", first=5)
    return home


@pytest.fixture
def home(written_nights, tmp_path):
    """Two nights, of which the second is published; a list of the first begins with item-00, of the second
    with item-05.
    """
    return shutil.copytree(written_nights, tmp_path / "home")


@pytest.fixture(scope="session", autouse=True)
def read_once():
    """The rules of identity and the hash of the code are read once: no test changes either, and reading
    them was half of what an app costs, which a thousand tests make.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("serving_app.stores.load_identity_rules", lambda: RULES)
        patch.setattr("serving_app.app.hash_service_code", cache(hash_service_code))
        yield


@pytest.fixture
def clock():
    return Clock()


class Shop:
    """What a test needs: `client`, `stores` (those of which a test changes something in memory: `snapshots`,
    `overrides`, `restrictions`; `live` is over these and keeps its states in `database`), `clock`, `app`,
    `home`, `ids` by value.
    """

    def __init__(self, home, clock):
        self.home, self.clock, self.ids = home, clock, ids()
        self.snapshots, self.overrides = MemorySnapshots(), MemoryOverrides()
        self.restrictions = MemoryRestrictions()
        self.snapshots.publish(Snapshot.from_pairs("night-1", pairs()))
        self.settings = Settings(home=home, sources=(SOURCE,), identity_key=KEY)
        self._numbers = count(1)
        self.stores = open_stores(self.settings, clock)
        self.database = MemoryBackend(clock)
        backend = GuardedBackend(self.database, lambda: clock().timestamp())
        roots = RootFinder(self.restrictions, self.snapshots, KEY, RULES)
        log = TransitionLog(self.stores.transitions, HomePaths(home).transitions)
        time = ShopTime(clock, lambda now: timedelta(0))
        self.memberships = make_memberships(
            backend,
            LiveNights(self.snapshots, PublishedDefinitions(home), time),
            log,
            time,
            HomePaths(home).live_parity_report,
            roots,
        )
        self.live = LiveStates(backend, roots, self.memberships.recorder, clock)
        self.use_stores(
            snapshots=self.snapshots,
            overrides=self.overrides,
            restrictions=self.restrictions,
            live=self.live,
            memberships=self.memberships,
        )

    def use_stores(self, **stores):
        """Make the app anew over other stores."""
        self.stores = replace(self.stores, **stores)
        self.app = create_app(
            self.settings,
            self.stores,
            clock=self.clock,
            new_id=lambda: f"request-{next(self._numbers):04d}",
        )
        self.client = self.app.test_client()


@pytest.fixture
def shop(tmp_path, clock):
    return Shop(tmp_path, clock)


@pytest.fixture(scope="session")
def node_clients():
    """The folder with the programs of others that npm installs by their lock."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed, which fetches clients for Node")
    lock, installed = CLIENTS / "package-lock.json", CLIENTS / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=CLIENTS, check=True, capture_output=True, timeout=300)
    return CLIENTS
