"""The store of overrides: one state shared by all workers, written durably, seen by the next request of each.

The overrides of a home are read into memory once for each change, so that no damage to their files lifts a
block.
"""

import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from expectations.contracts.files import FileStamps, read_file_stamps
from expectations.contracts.override import (
    FOLDER,
    LMDB_FILES,
    Override,
    decode_override,
    encode_override,
    open_override_file,
    read_blocks_of_last_publish,
    read_lmdb_overrides,
    sort_overrides,
)
from expectations.contracts.state_file import State

logger = logging.getLogger(__name__)


class OverridesOutOfReach(RuntimeError):  # noqa: N818 - reads as what it says
    """An override cannot be written: a full disk, no right to. Nothing was changed; the message holds no
    path.
    """


class OverrideStore(Protocol):
    """Where overrides are stored."""

    def read_all(self) -> tuple[Override, ...]:
        """Every stored override, oldest first; some may have ended. Called once a request; the same object as
        long as nothing was written.
        """

    def add(self, override: Override) -> None:
        """Store one, and delete those that ended before it; durable when this returns, and seen by every
        worker's next request.

        Raises:
            OverridesOutOfReach: it cannot be written.
        """

    def delete(self, override_id: str) -> bool:
        """Delete one; False when there was none of that id.

        Raises:
            OverridesOutOfReach: that cannot be written.
        """

    def describe_problem(self) -> str:
        """What is wrong with what is stored, and what holds instead; empty when nothing is."""


class MemoryOverrides:
    """An `OverrideStore` in memory, for tests."""

    def __init__(self) -> None:
        self._overrides: tuple[Override, ...] = ()

    def read_all(self) -> tuple[Override, ...]:
        return self._overrides

    def add(self, override: Override) -> None:
        self._overrides = sort_overrides([*_drop_ended(self._overrides, override.created_at), override])

    def delete(self, override_id: str) -> bool:
        before = self._overrides
        self._overrides = tuple(one for one in before if one.override_id != override_id)
        return len(before) > len(self._overrides)

    def describe_problem(self) -> str:
        return ""


class FileOverrides:
    """An `OverrideStore` in one file and its copy, shared by all workers: two `stat` a request.

    What is lost on disk (deleted, damaged, replaced by an older one) is written back by the first worker that
    notices. A worker that starts and finds neither file readable applies the blocks that the last deployment
    by a run names, and reports it.
    """

    def __init__(self, home: Path) -> None:
        self._home, self._file, self._lock = home, open_override_file(home), threading.Lock()
        self._paths = self._file.paths  # made once: every request stats them
        self._state, self._overrides = State(0, []), ()
        self._loaded: FileStamps | None = None
        self._problem = ""
        with contextlib.suppress(OverridesOutOfReach):  # then they are read from where they are
            self._migrate_from_lmdb()

    def read_all(self) -> tuple[Override, ...]:
        if read_file_stamps(*self._paths) != self._loaded:
            with self._lock:
                stamp = read_file_stamps(*self._paths)
                if stamp != self._loaded:
                    self._load()
                    self._loaded = (
                        stamp  # from before: what was written meanwhile is read by the next request
                    )
        return self._overrides

    def describe_problem(self) -> str:
        self.read_all()
        return self._problem

    def refresh(self) -> None:
        """Try again to repair what is wrong, as there may be room on the disk by now: for a timer."""
        if self.describe_problem():
            with self._lock:
                self._load()

    def add(self, override: Override) -> None:
        self._change(lambda stored: [*_drop_ended(stored, override.created_at), override])

    def delete(self, override_id: str) -> bool:
        if not any(override.override_id == override_id for override in self.read_all()):
            return False
        self._change(lambda stored: [one for one in stored if one.override_id != override_id])
        return True

    def _load(self) -> None:
        """Adopt what is on disk when it is newer; write back what is in memory when it is not."""
        state, flaws = self._file.read()
        if state and state.number >= self._state.number:
            self._adopt(state)
        elif state:
            flaws.append("overrides.json is older than what is in force")
        elif self._state.number and not flaws:
            flaws.append("overrides.json is missing")
        if state is None and not self._state.number:
            self._start_without_state(flaws)
        elif flaws:
            self._write_back(flaws)
        else:
            self._problem = ""

    def _start_without_state(self, flaws: list[str]) -> None:
        """Adopt what is known of overrides when no file can be read; of a home without any, that is
        nothing.
        """
        rows = read_lmdb_overrides(self._home)
        if rows is None and (rows := read_blocks_of_last_publish(self._home)):
            flaws = flaws or ["overrides.json is missing"]
        self._adopt(State(0, rows))
        if flaws:
            self._set_problem(
                f"overrides are lost: {', '.join(flaws)}; the {len(rows)} blocks of the last night hold,"
                " pins, boosts and later blocks do not"
            )

    def _write_back(self, flaws: list[str]) -> None:
        try:
            with self._file.writer_lock():
                state, _ = self._file.read()
                if state and state.number > self._state.number:
                    self._adopt(state)
                flaws_left = self._file.write(self._state)
        except OSError as error:
            flaws_left = [f"cannot be written back: {error.strerror}"]
        if not flaws_left:
            logger.error("overrides: %s; what was in force is written back", ", ".join(flaws))
        self._set_problem(
            f"overrides: {', '.join([*flaws, *flaws_left])}; what was in force holds" if flaws_left else ""
        )

    def _set_problem(self, problem: str) -> None:
        if problem and problem != self._problem:  # logged once, not at every `refresh`
            logger.error("%s", problem)
        self._problem = problem

    def _change(self, edit: Callable[[Sequence[Override]], Sequence[Override]]) -> None:
        self.read_all()
        try:
            with self._lock, self._file.writer_lock():
                state, _ = self._file.read()
                if state and state.number > self._state.number:
                    self._adopt(state)
                rows = [encode_override(override) for override in sort_overrides(edit(self._overrides))]
                new = State(self._state.number + 1, rows)
                flaws = self._file.write(new)
                self._adopt(new)
                self._loaded = read_file_stamps(*self._paths)
        except OSError as error:
            raise OverridesOutOfReach(
                f"The override cannot be written: {error.strerror}. Nothing was changed."
            ) from error
        self._problem = f"overrides: {', '.join(flaws)}; what was in force holds" if flaws else ""

    def _adopt(self, state: State) -> None:
        self._state, self._overrides = state, sort_overrides(map(decode_override, state.content))

    def _migrate_from_lmdb(self) -> None:
        """Write what an earlier service stored in LMDB into the file, and delete it there."""
        state, _ = self._file.read()
        if state is None and (rows := read_lmdb_overrides(self._home)) is not None:
            self._change(lambda stored: stored or [decode_override(row) for row in rows])
            for name in LMDB_FILES:
                (self._home / FOLDER / name).unlink(missing_ok=True)


def _drop_ended(overrides: Sequence[Override], now: datetime) -> list[Override]:
    return [override for override in overrides if not override.has_ended(now)]
