"""The sample shop's sessions replayed behind a home's last night: the night's list and the list steered, by
the purchases truly to be expected.
"""

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.live_steering.picture import draw_worth
from benchmarks.live_steering.shop_days import (
    AHEAD,
    DayTruth,
    VisitorSessions,
    read_visitor_sessions,
    trade_on,
)
from benchmarks.sample_shop_lists.worth import K, compact_rows, compute_list_worth, find_best_items
from expectations.contracts.home import HomePaths
from expectations.contracts.published import Published
from models.evaluation import bootstrap_interval
from models.steering.examples import unflatten_weights
from models.steering.learn import MOMENTS_A_SESSION, draw_moments
from models.steering.sessions import Moment, iterate_moments
from models.steering.weights import KINDS, SteeringWeights
from serving_app.live.state import RecentEvent
from serving_app.recommendations.ladder import (
    AUDIENCE,
    PERSONAL,
    POPULAR,
    ListSubject,
    gather_rungs,
)
from serving_app.recommendations.steering import SnapshotSteering
from serving_app.storage.verified_snapshot import open_snapshot
from spark_jobs.settings import Settings

PER = 1000
SOURCES = (PERSONAL, AUDIENCE, POPULAR)  # as the service falls back
ALONE, STEERED, ANYWAY, BEST = (
    "the night's list",
    "steered",
    "steered in spite of the gate",
    "the best there are",
)
LISTS = (ALONE, STEERED, ANYWAY, BEST)


class Answer(NamedTuple):
    """One moment's lists, and what they are worth.

    Attributes:
        session: its number, of one day.
        is_personal: whether the list is the visitor's own.
        n_touched: items touched so far.
        worth: by list, truly expected purchases of its ten items.
    """

    session: tuple[int, int]
    is_personal: bool
    n_touched: int
    worth: tuple[float, ...]


class Replay:
    """A home's published snapshot, asked at moments of sessions behind it."""

    def __init__(self, home: Path) -> None:
        settings = Settings.from_environment({**os.environ, "CONCIERGE_HOME": str(home)})
        published = Published.read(home)
        self.key, self.paths = settings.identity_key, settings.paths
        folder = self.paths.snapshots / published.snapshot
        self.snapshot = open_snapshot(folder, self.paths.verified_snapshots / published.snapshot, [])
        self.steering, self.forced = SnapshotSteering(self.snapshot), SnapshotSteering(self.snapshot)
        self.forced._weights = read_learned_weights(home)

    def answer(self, moment: Moment, sessions: VisitorSessions, truth: DayTruth) -> Answer | None:
        """The lists of a moment by their worth; None where the truth does not know who sat there."""
        visitor = sessions.visitors[moment.customer]
        row = truth.find_row(visitor)
        if row is None:
            return None
        known = map(self.snapshot.find_customer_id, visitor.identifier_ids(self.key))
        rungs = gather_rungs(self.snapshot, ListSubject(next(filter(None, known), None)), SOURCES)
        rung = next(one for one in rungs if len(one.items))
        events = [
            RecentEvent(sessions.item_ids[one.item], KINDS[one.kind], datetime.fromtimestamp(one.at, UTC))
            for one in reversed(moment.touched)
        ]
        touched = {event.item_id for event in events}
        now = datetime.fromtimestamp(moment.second, UTC)
        is_personal = rung.source == PERSONAL
        lists = [[listed.item_id for listed in rung.items]]
        for steering in (self.steering, self.forced):
            steered = steering.steer(rung.items, is_personal, events, now)
            lists.append(lists[0] if steered is None else [one.item_id for one in steered])
        tens = [self._select_new(items, touched) for items in lists]
        expected = truth.expected[row][None].copy()
        expected[0, [truth.judge.column_of[item] for item in touched if item in truth.judge.column_of]] = 0.0
        places = compact_rows([[truth.judge.column_of.get(item, -1) for item in ten] for ten in tens])
        worth = [float(compute_list_worth(expected, place[None])[0]) for place in places]
        worth.append(float(compute_list_worth(expected, find_best_items(expected, K))[0]))
        return Answer((truth.number, moment.session), is_personal, len(moment.touched), tuple(worth))

    def _select_new(self, items: Sequence[str], touched: set[str]) -> list[str]:
        """The first ten that may be shown and are new to the session: who looks at an item buys it or not
        whether a list names it again.
        """
        shown = (
            item
            for item in items
            if item not in touched and (facts := self.snapshot.read_item(item)) and facts.may_be_shown
        )
        return [item for item, _ in zip(shown, range(K), strict=False)]


def read_learned_weights(home: Path) -> SteeringWeights:
    """The weights as the last training learned them, whatever their gate said."""
    reports = HomePaths(home).reports("").glob("*/model.json")
    newest = max(reports, key=lambda path: path.stat().st_mtime)
    report = json.loads(newest.read_text())["steering"]
    cohorts = tuple(
        unflatten_weights(np.array(cohort["weights"]), name == "personal", cohort["most_events"])
        for name, row in report.items()
        for cohort in row["cohorts"]
    )
    return SteeringWeights(report["popular"]["half_life_places"], cohorts)


class GroupWorth(NamedTuple):
    """What a group's lists are worth, per `PER` moments.

    Attributes:
        worth: float [lists]: means over sessions.
        gains: float [lists, 3]: over the night's list: mean, low, high.
    """

    name: str
    n_sessions: int
    worth: np.ndarray
    gains: np.ndarray

    def __str__(self) -> str:
        parts = [f"{self.n_sessions} sessions"]
        for name, worth, (lift, low, high) in zip(LISTS, self.worth, self.gains, strict=True):
            gained = f" ({lift:+.1f} [{low:+.1f}, {high:+.1f}])" if name in (STEERED, ANYWAY) else ""
            parts.append(f"{name} {worth:.0f}{gained}")
        return f"{self.name}: " + "; ".join(parts)


def replay_days(home: Path, as_of: date, days: int) -> list[Answer]:
    """The answers at the moments of the days behind a home's last night."""
    replay, answers = Replay(home), []
    shop_seed = json.loads((replay.paths.truth / "shop.json").read_text())
    with tempfile.TemporaryDirectory() as folder:
        last = as_of + timedelta(days + AHEAD)
        shop = trade_on(Path(folder), shop_seed["seed"], shop_seed["customers"], last)
        for n in range(1, days + 1):
            day = as_of + timedelta(n)
            sessions, truth = read_visitor_sessions(shop, day), DayTruth(shop, day)
            moments = draw_moments(list(iterate_moments(sessions.sessions)), seed=0)
            answers += filter(None, (replay.answer(one, sessions, truth) for one in moments))
    return answers


def compare(home: Path, as_of: date, days: int, picture: Path | None) -> Iterator[str]:
    """The comparison, line by line; drawn where a picture is asked for."""
    answers = replay_days(home, as_of, days)
    yield (
        f"{days} days behind the night of {as_of}: {len(answers):,} moments, at most {MOMENTS_A_SESSION} of a"
        f" session. Truly expected purchases of the ten items in {AHEAD} days, per {PER:,} moments, means"
        " over sessions; then the gain over the night's list, paired, 95 %."
    )
    groups = group_answers(answers)
    yield from map(str, groups)
    if picture:
        draw_worth(groups, LISTS, picture)
        yield str(picture)


def group_answers(answers: Sequence[Answer]) -> list[GroupWorth]:
    """Strangers and known customers, by how much they had touched; groups of nobody are left out."""
    groups = []
    for who, is_personal in (("strangers", False), ("known", True)):
        own = [one for one in answers if one.is_personal == is_personal]
        for words, fewest, most in (
            ("all", 1, 99),
            ("1 item", 1, 1),
            ("2 items", 2, 2),
            ("3 or more", 3, 99),
        ):
            group = [one for one in own if fewest <= one.n_touched <= most]
            if group:
                groups.append(summarise_group(f"{who}, {words}", group))
    return groups


def summarise_group(name: str, answers: Sequence[Answer]) -> GroupWorth:
    """The worth of each list for a group."""
    _, which = np.unique([one.session for one in answers], axis=0, return_inverse=True)
    which, worth = which.ravel(), np.array([one.worth for one in answers])
    of_session = np.stack([np.bincount(which, column) for column in worth.T], axis=1)
    of_session *= PER / np.bincount(which)[:, None]
    gains = [bootstrap_interval(column - of_session[:, 0]) for column in of_session.T]
    return GroupWorth(name, len(of_session), of_session.mean(axis=0), np.array(gains))
