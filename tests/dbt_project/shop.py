"""A small shop whose lake is written night by night, without Spark: late rows, corrections, merges, a feed
that begins late.
"""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
from deltalake import write_deltalake

from expectations.contracts import lake as contracts
from expectations.contracts.tables import Table
from spark_jobs.lake.tables import Lake, build_arrow_schema
from tests.dbt_project.rows import FIRST

CATEGORIES = ("tea", "cups", "tins")
# by day traded
PLANTED = {
    8: ("i_u21", "i_a21"),
    9: ("i_a20",),
    10: ("rare",),
    13: ("i_a20",),
    16: ("i_u20",),
}


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
    served: dict[str, dict] = field(default_factory=dict)  # lists, by their request
    has_feed: bool = False
    n_people: int = 9  # two thirds of whom have a login
    most_visits: int = 7  # a day
    share_late: float = 0.12
    most_late: int = 4  # nights

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
        """The n-th day: visits, orders, returns; some rows reach the lake some nights later."""
        day = FIRST + timedelta(days=n)
        for late in [late for late in self.late if late[0] <= n]:
            self.late.remove(late)
            self.keep(late[1], late[2])
        for visit in range(self.random.randint(self.most_visits * 3 // 7, self.most_visits)):
            self.visit(n, day, visit)
        for who in PLANTED.get(n, ()):
            self.plant(n, day, who)

    def visit(self, n: int, day: date, visit: int) -> None:
        who = self.random.randint(1, self.n_people)
        anonymous, user = f"i_a{who}", f"i_u{who}" if who <= self.n_people * 2 // 3 else None
        at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC) + timedelta(
            minutes=840 * visit // self.most_visits + self.random.randint(0, 59)
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
        if self.random.random() < self.share_late:
            self.late.append((n + self.random.randint(1, self.most_late), kind, row))
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
        put(lake, contracts.CORE_IMPRESSIONS, list(self.served.values()))

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
