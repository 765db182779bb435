"""What was in production when: one line in `serving/production.jsonl` for every switch, of a night and of a rollback.

Appended behind the switch and never rewritten, so it outlives the snapshots and warehouse files that `prune` deletes. A switch
that was killed before its line is written down by the next publish, which finds that readers see what no line names.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from expectations.contracts.published import Published
from spark_jobs.identify.said import taken
from spark_jobs.night import Night
from spark_jobs.publish import rules
from spark_jobs.publish.summary import read_report
from spark_jobs.tables import Lake

FILE = Path("serving") / "production.jsonl"
PUBLISH, ROLLBACK = "publish", "rollback"


@dataclass(frozen=True)
class Switch:
    """One change of what readers see.

    Attributes:
        switched_at: ISO time, UTC, by the clock on the wall.
        by: `publish` or `rollback`.
        shop_date: newest landing day that had ever been published by then, ISO: the shop's own clock, which a backfill follows.
        record: what readers see since, as `published.json` holds it.
        model: what was measured of the model served, and its digests; empty before one was accepted.
        rules: digest of every file of rules that made it, and overrides in force (`rules.py`).
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


def read(home: Path) -> list[Switch]:
    """Every switch, oldest first. A line torn by a loss of power is left out: its switch is the next publish's to write."""
    try:
        lines = (home / FILE).read_text().splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        try:
            found.append(Switch(**json.loads(line)))
        except ValueError:
            continue
    return found


def append(home: Path, switch: Switch) -> None:
    """Write a line and sync it, on a line of its own whatever the last one ends with."""
    path = home / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as out:
        if out.tell() and (out.seek(-1, os.SEEK_END), out.read(1))[1] != b"\n":
            out.write(b"\n")
        out.write(json.dumps(asdict(switch), sort_keys=True).encode() + b"\n")
        out.flush()
        os.fsync(out.fileno())


def written(home: Path, record: Published) -> bool:
    """Whether the last line is about what readers see."""
    lines = read(home)
    return bool(lines) and replace(Published(**lines[-1].record), inputs="") == replace(record, inputs="")


def write_down(night: Night, lake: Lake, record: Published, was: str) -> None:
    """Append a night's switch, unless the last line is about it."""
    home = night.settings.home
    if written(home, record):
        return
    model = read_report(home / "reports" / night.slug / "model.json").get("served") or {}
    made_by = rules.taken(night, taken(lake))
    append(home, Switch(said(night.now), PUBLISH, newest(home, record), asdict(record), model, made_by, was))


def newest(home: Path, record: Published) -> str:
    """The newest landing day published so far, this record's included."""
    return max([record.landing_date, *(each.shop_date for each in read(home))])


def said(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def public_from(switch: Switch) -> str:
    """The day since which it was in production by the shop's clock: the night over landing day D is the run at 03:00 of D + 1."""
    return (date.fromisoformat(switch.shop_date) + timedelta(days=1)).isoformat()


def at(switches: Iterable[Switch], when: str) -> tuple[Switch | None, str]:
    """What was in production at a moment or at the end of a day.

    Args:
        when: a day (`2011-11-20`), or a moment (`2011-11-20T15:00`, UTC unless it says otherwise).

    Returns:
        The switch, None when nothing was published by then; and by which clock: `wall`, or `shop` for a time before this home's
        first publish, as it is when a home was filled with the past.

    Raises:
        ValueError: it is neither a day nor a moment.
    """
    lines = list(switches)
    is_day = len(when) == len("2011-11-20")
    moment = datetime.fromisoformat(when + ("T23:59:59+00:00" if is_day else ""))
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    by_wall = [each for each in lines if each.switched_at <= said(moment)]
    if by_wall:
        return by_wall[-1], "wall"
    day = moment.astimezone(UTC).date().isoformat()
    by_shop = [each for each in lines if public_from(each) <= day]
    return (by_shop[-1] if by_shop else None), "shop"
