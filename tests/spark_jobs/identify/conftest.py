"""Rows of a small shop, an hour after the other, put into the lake as ingest does; and its nights."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from expectations.contracts.identifiers import SHARED_KINDS, hash_identifier
from expectations.contracts.lake import CORE_EVENTS, CORE_IDENTIFIERS, CORE_ORDER_LINES, CORE_PEOPLE
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import LandingDates, RunContext
from spark_jobs.settings import Settings

SHOP = "sample_shop"
OPENING = datetime(2026, 1, 5, 9, tzinfo=UTC)


def iid(name: str) -> str:
    """`user_id:u1` → the id of user u1."""
    kind, value = name.split(":", 1)
    return hash_identifier("key", kind, SHOP, value)


def event(number: int, hour: int, **who) -> tuple:
    return CORE_EVENTS, {
        "event_id": f"e{number}",
        "source": SHOP,
        "event_type": "view",
        "item_id": "item",
        "occurred_at": at(hour),
        "occurred_date": at(hour).date(),
        "first_received": "2026-01-06/events#000000001",
        **who,
    }


def order(number: int, hour: int, **who) -> tuple:
    return CORE_ORDER_LINES, {
        "source": SHOP,
        "order_id": f"o{number}",
        "line_no": 1,
        "line_type": "sale",
        "ordered_at": at(hour),
        "ordered_date": at(hour).date(),
        "item_id": "item",
        "quantity": 1,
        "unit_price": Decimal(1),
        "amount": Decimal(1),
        "currency": "EUR",
        **who,
    }


def person(number: int, hour: int, **who) -> tuple:
    return CORE_PEOPLE, {"source": SHOP, "record_id": f"r{number}", "created_at": at(hour), **who}


def at(hour: int) -> datetime:
    return OPENING + timedelta(hours=hour)


KINDS = {"user": "user_id", "anonymous": "anonymous_id", "crm": "crm_id", "email": "email", "phone": "phone"}


def write(lake: Lake, rows: list[tuple]) -> None:
    """Put rows into the core tables, and their identifiers into `core_identifiers`, as ingest does."""
    found: dict[str, dict] = {}
    frames: dict = {}
    for table, row in rows:
        row, seen = dict(row), row.get("occurred_at") or row.get("ordered_at") or row.get("created_at")
        for word, kind in KINDS.items():
            if (value := row.pop(word, None)) is not None:
                row[f"{word}_identifier_id"] = iid(f"{kind}:{value}")
                first = min(seen, found.get(row[f"{word}_identifier_id"], {}).get("first_seen_at", seen))
                found[row[f"{word}_identifier_id"]] = {
                    "identifier_id": row[f"{word}_identifier_id"],
                    "kind": kind,
                    "source": None if kind in SHARED_KINDS else SHOP,
                    "value": value,
                    "value_normalised": value,
                    "first_seen_at": first,
                }
        frames.setdefault(table.name, (table, []))[1].append(row)
    frames[CORE_IDENTIFIERS.name] = (CORE_IDENTIFIERS, list(found.values()))
    for table, given in frames.values():
        old = {tuple(row[name] for name in table.key): row for row in lake.read_arrow(table).to_pylist()}
        for row in given:
            key = tuple(row[name] for name in table.key)
            if key not in old or table is CORE_IDENTIFIERS:
                row["first_seen_at"] = min(
                    row.get("first_seen_at", OPENING), old.get(key, row).get("first_seen_at", OPENING)
                )
                old[key] = {name: row.get(name) for name in table.columns}
        lake.replace_rows(list(old.values()), table)


def a_night(tmp_path, number: int) -> RunContext:
    settings = Settings.from_environment({"CONCIERGE_HOME": str(tmp_path)})
    day = date(2026, 1, 5) + timedelta(days=number)
    return RunContext(
        f"night-{number}", LandingDates(day, day), settings, datetime(2026, 1, 6 + number, 3, tzinfo=UTC)
    )
