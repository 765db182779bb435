"""What was in production when: one line in `serving/production.jsonl` for every switch, of a night and of a
rollback.

Appended behind the switch and never rewritten, so it outlives the snapshots and warehouse files that `prune`
deletes. A switch that was killed before its line is written down by the next publish or rollback, which finds
that readers see what no line names.
"""

import contextlib
import json
import os
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from expectations.contracts import published
from expectations.contracts.files import sync_folder
from expectations.contracts.home import HomePaths
from expectations.contracts.published import Published
from spark_jobs.lake.tables import Lake
from spark_jobs.publish import rule_files
from spark_jobs.publish.summary import read_report
from spark_jobs.run.context import RunContext, slugify_run_id
from spark_jobs.run.identity_inputs import read_applied_identity_inputs

FILE = published.DEPLOYMENTS
PUBLISH, ROLLBACK = "publish", "rollback"
ROLLED_BACK_FROM = (
    "rolled back from "  # begins the `inputs` of what was rolled back to; the run that was left follows
)
ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:$|[T ])")


@dataclass(frozen=True)
class Deployment:
    """One change of what readers see.

    Attributes:
        switched_at: ISO time, UTC, by the clock on the wall.
        by: `publish` or `rollback`.
        shop_date: newest landing day that had ever been published by then, ISO: the shop's own clock, which a
            backfill follows.
        record: what readers see since, as `published.json` holds it.
        model: what was measured of the model served, and its digests; empty before one was accepted.
        rules: digest of every file of rules that made it, and overrides in force (`rule_files.py`); empty
            where the line was written later, by another night.
        was: the run that readers saw before.
        why: what was said of a rollback.
    """

    switched_at: str
    by: str
    shop_date: str
    record: dict[str, Any]
    model: dict[str, Any] = field(default_factory=dict)
    rules: dict[str, Any] = field(default_factory=dict)
    was: str = ""
    why: str = ""

    @property
    def run_id(self) -> str:
        return self.record["run_id"]

    @property
    def shows(self) -> tuple[str, ...]:
        return Published(**self.record).shows


def read_deployments(home: Path) -> list[Deployment]:
    """Every switch, oldest first. A line torn by a loss of power, or damaged, is left out:
    `log_missing_deployment` writes a last one down.
    """
    try:
        lines = (home / FILE).read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        with contextlib.suppress(ValueError, TypeError, RecursionError):
            found.append(Deployment(**json.loads(line)))
    return found


def append_deployment(home: Path, switch: Deployment) -> None:
    """Write a line and sync it, on a line of its own whatever the last one ends with."""
    path = home / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as out:
        if out.tell() and (out.seek(-1, os.SEEK_END), out.read(1))[1] != b"\n":
            out.write(b"\n")
        out.write(json.dumps(asdict(switch), sort_keys=True).encode() + b"\n")
        out.flush()
        os.fsync(out.fileno())
    sync_folder(path.parent)


def is_logged(home: Path, record: Published) -> bool:
    """Whether the last line is about what readers see."""
    lines = read_deployments(home)
    return bool(lines) and replace(Published(**lines[-1].record), inputs="") == replace(record, inputs="")


def log_publish(night: RunContext, lake: Lake, record: Published) -> None:
    """Append a night's switch, unless the last line is about it."""
    if not is_logged(night.settings.home, record):
        append_publish(
            night.settings.home,
            night.slug,
            record,
            rule_files.collect_rules_in_force(night, read_applied_identity_inputs(lake)),
        )


def log_missing_deployment(home: Path, now: Published, why: str = "") -> None:
    """Append the switch to what readers see, where it was killed before its line. Comes before another
    switch, which would be the last that could tell."""
    if is_logged(home, now):
        return
    if now.inputs.startswith(ROLLED_BACK_FROM):
        switched_at = datetime.fromtimestamp((home / published.FILE).stat().st_mtime, UTC)
        append_rollback(home, now, format_utc(switched_at), why)
    else:
        append_publish(home, slugify_run_id(now.run_id), now, {})


def append_publish(home: Path, name: str, record: Published, made_by: dict[str, Any]) -> None:
    """The line of a night, whose reports stand under this name."""
    model = read_report(HomePaths(home).reports(name) / "model.json").get("served") or {}
    lines = read_deployments(home)
    was = lines[-1].run_id if lines else ""
    append_deployment(
        home,
        Deployment(
            record.published_at,
            PUBLISH,
            find_newest_landing_date(home, record),
            asdict(record),
            model,
            made_by,
            was,
        ),
    )


def append_rollback(home: Path, back: Published, at: str, why: str) -> None:
    """The line of a switch back, with the model and rules that its night had."""
    known = [one for one in read_deployments(home) if one.shows == back.shows]
    told = (known[-1].model, known[-1].rules) if known else ({}, {})
    was = back.inputs.removeprefix(ROLLED_BACK_FROM)
    append_deployment(
        home,
        Deployment(at, ROLLBACK, find_newest_landing_date(home, back), asdict(back), *told, was=was, why=why),
    )


def find_newest_landing_date(home: Path, record: Published) -> str:
    """The newest landing day published so far, this record's included."""
    return max([record.landing_date, *(each.shop_date for each in read_deployments(home))])


def format_utc(at: datetime) -> str:
    """ISO, UTC, to the second; years in four digits, so that texts sort as times do (`strftime` writes 999 of
    the year 0999).
    """
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def compute_first_day_in_production(switch: Deployment) -> str:
    """The day since which it was in production by the shop's clock: the night over landing day D is the run
    at 03:00 of D + 1.
    """
    return (date.fromisoformat(switch.shop_date) + timedelta(days=1)).isoformat()


def parse_moment(when: str) -> tuple[datetime, bool]:
    """The moment that is meant, in UTC, and whether it is the last second of a day that was named.

    Args:
        when: a day (`2011-11-20`), or a moment (`2011-11-20T15:00`, UTC unless it says otherwise).

    Raises:
        ValueError: it is neither.
    """
    if not ISO_DATE.match(when):  # Python reads weeks too: of 2026-W08 it takes the Monday
        raise ValueError(when)
    if len(when) == len("2011-11-20"):
        return datetime.combine(date.fromisoformat(when), time(23, 59, 59), UTC), True
    moment = datetime.fromisoformat(when)
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC), False
    except OverflowError as error:
        raise ValueError("it lies beyond the years that a clock can tell") from error


def find_deployment_at(switches: Iterable[Deployment], when: str) -> tuple[Deployment | None, str]:
    """What was in production at a moment or at the end of a day.

    Args:
        when: as `parse_moment` takes it.

    Returns:
        The switch, None when nothing was published by then; and by which clock: `wall`, or `shop` for a time
        before this home's first publish, as it is when a home was filled with the past.

    Raises:
        ValueError: it is neither a day nor a moment.
    """
    lines, (moment, _) = list(switches), parse_moment(when)
    by_wall = [each for each in lines if each.switched_at <= format_utc(moment)]
    if by_wall:
        return by_wall[-1], "wall"
    by_shop = [each for each in lines if compute_first_day_in_production(each) <= moment.date().isoformat()]
    return (by_shop[-1] if by_shop else None), "shop"


def resolve_as_of(switches: Iterable[Deployment], when: str) -> tuple[Deployment | None, str, str]:
    """What `find_deployment_at` finds, and a sentence that says which night this is, and which one is the
    day's own.

    A night over landing day D runs in the small hours of D + 1: who names a day may mean either, and reads
    here which was taken.

    Raises:
        ValueError: it is neither a day nor a moment.
    """
    lines, (moment, is_day) = list(switches), parse_moment(when)
    found, clock = find_deployment_at(lines, when)
    if found is None:
        told = f"nothing was in production {f'when {when} ended' if is_day else f'at {when}'}"
        first = lines[0] if lines else None
        if first:
            told += f"; the first switch was at {first.switched_at}, over {format_landing_dates(first)} "
            told += f"(in production from {compute_first_day_in_production(first)} by the shop's days)"
        return None, clock, told
    since = {
        "wall": found.switched_at,
        "shop": f"{compute_first_day_in_production(found)} by the shop's own days",
    }[clock]
    told = f"{when} means what was in production {'when that day ended' if is_day else 'then'}"
    told = f"{told}: run {found.run_id} over {format_landing_dates(found)}, since {since}."
    day = moment.date().isoformat()
    own = [each.run_id for each in lines if each.by == PUBLISH and each.record["landing_date"] == day]
    if is_day and own and own[-1] != found.run_id:
        told += f" The night over landing day {day} itself is run {own[-1]}."
    return found, clock, told


def format_landing_dates(switch: Deployment) -> str:
    return f"landing days up to {switch.record['landing_date']}"
