"""The published warehouse, asked one question at a time, in bounds of memory and time.

DuckDB works outside Python's lock, on one core, and in a thread that yields to all others, so lists are
answered meanwhile; a second question is told to come again instead of waiting.
"""

import contextlib
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb

from expectations.contracts.home import HomePaths
from segments.calendar import ShopCalendar
from segments.sql.costs import CostLimits
from serving_app.http.problems import NotReady, SegmentsBusy, TooLargeToAnswer

MEMORY = "512MB"
NICENESS = 15
# What DuckDB says of a file that is no database, or of an older night that lacks a table or column.
UNREADABLE = (
    duckdb.IOException,
    duckdb.CatalogException,
    duckdb.BinderException,
    duckdb.SerializationException,
)


@dataclass(frozen=True)
class Night:
    """The published warehouse while a question is asked.

    Attributes:
        as_of: the newest day it holds.
        calendar: the shop's.
        limits: of what a definition may cost.
    """

    connection: duckdb.DuckDBPyConnection
    worker: ThreadPoolExecutor
    as_of: date
    calendar: ShopCalendar
    limits: CostLimits = field(default_factory=CostLimits)

    def ask(self, query: str, parameters: dict[str, Any] | list[Any] | None = None) -> list[tuple]:
        """The rows of a query."""
        return self.worker.submit(fetch_rows, self.connection, query, parameters).result()

    def has_table(self, name: str) -> bool:
        """Whether the warehouse holds a table or view of this name, which may stand with its schema."""
        try:
            self.ask(f"select 1 from {name} limit 0")
        except duckdb.CatalogException:
            return False
        return True


class SegmentWarehouse:
    """Opens the published warehouse for one question after the other."""

    def __init__(
        self, home: Path, seconds: float, limits: CostLimits | None = None, patience_seconds: float = 0.0
    ) -> None:
        """
        Args:
            seconds: after which a question is given up.
            limits: of what a definition may cost; None: the defaults.
            patience_seconds: how long a question waits for the one before it.
        """
        self._file, self._seconds, self._lock = HomePaths(home).warehouse_file, seconds, threading.Lock()
        self._patience_seconds = patience_seconds
        self.limits = limits or CostLimits()
        self._worker = ThreadPoolExecutor(1, "segments", yield_to_others)

    @contextmanager
    def open_night(self, time_zone: str) -> Iterator[Night]:
        """The published warehouse, read only; closed afterwards, so that an old night's file can go.

        Args:
            time_zone: the shop's.

        Raises:
            SegmentsBusy: another question is being answered.
            NotReady: no warehouse is published here, or not one of this layout.
            TooLargeToAnswer: the question took longer or more memory than it may.
        """
        if not self._lock.acquire(timeout=self._patience_seconds):
            raise SegmentsBusy("Another question about segments is being answered; ask again in a moment.")
        try:
            with self._connect() as connection:
                ((as_of,),) = fetch_rows(connection, "select as_of from dim_warehouse")
                yield Night(connection, self._worker, as_of, make_calendar(time_zone), self.limits)
        except duckdb.InterruptException:
            raise TooLargeToAnswer(f"The answer was not found within {self._seconds:g} seconds.") from None
        except duckdb.OutOfMemoryException:
            raise TooLargeToAnswer(f"The answer would need more than {MEMORY} of memory.") from None
        except UNREADABLE as error:
            raise NotReady(f"the warehouse cannot be asked: {type(error).__name__}") from error
        finally:
            self._lock.release()

    @contextmanager
    def _connect(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that is interrupted when its time is over."""
        if not self._file.exists():
            raise NotReady("no warehouse is published on this machine")
        config = {"memory_limit": MEMORY, "threads": 1, "temp_directory": ""}
        with duckdb.connect(str(self._file.resolve()), read_only=True, config=config) as connection:
            timer = threading.Timer(self._seconds, connection.interrupt)
            timer.daemon = True
            timer.start()
            try:
                yield connection
            finally:
                timer.cancel()


def fetch_rows(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: dict[str, Any] | list[Any] | None = None
) -> list[tuple]:
    """The rows of a query."""
    return connection.execute(query, parameters).fetchall()


def yield_to_others() -> None:
    """Let the system prefer all other threads to this one, where it can."""
    with contextlib.suppress(AttributeError, OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


@lru_cache(maxsize=4)
def make_calendar(time_zone: str) -> ShopCalendar:
    """The calendar of a zone, whose changes of the clock take milliseconds to find."""
    return ShopCalendar(time_zone)
