"""The store of the keys: one file for all workers, changed by `make key`, seen by each worker's
next request."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from expectations.contracts.files import FileStamps, LookTimer, read_file_stamps
from expectations.contracts.home import HomePaths
from expectations.contracts.state_file import State, StateFile
from serving_app.keys.api_key import ApiKey, decode_key, encode_key, parse_key

logger = logging.getLogger(__name__)


class KeyStore(Protocol):
    """Where keys are stored."""

    def read_all(self) -> Sequence[ApiKey]:
        """Every key, those that ended too, oldest first; the same object as long as nothing was written."""

    def find(self, text: str, now: datetime) -> ApiKey | None:
        """The key that somebody sent; None where it is none, or has ended."""

    def is_open(self) -> bool:
        """Whether no key was ever made, so that this machine itself may ask without one."""

    def describe_problem(self) -> str:
        """What is wrong with what is stored, and what holds instead; empty when nothing is."""


class MemoryKeys:
    """A `KeyStore` in memory, for tests."""

    def __init__(self, keys: Sequence[ApiKey] = ()) -> None:
        self.keys = list(keys)

    def read_all(self) -> Sequence[ApiKey]:
        return tuple(self.keys)

    def find(self, text: str, now: datetime) -> ApiKey | None:
        return find_key({key.key_id: key for key in self.keys}, text, now)

    def is_open(self) -> bool:
        return not self.keys

    def describe_problem(self) -> str:
        return ""


class FileKeys:
    """A `KeyStore` in one file and its copy.

    Where neither can be read any more, the keys that a worker knows hold; a worker that starts without a
    readable file knows none and lets nobody in but the admin token.
    """

    def __init__(self, home: Path, look_every_seconds: float = 0.0) -> None:
        """
        Args:
            look_every_seconds: how often a request looks whether the files are others.
        """
        self._file, self._lock = StateFile(HomePaths(home).keys, "keys"), threading.Lock()
        self._paths, self._looks = self._file.paths, LookTimer(look_every_seconds)
        self._number, self._keys, self._by_id = 0, (), {}
        self._loaded: FileStamps | None = None
        self._problem = ""

    def read_all(self) -> Sequence[ApiKey]:
        # before the first look nothing is known, and no other thread may take that for an answer
        is_due = self._loaded is None or self._looks.is_due()
        if is_due and read_file_stamps(*self._paths) != self._loaded:
            with self._lock:
                stamps = read_file_stamps(*self._paths)
                if stamps != self._loaded:
                    self._load()
                    # from before: what was written meanwhile is read by the next request
                    self._loaded = stamps
        return self._keys

    def find(self, text: str, now: datetime) -> ApiKey | None:
        self.read_all()
        return find_key(self._by_id, text, now)

    def is_open(self) -> bool:
        self.read_all()
        return not self._keys and not self._problem

    def describe_problem(self) -> str:
        self.read_all()
        return self._problem

    def change(self, edit: Callable[[Sequence[ApiKey]], Sequence[ApiKey]]) -> None:
        """Replace the keys by what `edit` makes of them; on disk when this returns.

        Raises:
            OSError: they cannot be written; nothing is changed.
            ValueError: what is stored cannot be read, so that writing would lose it.
        """
        with self._file.writer_lock():
            state, flaws = self._file.read()
            if state is None and flaws:
                raise ValueError(f"keys: {', '.join(flaws)}; put one of the files back, or delete both")
            keys = decode_keys(state.content) if state else ()
            # No smaller than the time: where an operator deleted the files or put old ones back, running
            # workers know a larger number than the files', and would take this change for an older one.
            number = max(state.number + 1 if state else 1, time.time_ns() // 1000)
            self._file.write(State(number, [encode_key(key) for key in edit(keys)]))

    def _load(self) -> None:
        """Adopt what is on disk when it can be read and is not older."""
        state, flaws = self._file.read()
        if state and state.number >= self._number:
            try:
                keys = decode_keys(state.content)
            except ValueError as error:
                flaws.append(str(error))
            else:
                self._number, self._keys = state.number, keys
                self._by_id = {key.key_id: key for key in keys}
        elif state:
            flaws.append("keys.json is older than what holds")
        elif self._number and not flaws:
            flaws.append("keys.json is missing")
        holds = f"the {len(self._keys)} keys known before hold" if self._number else "no key is accepted"
        problem = f"keys: {', '.join(flaws)}; {holds}" if flaws else ""
        if problem and problem != self._problem:
            logger.error("%s", problem)
        self._problem = problem


def decode_keys(rows: list[dict]) -> tuple[ApiKey, ...]:
    """The keys that a file holds.

    Raises:
        ValueError: another release of the code wrote it.
    """
    try:
        return tuple(map(decode_key, rows))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("keys.json is of another layout") from error


def find_key(by_id: dict[str, ApiKey], text: str, now: datetime) -> ApiKey | None:
    """The key of these that somebody sent; None where it is none of them, or has ended."""
    parsed = parse_key(text)
    key = by_id.get(parsed[0]) if parsed else None
    return key if key and key.has_secret(parsed[1]) and key.is_valid(now) else None
