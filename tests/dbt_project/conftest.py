"""A small shop whose lake is written night by night, without Spark: late rows, corrections, merges, a feed
that begins late.
"""

import json
import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from expectations.contracts import lake as contracts
from expectations.contracts.published import Published
from expectations.contracts.tables import Table
from spark_jobs.lake.tables import Lake, build_arrow_schema
from spark_jobs.run.context import LandingDates, RunContext
from spark_jobs.settings import Settings
from spark_jobs.warehouse.build_inputs import prepare_build
from spark_jobs.warehouse.dbt import build_warehouse

FIRST = date(2026, 1, 5)
# an order brought over from an old till; its 10,000th day lies before the shop's first
OLDEST = date(1998, 1, 1)
CATEGORIES = ("tea", "cups", "tins")
# by day traded
PLANTED = {
    8: ("i_u21", "i_a21"),
    9: ("i_a20",),
    10: ("rare",),
    13: ("i_a20",),
    16: ("i_u20",),
}
NIGHTS = (8, 16, 24)  # days traded by the end of each
WITHOUT_TESTS = ("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")


def put(lake: Lake, table: Table, rows: list[dict]) -> None:
    """Make the table hold these rows; of a table kept by day only the days that changed are written, as a
    night does.
    """
    rows = [{**dict.fromkeys(table.columns), **row} for row in rows]
    new = pa.Table.from_pylist(rows, schema=build_arrow_schema(table))
    if not table.partition or not lake.exists(table):
        partition = [table.partition] if table.partition else None
        write_deltalake(lake.path(table), new, mode="overwrite", partition_by=partition)
        return
    before, after = by_day(lake.read_arrow(table).to_pylist(), table), by_day(rows, table)
    for day in sorted(set(before) | set(after)):
        if before.get(day, []) != after.get(day, []):
            part = pa.Table.from_pylist(after.get(day, []), schema=build_arrow_schema(table))
            write_deltalake(
                lake.path(table), part, mode="overwrite", predicate=f"{table.partition} = '{day}'"
            )


def by_day(rows: list[dict], table: Table) -> dict[date, list[dict]]:
    days = defaultdict(list)
    for row in rows:
        days[row[table.partition]].append({name: row[name] for name in table.columns})
    return {
        day: sorted(of_day, key=lambda row: [str(row[name]) for name in table.key])
        for day, of_day in days.items()
    }


@dataclass
class Home:
    """A home whose warehouse is built and published, nothing else; the environment is not read."""

    root: Path
    lake: Lake

    def night(self, run_id: str, last: date) -> RunContext:
        settings = Settings.from_environment({"CONCIERGE_HOME": str(self.root)})
        return RunContext(run_id, LandingDates(last, last), settings, datetime(2026, 3, 1, tzinfo=UTC))

    def build(self, run_id: str, last: date, *arguments: str) -> Path:
        """Build a night's warehouse; its file."""
        night = self.night(run_id, last)
        beginning = prepare_build(night, self.lake)
        build_warehouse(night.settings, beginning, *arguments)
        return beginning.finished

    def publish(self, run_id: str, file: Path) -> None:
        """Let the next night build upon that file."""
        Published(run_id, "2026-01-05", "2026-01-06T03:00:00Z", "", file.name, "", "").write(self.root)


@dataclass
class Shop:
    """What was received so far, as the rows of the lake; `trade` adds a day."""

    seed: int = 7
    events: dict[str, dict] = field(default_factory=dict)
    lines: dict[tuple, dict] = field(default_factory=dict)
    late: list[tuple[int, str, dict]] = field(default_factory=list)
    owner: dict[str, str] = field(default_factory=dict)
    consents: list[dict] = field(default_factory=list)
    items: dict[str, dict] = field(default_factory=dict)
    links: list[tuple[str, str]] = field(default_factory=list)
    crawled: list[dict] = field(default_factory=list)  # events of crawlers, which count nowhere
    has_feed: bool = False

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        for n in range(12):
            path = [CATEGORIES[n % 3], f"leaf{n % 5}"] if n < 10 else None
            self.items[f"item{n}"] = {
                "item_id": f"item{n}",
                "title": f"Item {n}",
                "category_path": path,
                "price": Decimal(n + 1),
                "currency": "EUR",
                "is_in_stock": True,
                "is_consumable": n % 2 == 0,
                "is_recommendable": n != 11,
                "first_seen_at": datetime(2026, 1, 5, tzinfo=UTC),
            }

        self.items["rare"] = {
            **self.items["item11"],
            "item_id": "rare",
            "category_path": ["cups"],
            "is_consumable": False,
        }

    def trade(self, n: int) -> None:
        """The n-th day: visits, orders, returns; one row in eight reaches the lake one to four
        nights later.
        """
        day = FIRST + timedelta(days=n)
        for late in [late for late in self.late if late[0] <= n]:
            self.late.remove(late)
            self.keep(late[1], late[2])
        for visit in range(self.random.randint(3, 7)):
            self.visit(n, day, visit)
        for who in PLANTED.get(n, ()):
            self.plant(n, day, who)

    def visit(self, n: int, day: date, visit: int) -> None:
        who = self.random.randint(1, 9)
        anonymous, user = f"i_a{who}", f"i_u{who}" if who <= 6 else None
        at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC) + timedelta(
            hours=2 * visit, minutes=self.random.randint(0, 59)
        )
        seen = {
            "source": "web",
            "occurred_date": day,
            "anonymous_identifier_id": anonymous,
            "session_id": f"s{n}-{visit}",
        }
        said = user if user and self.random.random() < 0.4 else None
        for view in range(self.random.randint(1, 4)):
            kind = self.random.choice(("view", "view", "cart"))
            event = {
                **seen,
                "event_id": f"e{n}-{visit}-{view}",
                "event_type": kind,
                "user_identifier_id": said,
                "country": "NL",
            }
            event |= {
                "occurred_at": at + timedelta(minutes=view),
                "item_id": self.item(),
                "quantity": 1,
                "unit_price": Decimal(2),
            }
            self.receive(n, "event", event)
        if self.random.random() < 0.6:
            self.order(n, day, visit, at + timedelta(minutes=9), user, seen)

    def order(self, n: int, day: date, visit: int, at: datetime, user: str | None, seen: dict) -> None:
        order_id, guest = f"o{n}-{visit}", self.random.random() < 0.15
        event = {
            **seen,
            "event_id": f"e{n}-{visit}-o",
            "event_type": "purchase",
            "order_id": order_id,
            "occurred_at": at,
        }
        self.receive(n, "event", {**event, "item_id": "item1", "quantity": 1, "unit_price": Decimal(3)})
        if not self.has_feed:
            return
        kinds = [("sale", 1), ("sale", 1), ("charge", 1)] if self.random.random() < 0.6 else [("return", -1)]
        for line_no, (kind, sign) in enumerate(kinds, start=1):
            quantity, price = sign * self.random.randint(1, 3), Decimal(self.random.randint(0, 20)) / 2
            line = {
                "source": "web",
                "order_id": order_id,
                "line_no": line_no,
                "line_type": kind,
                "ordered_at": at,
            }
            line |= {"ordered_date": day, "item_id": self.item(), "quantity": quantity, "unit_price": price}
            line |= {
                "amount": quantity * price,
                "currency": "EUR",
                "country": self.random.choice(("NL", "BE")),
            }
            self.receive(n, "line", {**line, "user_identifier_id": None if guest else user, "channel": "web"})

    def plant(self, n: int, day: date, who: str) -> None:
        """A visit that happenings are about; of `rare` a sale, once."""
        at = datetime(day.year, day.month, day.day, 8, tzinfo=UTC)
        if who == "rare":
            line = {
                "source": "web",
                "order_id": f"o{n}-rare",
                "line_no": 1,
                "line_type": "sale",
                "ordered_at": at,
                "item_id": "rare",
            }
            line |= {
                "quantity": 1,
                "unit_price": Decimal(4),
                "amount": Decimal(4),
                "currency": "EUR",
                "user_identifier_id": "i_u1",
            }
            self.keep("line", {**line, "ordered_date": day})
            return
        kind = "user_identifier_id" if who.startswith("i_u") else "anonymous_identifier_id"
        event = {
            "event_id": f"p{n}-{who}",
            "source": "web",
            "event_type": "cart",
            "occurred_at": at,
            "occurred_date": day,
        }
        self.keep("event", {**event, kind: who, "item_id": "item1", "quantity": 1, "unit_price": Decimal(2)})
        if who == "i_a21":
            self.merge("i_a21", "i_u21")

    def item(self) -> str:
        return f"item{self.random.randint(0, 11)}"

    def receive(self, n: int, kind: str, row: dict) -> None:
        if self.random.random() < 0.12:
            self.late.append((n + self.random.randint(1, 4), kind, row))
        else:
            self.keep(kind, row)

    def keep(self, kind: str, row: dict) -> None:
        if kind == "event":
            self.events[row["event_id"]] = row
        else:
            self.lines[row["order_id"], row["line_no"]] = row
        for identifier in (row.get("anonymous_identifier_id"), row.get("user_identifier_id")):
            if identifier:
                self.owner.setdefault(identifier, f"c_{identifier}")

    def merge(self, anonymous: str, user: str) -> None:
        """The two turn out to be one: the browser's history becomes the person's."""
        if anonymous in self.owner and user in self.owner:
            self.owner[anonymous] = self.owner[user]
            self.links.append((anonymous, user))

    def write(self, lake: Lake) -> None:
        """Bring the lake to what was received; every third web event came over HTTP, with the web's ids."""
        received = [
            {**event, "source": "live", "id_source": "web"}
            if sum(event["event_id"].encode()) % 3 == 0 and event["source"] == "web"
            else event
            for event in self.events.values()
        ]
        put(lake, contracts.CORE_EVENTS, received + self.crawled)
        if self.lines:
            put(lake, contracts.CORE_ORDER_LINES, list(self.lines.values()))
        put(lake, contracts.CORE_ITEMS, list(self.items.values()))
        put(
            lake,
            contracts.CORE_IDENTITIES,
            [{"identifier_id": i, "customer_id": c} for i, c in sorted(self.owner.items())],
        )
        began = datetime(2026, 1, 5, tzinfo=UTC)
        seen = [
            {
                "identifier_id": i,
                "kind": "user_id" if i.startswith("i_u") else "anonymous_id",
                "source": "web",
                "value": i[2:],
            }
            for i in sorted(self.owner)
        ]
        put(
            lake,
            contracts.CORE_IDENTIFIERS,
            [{**row, "value_normalised": "x", "first_seen_at": began} for row in seen],
        )
        put(lake, contracts.CORE_IDENTITY_LINKS, [self.link(*ends, began) for ends in sorted(self.links)])
        merged = {
            "change": "merged",
            "customer_id": "c_i_a3",
            "to_customer_id": "c_i_u2",
            "because": "same_event core_events/e",
        }
        put(
            lake,
            contracts.CORE_IDENTITY_CHANGES,
            [{**merged, "change_id": "0000000001-a", "landing_date": FIRST, "run_id": "r"}],
        )
        if self.consents:
            put(lake, contracts.CORE_CONSENTS, self.consents)
        put(
            lake,
            contracts.CORE_IMPRESSIONS,
            [served("list1", "item1", "item2"), served("list2", "item3"), served("list3")],
        )

    def link(self, anonymous: str, user: str, at: datetime) -> dict:
        """What said that the two are one; somebody has parted those who are two again."""
        held_by = None if self.owner[anonymous] == self.owner[user] else "decision/split"
        ends = {
            "identifier_id_a": anonymous,
            "identifier_id_b": user,
            "rule": "same_event",
            "evidence": "core_events/e",
        }
        return {
            **ends,
            "weight": 1.0,
            "is_followed": held_by is None,
            "held_by": held_by,
            "first_seen_at": at,
        }


def happenings(shop: Shop, n: int) -> None:
    """What changes beside trade. In the last night each thing reaches back to a day that nothing else
    touches.

    The first night ends with day 7, the second with day 15; late rows of the last night reach back to day 12.
    """
    if n == 0:
        shop.keep("line", guest_sale("till", "t1", OLDEST))
        for line in vast_order("web", FIRST):
            shop.keep("line", line)
    if n == 1:
        for number, kind in enumerate(("view", "view", "cart", "click", "uncart")):
            seen = {
                "event_id": f"click{number}",
                "source": "web",
                "event_type": kind,
                "item_id": "item2",
                "request_id": "list1",
            }
            seen |= {
                "occurred_at": datetime(2026, 1, 6, 8, number, tzinfo=UTC),
                "occurred_date": FIRST + timedelta(days=1),
            }
            shop.keep(
                "event",
                {
                    **seen,
                    "anonymous_identifier_id": "i_a9",
                    "country": ("FR", "be", "BE ", "be", "be")[number],
                },
            )
    if n == 3:
        shop.crawled += [crawl(number) for number in range(60)]
    if n == 5:
        shop.merge("i_a3", "i_u2")
        shop.keep("line", sale("till", "parts", 2, n, "i_u5"))  # its first line comes in the last night
    if n == 6:
        bought = {
            "event_id": "k6",
            "source": "kiosk",
            "event_type": "purchase",
            "order_id": "k6",
            "item_id": "item1",
            "quantity": 1,
        }
        at = {"occurred_at": datetime(2026, 1, 11, 8, tzinfo=UTC), "occurred_date": FIRST + timedelta(days=n)}
        shop.keep("event", {**bought, **at, "unit_price": Decimal(3), "anonymous_identifier_id": "i_a1"})
    if n == 7:
        for line_no, user, more in CONTRADICTION:
            shop.keep("line", sale("till", "odd", line_no, n, user) | more)
    if n == 9:
        shop.keep("line", sale("till", "dollars", 1, n, "i_u2") | {"currency": "USD"})
    if n == 15:
        shop.keep("line", sale("till", "ahead", 1, n + 1, "i_new"))  # handed over a day before its date
    if n == 8:
        shop.has_feed = True  # web purchases of days 0 to 7 have no say any more
    if n == 13:
        shop.keep("line", guest_sale("kiosk", "k13", FIRST + timedelta(days=n)))  # k6 has no say any more
    if n == 17:
        del shop.lines["k13", 1]  # it was all of the kiosk's feed, so k6 has its say again: back to day 6
        shop.owner["i_a21"] = "c_i_a21"  # a split: back to day 8
        shop.merge("i_a20", "i_u20")  # back to day 9
        shop.items["rare"] |= {"category_path": ["tins"], "is_consumable": True}  # back to day 10
        for name in [
            name
            for name, event in shop.events.items()
            if event["occurred_date"] == FIRST + timedelta(days=11)
        ]:
            del shop.events[name]
        gone = next(
            key for key, line in shop.lines.items() if line["ordered_date"] == FIRST + timedelta(days=14)
        )
        del shop.lines[gone]
        shop.consents.append(consent("i_u2", n))
        first = sale("till", "parts", 1, 13, "i_u6") | {
            "line_type": "adjustment",
            "unit_price": Decimal(0),
            "amount": Decimal(0),
        }
        shop.keep("line", first)  # day 5's line is now this one's customer's


def crawl(number: int) -> dict:
    """An event of a crawler, in the browser of a known customer or in one of its own, on a served list."""
    at = datetime(2026, 1, 8, 8, number, tzinfo=UTC)
    event = {
        "event_id": f"bot{number}",
        "source": "live",
        "id_source": "web",
        "is_bot": True,
        "event_type": ("view", "click", "cart", "purchase")[number % 4],
        "item_id": "item3",
        "quantity": 1,
        "unit_price": Decimal(5),
        "order_id": f"crawled{number}",
        "request_id": "list2",
        "country": "XX",
    }
    somebody = {"user_identifier_id": "i_u2"} if number % 2 else {"anonymous_identifier_id": "i_crawler"}
    return {**event, **somebody, "occurred_at": at, "occurred_date": at.date()}


def served(request_id: str, *items: str) -> dict:
    """A list served on the first day."""
    of = [
        {"item_id": item, "rank": n, "score": 1 / n, "source": "personal"}
        for n, item in enumerate(items, start=1)
    ]
    at = {"served_at": datetime(2026, 1, 5, 7, tzinfo=UTC), "served_date": FIRST}
    return {"request_id": request_id, "placement": "home", "list_source": "personal", "items": of, **at}


# An order whose lines name two customers, two currencies, two countries and two channels, and a guest's that
# names nobody.
CONTRADICTION = (
    (1, None, {"country": None, "channel": None}),
    (2, "i_u2", {"country": "NL", "channel": "web"}),
    (
        3,
        "i_u1",
        {
            "country": "BE",
            "channel": "store",
            "currency": "USD",
            "amount": Decimal(29),
            "unit_price": Decimal(29),
        },
    ),
    (4, "i_u1", {"country": "NL", "channel": "web", "line_type": "charge"}),
)


def sale(source: str, order_id: str, line_no: int, n: int, user: str) -> dict:
    """A sale of the n-th day that names a user."""
    return guest_sale(source, order_id, FIRST + timedelta(days=n)) | {
        "line_no": line_no,
        "user_identifier_id": user,
    }


def vast_order(source: str, day: date) -> list[dict]:
    """Lines of one customer's, two sold and two sent back: each the most that its columns hold, their sums
    more than that.
    """
    # just below 10^14
    most = {
        "quantity": 2**31 - 1,
        "unit_price": Decimal("46566.1287"),
        "user_identifier_id": "i_u5",
    }
    line = {**guest_sale(source, "vast", day), **most, "amount": most["quantity"] * most["unit_price"]}
    back = {"line_type": "return", "quantity": -line["quantity"], "amount": -line["amount"]}
    return [line, {**line, "line_no": 2}, {**line, **back, "line_no": 3}, {**line, **back, "line_no": 4}]


def guest_sale(source: str, order_id: str, day: date) -> dict:
    """The only line of an order that is nobody's."""
    line = {
        "source": source,
        "order_id": order_id,
        "line_no": 1,
        "line_type": "sale",
        "item_id": "item1",
        "currency": "EUR",
    }
    at = {"ordered_at": datetime(day.year, day.month, day.day, 8, tzinfo=UTC), "ordered_date": day}
    return {**line, **at, "quantity": 1, "unit_price": Decimal(3), "amount": Decimal(3)}


def consent(identifier: str, n: int) -> dict:
    """A no, as ingest reads it off an event of the sample shop (test_consent.py holds it to that)."""
    at = datetime(2026, 1, 5, 12, tzinfo=UTC) + timedelta(days=n)
    word = {
        "identifier_id": identifier,
        "purpose": "personalization",
        "consented_at": at,
        "consented_date": at.date(),
    }
    return {**word, "source": "sample_shop", "feed": "events", "is_granted": False}


@dataclass
class Built:
    """Each night's file, a build from nothing of the same lake, the last day, the shop they tell of, dbt's
    manifest, and the status of each data test of the last night."""

    files: list[Path]
    anew: Path
    last: date
    shop: Shop
    manifest: dict
    results: dict[str, str]


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Built:
    """Three nights of a small shop, then the same lake at once; built once, for every test that asks a
    warehouse something.
    """
    root = tmp_path_factory.mktemp("warehouses")
    home, shop, first, files = Home(root / "nightly", Lake(root / "nightly" / "lake")), Shop(), 0, []
    for number, until in enumerate(NIGHTS):
        for n in range(first, until):
            happenings(shop, n)
            shop.trade(n)
        shop.write(home.lake)
        first, last = until, FIRST + timedelta(days=until - 1)
        # The last night with dbt's own tests, unit tests too: one of them wants an earlier build to look back
        # at.
        files.append(home.build(f"night{number}", last, *([] if until == NIGHTS[-1] else WITHOUT_TESTS)))
        home.publish(f"night{number}", files[-1])
    target = home.root / "warehouse" / "dbt" / "target"
    manifest, run = (
        json.loads((target / f"{name}.json").read_text()) for name in ("manifest", "run_results")
    )
    results = {
        one["unique_id"].split(".")[2]: one["status"]
        for one in run["results"]
        if one["unique_id"].startswith("test.")
    }
    (home.root / "published.json").unlink()  # nothing to build upon
    anew = home.build("anew", last, *WITHOUT_TESTS)
    return Built(files, anew, last, shop, manifest, results)


@pytest.fixture(scope="module")
def new_home(tmp_path_factory):
    """Makes homes that live as long as a module's tests."""

    def make(name: str) -> Home:
        root = tmp_path_factory.mktemp(name)
        return Home(root, Lake(root / "lake"))

    return make
