"""Core tables of a small shop on two nights, and which keys the second one changes."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pyarrow.compute as pc
from deltalake import DeltaTable

from expectations.contracts.lake import (
    CORE_CONSENTS,
    CORE_EVENTS,
    CORE_IDENTIFIERS,
    CORE_IDENTITIES,
    CORE_IDENTITY_CHANGES,
    CORE_IDENTITY_LINKS,
    CORE_IMPRESSIONS,
    CORE_ITEMS,
    CORE_ORDER_LINES,
    CORE_PEOPLE,
)
from expectations.contracts.tables import Table
from spark_jobs.lake.tables import Lake

OPENED = date(2026, 1, 5)
Upsert = Callable[[Lake, Table, list[dict]], None]
N_DAYS, N_PEOPLE, N_ITEMS = 20, 30, 12


def at(day: int, minute: int) -> datetime:
    """A time on a day of the shop, with microseconds."""
    return datetime(2026, 1, 5, tzinfo=UTC) + timedelta(days=day, minutes=minute, microseconds=7 * minute + 1)


def items() -> list[dict]:
    return [
        {
            "item_id": f"item-{n}",
            "title": f"Item 'no' {n}, \"é\"",
            "category_path": ["Home", "Mugs"] if n % 3 else ["Garden"],
            "brand": None if n % 4 else "Björk & Co",
            "price": Decimal(n * n) / 4 + 1,
            "currency": "EUR",
            "n_stock": n % 5,
            "is_in_stock": n % 5 > 0,
            "is_consumable": n % 3 == 0,
            "is_recommendable": n != 7,
            "attributes": {"colour": "red"},
            "first_seen_at": at(0, n),
            "updated_at": at(n % 4, n),
        }
        for n in range(N_ITEMS)
    ]


def people() -> tuple[list[dict], list[dict], list[dict], list[dict]]:
    """Identifiers, whose they are, consents and person records: everyone has a browser, two of three an
    account too.
    """
    identifiers, identities, consents, records = [], [], [], []
    for n in range(N_PEOPLE):
        kinds = ["anonymous_id"] + (["user_id", "email"] if n % 3 else [])
        for kind in kinds:
            identifiers.append(
                {
                    "identifier_id": f"i_{kind}_{n}",
                    "kind": kind,
                    "source": None if kind == "email" else "shop",
                    "value": f"{kind} {n}",
                    "value_normalised": f"{kind} {n}",
                    "first_seen_at": at(n % 9, n),
                }
            )
            identities.append({"identifier_id": f"i_{kind}_{n}", "customer_id": f"c_{n}"})
        if n % 3:
            records.append(
                {
                    "source": "shop",
                    "record_id": f"p{n}",
                    "user_identifier_id": f"i_user_id_{n}",
                    "first_name": f"First {n}",
                    "last_name": "O'Last",
                    "email": f"p{n}@shop.example",
                    "country": "France" if n % 2 else "Germany",
                    "email_identifier_id": f"i_email_{n}",
                    "address_line": f"Hill {n}",
                    "city": "Köln",
                    "postcode": "50 667",
                    "birth_date": date(1980, 1 + n % 12, 2),
                    "created_at": at(0, n),
                    "updated_at": at(n % 3, n),
                }
            )
            records.append(  # the till knows them too: otherwise spelt, at odds, or not at all
                {
                    "source": "till",
                    "record_id": f"t{n}",
                    "user_identifier_id": f"i_user_id_{n}",
                    "first_name": f" FIRST  {n}",
                    "last_name": "É'Last" if n % 4 else "\t ",
                    "email": f"P{n}@shop.example ",
                    "phone": f"+49 {n}",
                    "address_line": f"Dell {n}" if n % 4 else None,
                    "city": "Ulm",
                    "postcode": "50667",
                    "country": "france",
                    "birth_date": date(1980, 1, 2),
                    "created_at": at(1, n),
                    "updated_at": at(1, n),
                }
            )
            consents.append(
                {
                    "identifier_id": f"i_user_id_{n}",
                    "purpose": "personalization",
                    "consented_at": at(1, n),
                    "consented_date": at(1, n).date(),
                    "source": "shop",
                    "feed": "people",
                    "is_granted": n % 7 > 0,
                }
            )
    return identifiers, identities, consents, records


def link(a: str, b: str, n: int, held_by: str | None = None) -> dict:
    return {
        "identifier_id_a": a,
        "identifier_id_b": b,
        "rule": "same_event",
        "evidence": f"core_events/e{n}",
        "weight": 1 - n / 128,
        "is_followed": held_by is None,
        "held_by": held_by,
        "first_seen_at": at(n % 9, n),
    }


def change(night: int, n: int, what: str, to: int) -> dict:
    ids = {
        "change_id": f"{night:010d}-{n:02d}",
        "customer_id": f"c_{n}",
        "to_customer_id": f"c_{to}",
        "run_id": f"night-{night}",
    }
    return {
        **ids,
        "change": what,
        "because": "first sighting of 'one'",
        "landing_date": OPENED + timedelta(days=N_DAYS),
    }


def who_is_who() -> tuple[list[dict], list[dict]]:
    """Each account's browser and e-mail, a browser that two have used, and how the customers came about."""
    accounts = [n for n in range(N_PEOPLE) if n % 3]
    own = [link(f"i_{kind}_{n}", f"i_user_id_{n}", n) for n in accounts for kind in ("anonymous_id", "email")]
    return [*own, link("i_anonymous_id_1", "i_user_id_2", 3, "shared/browser")], [
        change(0, n, "created", n) for n in accounts
    ]


def behaviour(days: range, draw: random.Random) -> tuple[list[dict], list[dict]]:
    """Events and order lines of some days: views, carts, orders of one to three lines, guests, postage,
    returns.
    """
    events, lines = [], []
    for day in days:
        for n in draw.sample(range(N_PEOPLE), 12):
            for step in range(draw.randint(1, 3)):
                events.append(
                    {
                        "event_id": f"e{day}-{n}-{step}",
                        "event_type": draw.choice(["view", "view", "cart", "page"]),
                        "source": "shop",
                        "occurred_at": at(day, 60 * step + n),
                        "occurred_date": OPENED + timedelta(days=day),
                        "quantity": 1,
                        "item_id": f"item-{draw.randrange(N_ITEMS)}",
                        "anonymous_identifier_id": f"i_anonymous_id_{n}",
                        "user_identifier_id": f"i_user_id_{n}" if n % 3 and step else None,
                        "session_id": f"s{day}-{n}",
                        "device_type": draw.choice(["phone", "desktop"]),
                        "country": "France",
                    }
                )
        for n in draw.sample(range(N_PEOPLE), 5):
            order = f"o{day}-{n}"
            for number in range(1, draw.randint(2, 4)):
                kind = "charge" if number == 3 else "return" if draw.random() < 0.2 else "sale"
                quantity = draw.randint(1, 4) * (-1 if kind == "return" else 1)
                price = Decimal(draw.randint(1, 4000)) / 100
                lines.append(
                    {
                        "source": "shop",
                        "order_id": order,
                        "line_no": number,
                        "line_type": kind,
                        "ordered_at": at(day, 600 + n),
                        "ordered_date": OPENED + timedelta(days=day),
                        "quantity": quantity,
                        "unit_price": price,
                        "amount": quantity * price,
                        "currency": "EUR",
                        "country": "Germany",
                        "channel": draw.choice(["web", "store"]),
                        "item_id": None if kind == "charge" else f"item-{draw.randrange(N_ITEMS)}",
                        "user_identifier_id": f"i_user_id_{n}" if n % 3 else None,
                    }
                )
    return events, lines


def lists(numbers: range) -> list[dict]:
    """Served lists of two items each, and an empty one."""
    return [
        {
            "request_id": f"list{n}",
            "served_at": at(n, 5),
            "served_date": OPENED + timedelta(days=n),
            "placement": "home",
            "customer_id": f"c_{n}",
            "list_source": "personal",
            "model_version": "m",
            "snapshot": "s",
            "items": [
                {"item_id": f"item-{n + k}", "rank": k, "score": 1 / 3, "source": "it's"}
                for k in range(1, 3 if n else 1)
            ],
        }
        for n in numbers
    ]


def first_night(lake: Lake, upsert: Upsert) -> None:
    """Twenty days of a small shop."""
    events, lines = behaviour(range(N_DAYS), random.Random(7))
    (identifiers, identities, consents, records), (links, changes) = people(), who_is_who()
    for table, rows in (
        (CORE_ITEMS, items()),
        (CORE_EVENTS, events),
        (CORE_ORDER_LINES, lines),
        (CORE_IDENTIFIERS, identifiers),
        (CORE_IDENTITIES, identities),
        (CORE_CONSENTS, consents),
        (CORE_PEOPLE, records),
        (CORE_IDENTITY_LINKS, links),
        (CORE_IDENTITY_CHANGES, changes),
        (CORE_IMPRESSIONS, lists(range(3))),
    ):
        upsert(lake, table, rows)


def second_night(lake: Lake, upsert: Upsert) -> dict[str, int]:
    """One day more, and what nights bring beside it: late rows, a correction, a merge of customers, a
    deletion, an item that moves to another category. Returns how many keys changed in each table."""
    events, lines = behaviour(range(N_DAYS, N_DAYS + 1), random.Random(8))
    late, _ = behaviour(range(4, 5), random.Random(9))
    late = [row | {"event_id": f"late-{row['event_id']}"} for row in late]
    upsert(lake, CORE_EVENTS, events + late)
    corrected = lake.read_arrow(CORE_ORDER_LINES).to_pylist()[3]
    upsert(
        lake, CORE_ORDER_LINES, [*lines, corrected | {"quantity": 9, "amount": 9 * corrected["unit_price"]}]
    )
    gone = (
        lake.read_arrow(CORE_ORDER_LINES)
        .filter(pc.field("ordered_date") == OPENED + timedelta(days=2))
        .to_pylist()[0]
    )
    DeltaTable(lake.path(CORE_ORDER_LINES)).delete(
        f"order_id = '{gone['order_id']}' and line_no = {gone['line_no']}"
    )
    upsert(lake, CORE_IDENTITIES, [{"identifier_id": "i_anonymous_id_3", "customer_id": "c_4"}])
    parted = link("i_email_5", "i_user_id_5", 5, "decision/refuse")
    upsert(lake, CORE_IDENTITY_LINKS, [link("i_anonymous_id_3", "i_user_id_4", 4), parted])
    upsert(lake, CORE_IDENTITY_CHANGES, [change(1, 3, "merged", 4)])
    upsert(lake, CORE_ITEMS, [items()[4] | {"category_path": ["Garden"], "price": Decimal("0.1000")}])
    upsert(lake, CORE_IMPRESSIONS, lists(range(3, 4)))
    denied = {
        "identifier_id": "i_user_id_5",
        "purpose": "personalization",
        "consented_at": at(20, 1),
        "is_granted": False,
    }
    upsert(
        lake,
        CORE_CONSENTS,
        [denied | {"consented_date": at(20, 1).date(), "source": "shop", "feed": "people"}],
    )
    return {
        "core_events": len(events) + len(late),
        "core_order_lines": len(lines) + 2,
        "core_identities": 1,
        "core_items": 1,
        "core_consents": 1,
        "core_identity_links": 2,
        "core_identity_changes": 1,
        "core_impressions": 1,
    }
