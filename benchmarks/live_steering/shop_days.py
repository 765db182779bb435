"""Days of the sample shop behind a home's last night: its visitors' sessions, and what is true on such a
day.
"""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from expectations.contracts.identifiers import hash_identifier
from models.steering.sessions import Sessions, group_sessions
from sample_shop import tastes
from sample_shop.judge import Judge
from sample_shop.shop import Shop
from sample_shop.shop_calendar import get_day_number

SOURCE = "sample_shop"
EVENTS = {"Product Viewed": 0, "Product Added": 1, "Order Completed": 2}
AHEAD = 7  # days of purchases that a list is judged by


class ShopFolders(NamedTuple):
    """Where a shop traded to."""

    landing: Path
    truth: Path


class Visitor(NamedTuple):
    """Who sent an event, by what the event says.

    Attributes:
        session_id: of the web session, by which the truth knows who sat there.
    """

    user_id: str | None
    anonymous_id: str | None
    session_id: str | None = None

    def identifiers(self) -> Iterator[tuple[str, str]]:
        """Kind and value of what is known, surest first."""
        if self.user_id:
            yield "user_id", self.user_id
        if self.anonymous_id:
            yield "anonymous_id", self.anonymous_id

    def identifier_ids(self, key: str) -> list[str]:
        """As a snapshot knows them."""
        return [hash_identifier(key, kind, SOURCE, value) for kind, value in self.identifiers()]


@dataclass(frozen=True)
class VisitorSessions:
    """A day's sessions; their customers and items are numbers of these lists."""

    sessions: Sessions
    visitors: list[Visitor]
    item_ids: list[str]


def trade_on(folder: Path, seed: int, customers: int, last: date) -> ShopFolders:
    """The shop from its opening to a day, written anew: the same bytes as the home's own days."""
    folders = ShopFolders(folder / "landing", folder / "truth")
    Shop(seed, customers, *folders, write_from=0).trade_until(get_day_number(last), lambda day: None)
    return folders


def read_visitor_sessions(shop: ShopFolders, day: date) -> VisitorSessions:
    """The sessions of the events that landed on a day. Lines that cannot be read are passed over, and so is
    who does not allow personalization; a message that came twice counts once. A visitor is known by the
    browser; who logs in is known from then on.
    """
    rows, seen, numbers, items = [], set(), {}, {}
    user_of: dict[str, str] = {}
    for line in read_lines(shop.landing / "events" / day.isoformat()):
        row = parse_line(line)
        if row is None or row["messageId"] in seen or not row.get("anonymousId") or denies(row):
            continue
        seen.add(row["messageId"])
        if row.get("userId"):
            user_of[row["anonymousId"]] = row["userId"]
        kind = EVENTS.get(row.get("event"))
        if kind is None:
            continue
        session_id = (row.get("context") or {}).get("sessionId")
        visitor = Visitor(user_of.get(row["anonymousId"]), row["anonymousId"], session_id)
        second = int(find_time(row).timestamp())
        properties = row.get("properties") or {}
        for product in properties.get("products") or [properties]:
            if isinstance(item := product.get("product_id"), str):
                number = numbers.setdefault(visitor, len(numbers))
                rows.append((number, items.setdefault(item, len(items)), kind, second))
    sessions = group_sessions(*np.array(rows, np.int64).reshape(-1, 4).T, len(items))
    return VisitorSessions(sessions, [*numbers], [*items])


def read_lines(folder: Path) -> Iterator[bytes]:
    """The lines of a day's event files."""
    for path in sorted(folder.glob("*.gz")):
        with gzip.open(path) as file:
            yield from file


def parse_line(line: bytes) -> dict | None:
    """An event with an id and readable times; None for another line."""
    try:
        row = json.loads(line)
        find_time(row)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return row if row.get("messageId") else None


def denies(row: dict) -> bool:
    """Whether an event says no to personalization: nothing of it may steer."""
    consent = (row.get("context") or {}).get("consent") or {}
    return consent.get("categoryPreferences", {}).get("personalization") is not True


def find_time(row: dict) -> datetime:
    """The event's true time."""
    if row.get("timestamp"):
        return datetime.fromisoformat(row["timestamp"])
    received, sent, original = (
        datetime.fromisoformat(row[name]) for name in ("receivedAt", "sentAt", "originalTimestamp")
    )
    return received - (sent - original)


class DayTruth:
    """What is true on the morning of a day, of everybody who came by its evening: purchases of the day
    itself are still to be expected.

    Attributes:
        number: of the day.
    """

    def __init__(self, shop: ShopFolders, day: date) -> None:
        self.number = get_day_number(day)
        self.judge = Judge(shop.truth, day)
        before = Judge(shop.truth, day - timedelta(1))
        last = np.full_like(self.judge.last_bought, tastes.NEVER)
        rows = [self.judge.row_of[person] for person in before.person_ids]
        columns = [self.judge.column_of[item] for item in before.item_ids]
        last[np.ix_(rows, columns)] = before.last_bought
        self.judge.last_bought, self.judge.today = last, before.today
        sessions = self.judge.read_truth("sessions")
        self._person_of = dict(
            zip(sessions["session_id"].to_pylist(), sessions["person_id"].to_pylist(), strict=True)
        )

    @cached_property
    def expected(self) -> np.ndarray:
        """float [persons, items]: expected purchases on this day and the six behind it."""
        return self.judge.compute_expected_purchases(AHEAD)

    def find_row(self, visitor: Visitor) -> int | None:
        """The row of the person who sat there; None where the truth knows of no such session."""
        person = self._person_of.get(visitor.session_id)
        return None if person is None else self.judge.row_of[person]
