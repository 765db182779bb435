"""The published warehouse, asked one question at a time, in bounds of memory and time.

A question runs in the thread of its request. DuckDB works outside Python's lock and on one core, so lists are
answered meanwhile; a second question is told to come again instead of waiting.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from expectations.contracts.home import HomePaths
from segments.calendar import ShopCalendar
from serving_app.http.problems import NotReady, SegmentsBusy, TooLargeToAnswer

MEMORY = "512MB"
# What DuckDB says of a file that is no database, or of an older night that lacks a table.
UNREADABLE = (duckdb.IOException, duckdb.CatalogException, duckdb.SerializationException)


@dataclass(frozen=True)
class Night:
    """The published warehouse while a question is asked.

    Attributes:
        as_of: the newest day it holds.
        calendar: the shop's.
    """

    connection: duckdb.DuckDBPyConnection
    as_of: date
    calendar: ShopCalendar

    def ask(self, query: str, parameters: dict[str, Any] | list[Any] | None = None) -> list[tuple]:
        """The rows of a query."""
        return self.connection.execute(query, parameters).fetchall()

    def has_table(self, name: str) -> bool:
        """Whether the warehouse holds a table or view of this name."""
        query = "select count(*) from information_schema.tables where table_name = ?"
        return self.ask(query, [name])[0][0] > 0


class SegmentWarehouse:
    """Opens the published warehouse for one question after the other."""

    def __init__(self, home: Path, seconds: float) -> None:
        """
        Args:
            seconds: after which a question is given up.
        """
        self._file, self._seconds, self._lock = HomePaths(home).warehouse_file, seconds, threading.Lock()

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
        if not self._lock.acquire(blocking=False):
            raise SegmentsBusy("Another question about segments is being answered; ask again in a moment.")
        try:
            with self._connect() as connection:
                yield Night(connection, find_as_of(connection), ShopCalendar(time_zone))
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


def find_as_of(connection: duckdb.DuckDBPyConnection) -> date:
    """The newest day that a warehouse holds."""
    return connection.execute("select as_of from dim_warehouse").fetchall()[0][0]
