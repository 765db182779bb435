"""Brings a source's files into landing: copied from a folder, written by a program, or moved from a log.

A file appears under its name whole or not at all: it is written under a hidden name and renamed.
"""

import filecmp
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

from spark_jobs.land.service_logs import finish_abandoned_logs, move_finished_logs, wait_for_open_logs
from spark_jobs.land.topic import land_topic
from spark_jobs.run.context import ROOT, LandingDates, RunContext
from spark_jobs.sources.declaration import GeneratorProgram, ServiceLog, SharedFolder, Source
from spark_jobs.sources.landed_files import list_landing_dates
from spark_jobs.sources.service_logs import find_last_whole_day

logger = logging.getLogger(__name__)


class DeliveryError(RuntimeError):
    """A source did not hand over what it promises."""


def collect_files(source: Source, context: RunContext) -> int:
    """Bring the source's files of the run into landing; the number of new or changed ones.

    Raises:
        DeliveryError: a day's file is missing from a source that may not skip days, or the source's program
            failed.
    """
    settings = context.settings
    landing = settings.landing / source.name
    match source.origin:
        case SharedFolder() as folder:
            return copy_day_files(folder, settings.landing_from, landing, context.days)
        case GeneratorProgram() as program:
            return run_generator(program, source, context)
        case ServiceLog() as log:
            logs = settings.paths.serving / log.folder
            finish_abandoned_logs(logs)
            if log.is_awaited:
                last_day = min(context.days.last, find_last_whole_day(context.now, source.time_zone))
                wait_for_open_logs(logs, last_day, log.time_field, source.time_zone)
            # also where events go to a topic: there may be files of before
            n_files = move_finished_logs(logs, landing / log.entity, source.time_zone, log.time_field)
            if log.has_topic and settings.events == "kafka":
                n_files += land_topic(settings, source.time_zone, context.now)
            return n_files
    return 0


def copy_day_files(
    folder: SharedFolder, export_folder: Path | None, landing: Path, days: LandingDates
) -> int:
    """Copy the day files that landing lacks or holds with other content; the number of copies.

    Every day since the first that landed is compared: shops correct last week's file and deliver yesterday's
    tomorrow, and newer days alone would miss both for ever.
    """
    landed = list_landing_dates(landing / folder.entity)
    if export_folder is None:
        check_files_landed(folder, landing, days, landed)
        return 0
    if not export_folder.is_dir():
        raise DeliveryError(f"CONCIERGE_LANDING_FROM is {export_folder}, which is not a folder")
    n_copied = 0
    for day in LandingDates(min([days.first, *landed]), days.last):
        name = folder.file_name.format(day=day)
        exported, target = export_folder / name, landing / folder.entity / str(day) / name
        if not exported.exists():
            if folder.may_skip_days or day in landed:  # exports are cleaned up
                continue
            raise DeliveryError(f"{landing.name} handed over no {name}, and it is never closed")
        # Size and time of change are compared first, and only where they differ the content.
        if not target.exists() or not filecmp.cmp(exported, target):
            copy_whole_file(exported, target)
            n_copied += 1
    return n_copied


def check_files_landed(folder: SharedFolder, landing: Path, days: LandingDates, landed: list[date]) -> None:
    """Check that files landed though none is copied: without a folder to copy from, the shop puts them there.

    A day without a file may be a closed day, so a warning is logged and the run goes on; a home that never
    had a file lacks a setting.

    Raises:
        DeliveryError: nothing ever landed, or a day of the range did not and the source may not skip days.
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


def copy_whole_file(source: Path, target: Path) -> None:
    """Copy a file so that it appears whole, with its time of change: the next run compares that first."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.part")
    status = source.stat()
    shutil.copyfile(source, temporary)
    os.utime(temporary, ns=(status.st_atime_ns, status.st_mtime_ns))
    temporary.rename(target)


def run_generator(program: GeneratorProgram, source: Source, context: RunContext) -> int:
    """Run the source's program for the days that miss a feed's folder, and move what it wrote into landing.

    Returns:
        The number of files.
    """
    landing = context.settings.landing / source.name
    entities = [feed.entity for feed in source.feeds]
    due_days = find_due_days(context.days, list_landing_dates(landing / entities[0]))
    missing = [
        day for day in due_days if not all((landing / entity / str(day)).is_dir() for entity in entities)
    ]
    if not missing:
        return 0
    temporary = landing.with_name(f".{source.name}.part")
    shutil.rmtree(temporary, ignore_errors=True)
    command = make_generator_command(program, context, temporary, missing)
    process = subprocess.run(command, cwd=ROOT, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)})
    if process.returncode:
        raise DeliveryError(
            f"{program.module} ended with exit code {process.returncode}; its own words stand above"
        )
    n_files = 0
    # The first entity says which days are there, so it comes last: a kill in between leaves the day missing.
    for entity in reversed(entities):
        for day in missing:
            temporary_folder, target = temporary / entity / str(day), landing / entity / str(day)
            if temporary_folder.is_dir() and not target.is_dir():
                target.parent.mkdir(parents=True, exist_ok=True)
                n_files += sum(1 for file in temporary_folder.iterdir() if file.is_file())
                temporary_folder.rename(target)
    shutil.rmtree(temporary)
    return n_files


def find_due_days(days: LandingDates, landed: Iterable[date]) -> LandingDates:
    """The days a program is to write: those of the range, and those skipped since the newest that landed."""
    earlier = [day for day in landed if day < days.first]
    return LandingDates(max(earlier) + timedelta(days=1) if earlier else days.first, days.last)


def make_generator_command(
    program: GeneratorProgram, context: RunContext, landing: Path, days: list[date]
) -> list[str]:
    """The command line that lets the program write these days into `landing`."""
    settings = context.settings
    arguments = {
        "--landing": landing,
        "--truth": settings.paths.truth,
        "--customers": settings.shop_customers,
        "--seed": settings.shop_seed,
        "--from": days[0],
        "--to": days[-1],
    }
    pairs = [str(text) for pair in arguments.items() for text in pair]
    return [sys.executable, "-m", program.module, *pairs]
