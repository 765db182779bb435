"""Moves the service's finished decision logs into landing."""

import json
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo


def move_finished_logs(logs: Path, landing: Path, time_zone: str) -> int:
    """Move each finished log to the landing date of its newest list; the number of logs.

    That is the shop's day, so it is the same whenever the run starts.
    """
    n_moved = 0
    for file in sorted(logs.glob("*.jsonl")) if logs.is_dir() else []:
        target = landing / str(find_newest_day(file, ZoneInfo(time_zone))) / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        file.rename(target)
        n_moved += 1
    return n_moved


def find_newest_day(file: Path, zone: ZoneInfo) -> date:
    """The shop's day of the newest list in a log; where no line has a time, the day of its last change."""
    newest = None
    with file.open("rb") as lines:
        for line in lines:
            try:
                served_at = datetime.fromisoformat(json.loads(line)["served_at"]).astimezone(zone)
            except (ValueError, TypeError, KeyError):
                continue
            newest = max(newest or served_at, served_at)
    return (newest or datetime.fromtimestamp(file.stat().st_mtime, zone)).date()
