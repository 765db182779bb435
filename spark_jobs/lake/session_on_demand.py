"""A session that is opened by its first use: a step that asks Spark for nothing connects to none."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from threading import Lock
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class SessionOnDemand:
    """Opens a session at most once, whatever thread asks first, and closes it with its block."""

    def __init__(self, open_session: Callable[[], AbstractContextManager["SparkSession"]]) -> None:
        self._open_session, self._lock, self._stack = open_session, Lock(), ExitStack()
        self._spark: SparkSession | None = None

    @property
    def spark(self) -> "SparkSession":
        """The session, opened if it is not yet."""
        with self._lock:
            if self._spark is None:
                self._spark = self._stack.enter_context(self._open_session())
            return self._spark

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> bool | None:
        return self._stack.__exit__(*error)
