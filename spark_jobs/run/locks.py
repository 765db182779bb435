"""The locks of a home: one home is one shop, and one step at a time works in it."""

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from expectations.contracts.home import HomePaths
from expectations.contracts.lake import OPS_DELIVERIES
from spark_jobs.lake.tables import Lake
from spark_jobs.sources.registry import SERVICE_SOURCES

logger = logging.getLogger(__name__)
LOCK = HomePaths(Path()).step_lock
HOLDER = HomePaths(Path()).step_lock_holder  # who holds the lock, in words
# A search takes the longest of all steps. Airflow lets a task live for three hours and tries it again.
WAIT_SECONDS = 3600


class AnotherShopError(RuntimeError):
    """The home holds deliveries of sources that this run does not name: its tables would lose what came of
    them.
    """


class BusyError(RuntimeError):
    """Another step worked in this home for longer than a step waits; the message names it."""


def refuse_another_shop(lake: Lake, sources: Iterable[str]) -> None:
    """Let a run go on in a home of its own shop, or in an empty one.

    What a run writes comes of the sources it names and of no others, so one that names fewer deletes what
    came of the rest.

    Raises:
        AnotherShopError: the home holds a source that is not named now.
    """
    home_sources = set(lake.read_matching(OPS_DELIVERIES, ["source"], {})["source"].to_pylist()) - {
        *SERVICE_SOURCES,
        None,
    }
    run_sources = set(sources)
    if home_sources - run_sources:
        raise AnotherShopError(
            f"{lake.root.parent} holds {', '.join(sorted(home_sources))} and this run names"
            f" {', '.join(sorted(run_sources)) or 'no source'}; one home is one shop: set CONCIERGE_HOME to"
            " another folder, or name them all in CONCIERGE_SOURCES"
        )


@contextmanager
def step_lock(home: Path, who: str, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the step lock while a step works, so that no two share the names of what is half made: dbt's file,
    its target, Snowflake's schema.

    A process that dies gives it up; one that was orphaned and goes on working keeps it.

    Args:
        who: the step and its run, told to those who wait.

    Raises:
        BusyError: it was not given up in time.
    """
    home.mkdir(parents=True, exist_ok=True)
    lock, holder = FileLock(home / LOCK), home / HOLDER
    try:
        lock.acquire(timeout=0)
    except Timeout:
        logger.warning(f"waiting for {read_lock_holder(holder)}, which works in {home}")
        try:
            lock.acquire(timeout=wait_seconds)
        except Timeout:
            raise BusyError(
                f"waited {wait_seconds:g} s for {read_lock_holder(holder)}, which still works in {home}"
            ) from None
    try:
        holder.write_text(f"{who} (process {os.getpid()})")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def find_running_step(home: Path) -> str | None:
    """The step that works in the home now, in words; None where none does, whatever a step that was killed
    left behind.
    """
    lock = FileLock(home / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return read_lock_holder(home / HOLDER)
    lock.release()
    return None


def read_lock_holder(holder: Path) -> str:
    """Who holds the lock, in words; another step where the file is not written yet."""
    try:
        return holder.read_text() or "another step"
    except FileNotFoundError:
        return "another step"
