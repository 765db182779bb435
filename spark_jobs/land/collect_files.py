"""How files come into landing: copied from a folder, written by a program, or moved from the service's log.

A file appears under its name whole or not at all: it is written aside and renamed.
"""

import filecmp
import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from spark_jobs.run.context import ROOT, LandingDates, RunContext
from spark_jobs.sources.declaration import GeneratorProgram, ImpressionLog, SharedFolder, Source
from spark_jobs.sources.landed_files import list_landing_dates

logger = logging.getLogger(__name__)


class DeliveryError(RuntimeError):
    """A source did not hand over what it promises."""


def find_due_days(days: LandingDates, landed: Iterable[date]) -> LandingDates:
    """The days a program is to write: those of the range, and before them the nights skipped since the newest
    that landed.
    """
    earlier = [day for day in landed if day < days.first]
    return LandingDates(max(earlier) + timedelta(days=1) if earlier else days.first, days.last)


def collect_files(source: Source, night: RunContext) -> int:
    """Bring the source's files of the night into landing; how many are new or changed.

    Raises:
        DeliveryError: a day's file is missing from a source that is never closed, or the source's program
            failed.
    """
    landing = night.settings.landing / source.name
    match source.origin:
        case SharedFolder() as folder:
            return copy_day_files(folder, night.settings.landing_from, landing, night.days)
        case GeneratorProgram() as program:
            return run_generator(program, source, night)
        case ImpressionLog() as log:
            logs = night.settings.paths.decision_log
            return move_finished_logs(logs, landing / log.entity, source.time_zone)
    return 0


def copy_day_files(
    folder: SharedFolder, export_folder: Path | None, landing: Path, days: LandingDates
) -> int:
    """Copy the day files that landing lacks or holds otherwise, of every day since the first that landed.

    Shops correct last week's file and deliver yesterday's tomorrow: to look at newer days alone would miss
    both for ever.
    """
    landed = list_landing_dates(landing / folder.entity)
    if export_folder is None:
        check_files_landed(folder, landing, days, landed)
        return 0
    if not export_folder.is_dir():
        raise DeliveryError(f"CONCIERGE_LANDING_FROM is {export_folder}, which is not a folder")
    copied = 0
    for day in LandingDates(min([days.first, *landed]), days.last):
        name = folder.file_name.format(day=day)
        given, taken = export_folder / name, landing / folder.entity / str(day) / name
        if not given.exists():
            if folder.may_skip_days or day in landed:  # exports are cleaned up
                continue
            raise DeliveryError(f"{landing.name} handed over no {name}, and it is never closed")
        if not taken.exists() or not filecmp.cmp(
            given, taken
        ):  # size and time of change, and only then content
            copy_whole_file(given, taken)
            copied += 1
    return copied


def check_files_landed(folder: SharedFolder, landing: Path, days: LandingDates, landed: list[date]) -> None:
    """Without a folder to copy from, somebody else puts files into landing; says so when nobody did.

    A night without a file may be a closed day, so it is told and goes on; a home that never had a file is a
    setting forgotten.

    Raises:
        DeliveryError: nothing ever landed, or a day of the range did not and the source is never closed.
    """
    missing = [day for day in days if day not in landed]
    unset = f"CONCIERGE_LANDING_FROM is not set, so nothing is copied for {landing.name}, and"
    if not any(day <= days.last for day in landed):
        raise DeliveryError(
            f"{unset} no file is in {landing / folder.entity}: set it to the folder of the shop's day files"
        )
    if missing and not folder.may_skip_days:
        raise DeliveryError(
            f"{unset} no file of {missing[0]} is in {landing / folder.entity}; it is never closed"
        )
    if len(missing) == len(list(days)):
        newest = max(landed)
        logger.warning(f"{unset} no file of {days.first} … {days.last} has landed; the newest is of {newest}")


def copy_whole_file(given: Path, taken: Path) -> None:
    """Copy a file so that it appears whole, with its time of change: by it the next night knows it without
    reading it.
    """
    taken.parent.mkdir(parents=True, exist_ok=True)
    aside = taken.with_name(f".{taken.name}.part")
    changed = given.stat()
    shutil.copyfile(given, aside)
    os.utime(aside, ns=(changed.st_atime_ns, changed.st_mtime_ns))
    aside.rename(taken)


def run_generator(program: GeneratorProgram, source: Source, night: RunContext) -> int:
    """Start the source's program for the days that miss a feed's folder, and put in place what it wrote
    aside.
    """
    landing = night.settings.landing / source.name
    entities = [feed.entity for feed in source.feeds]
    due_days = find_due_days(night.days, list_landing_dates(landing / entities[0]))
    missing = [
        day for day in due_days if not all((landing / entity / str(day)).is_dir() for entity in entities)
    ]
    if not missing:
        return 0
    aside = landing.with_name(f".{source.name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    command = [
        sys.executable,
        "-m",
        program.module,
        "--landing",
        str(aside),
        "--truth",
        str(night.settings.paths.truth),
        "--customers",
        str(night.settings.shop_customers),
        "--seed",
        str(night.settings.shop_seed),
        "--from",
        str(missing[0]),
        "--to",
        str(missing[-1]),
    ]
    ended = subprocess.run(command, cwd=ROOT, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)})
    if ended.returncode:
        raise DeliveryError(
            f"{program.module} ended with exit code {ended.returncode}; its own words stand above"
        )
    placed = 0
    # The first entity says which days are there, so it comes last: a kill in between leaves the day missing.
    for entity in reversed(entities):
        for day in missing:
            written, taken = aside / entity / str(day), landing / entity / str(day)
            if written.is_dir() and not taken.is_dir():
                taken.parent.mkdir(parents=True, exist_ok=True)
                placed += sum(1 for file in written.iterdir() if file.is_file())
                written.rename(taken)
    shutil.rmtree(aside)
    return placed


def move_finished_logs(log: Path, landing: Path, time_zone: str) -> int:
    """Move finished decision logs to the shop's day of their newest list, which is theirs whenever the night
    runs.
    """
    moved = 0
    for file in sorted(log.glob("*.jsonl")) if log.is_dir() else []:
        taken = landing / str(find_newest_day(file, ZoneInfo(time_zone))) / file.name
        taken.parent.mkdir(parents=True, exist_ok=True)
        file.rename(taken)
        moved += 1
    return moved


def find_newest_day(file: Path, zone: ZoneInfo) -> date:
    """The shop's day of the newest list in a decision log; when no line tells, the day the file was last
    written.
    """
    newest = None
    with file.open("rb") as lines:
        for line in lines:
            try:
                served = datetime.fromisoformat(json.loads(line)["served_at"]).astimezone(zone)
            except (ValueError, TypeError, KeyError):
                continue
            newest = max(newest or served, served)
    return (newest or datetime.fromtimestamp(file.stat().st_mtime, zone)).date()
