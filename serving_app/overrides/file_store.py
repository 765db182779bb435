"""The store of overrides on disk: one state shared by all workers, written durably, seen by the next request
of each.

The overrides of a home are read into memory once for each change, so that no damage to their files lifts a
block. Each change and its entry for the audit log are one write of the state; the entry is then appended to
the log. So no kill and no full disk leaves a change without its entry, or an entry without its change.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from expectations.contracts.files import FileStamps, LookTimer, read_file_stamps
from expectations.contracts.home import HomePaths
from expectations.contracts.override import (
    FOLDER,
    LMDB_FILES,
    Override,
    decode_override,
    encode_override,
    get_override_rows,
    get_unaudited,
    make_content,
    open_override_file,
    read_blocks_of_last_publish,
    read_lmdb_overrides,
    sort_overrides,
)
from expectations.contracts.state_file import State
from serving_app.metrics import declarations as metrics
from serving_app.overrides.audit_log import AuditLog, select_waiting
from serving_app.overrides.changes import Applied, Change, apply_change
from serving_app.overrides.store import OverridesOutOfReach

logger = logging.getLogger(__name__)


class FileOverrides:
    """An `OverrideStore` in one file and its copy. Every request looks at the file: none that comes after an
    override was acknowledged is answered without it.

    What is lost on disk (deleted, damaged, replaced by an older one) is written back by the first worker that
    notices. A worker that starts and finds neither file readable applies the blocks that the last deployment
    by a run names, and reports it.
    """

    def __init__(self, home: Path, look_every_seconds: float = 0.0) -> None:
        """
        Args:
            look_every_seconds: how often a request looks at the copy too.
        """
        self._home, self._file, self._lock = home, open_override_file(home), threading.Lock()
        self._path, self._looks = str(self._file.paths[0]), LookTimer(look_every_seconds)
        self._audit = AuditLog(HomePaths(home).override_audit)
        self._state, self._overrides = State(0, []), ()
        self._decoded: dict[str, tuple[dict[str, Any], Override]] = {}  # by id, with the row it comes from
        self._loaded: FileStamps | None = None
        self._is_writing = False
        self._problem, self._audit_problem = "", ""
        with contextlib.suppress(OverridesOutOfReach):  # then they are read from where they are
            self._migrate_from_lmdb()

    def read_all(self) -> tuple[Override, ...]:
        # While this process writes nobody else can, and its own change counts when it is on disk: no request
        # waits for the disk.
        if not self._is_writing and self._is_another():
            with self._lock:
                stamp = read_file_stamps(*self._file.paths)
                if stamp != self._loaded:
                    self._load()
                    # from before: what was written meanwhile is read by the next request
                    self._loaded = stamp
        return self._overrides

    def describe_problem(self) -> str:
        self.read_all()
        return "; ".join(filter(None, (self._problem, self._audit_problem)))

    def refresh(self) -> None:
        """Try again to repair what is wrong, as there may be room on the disk by now: for a timer."""
        self.read_all()
        if self._problem:
            with self._lock:
                self._load()
        if self._audit_problem:
            with contextlib.suppress(OSError), self._file.writer_lock():
                self._append_to_audit_log()

    def apply(self, change: Change) -> Applied:
        self.read_all()
        with self._writing():
            applied = apply_change(self._overrides, change)
            last_number = self._read_last_number()
            waiting = select_waiting(get_unaudited(self._state.content), last_number)
            number = (waiting[-1]["number"] if waiting else last_number) + 1
            entry = applied.describe(number, change).as_row()
            self._write(applied.overrides, [*waiting, entry])
            self._append_to_audit_log()
        return applied

    def iterate_audit(self) -> Iterator[dict[str, Any]]:
        self.read_all()
        try:
            waiting = select_waiting(get_unaudited(self._state.content), self._audit.read_last_number())
            yield from reversed(waiting)
            for entry in self._audit.iterate_newest_first():
                if not waiting or entry["number"] < waiting[0]["number"]:  # appended meanwhile
                    yield entry
        except OSError as error:
            raise OverridesOutOfReach(f"The audit log cannot be read: {error.strerror}.") from error

    def _is_another(self) -> bool:
        """Whether another state than the one in memory may lie on disk."""
        if self._loaded is None or read_file_stamps(self._path) != self._loaded[:1]:
            return True
        return self._looks.is_due() and read_file_stamps(*self._file.paths) != self._loaded

    def _load(self) -> None:
        """Adopt what is on disk when it is newer; write back what is in memory when it is not."""
        state, flaws = self._file.read()
        if state and state.number >= self._state.number:
            if self._state.number and state.number > self._state.number:
                self._observe_delay()
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

    def _observe_delay(self) -> None:
        """Measure how long ago another worker wrote what is read now."""
        with contextlib.suppress(OSError):
            delay = time.time() - self._file.paths[0].stat().st_mtime
            metrics.OVERRIDE_SEEN_SECONDS.observe(max(0.0, delay))

    def _start_without_state(self, flaws: list[str]) -> None:
        """Adopt what is known of overrides when no file can be read; of a new home that is nothing."""
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
            # not patient: who writes may wait for the lock that is held here, and writes both files anyway
            with self._file.writer_lock(is_patient=False):
                state, _ = self._file.read()
                if state and state.number > self._state.number:
                    self._adopt(state)
                flaws_left = self._file.write(self._state)
        except BlockingIOError:
            flaws_left = ["are being written"]
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

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Let one writer in, of all threads and processes, with the newest state adopted."""
        try:
            with self._file.writer_lock(), self._lock:
                if read_file_stamps(*self._file.paths) != self._loaded:  # else nobody has written since
                    state, _ = self._file.read()
                    if state and state.number > self._state.number:
                        self._adopt(state)
                self._is_writing = True
                try:
                    yield
                finally:
                    self._is_writing = False
        except OSError as error:
            raise OverridesOutOfReach(
                f"The override cannot be written: {error.strerror}. Nothing was changed."
            ) from error

    def _write(self, overrides: tuple[Override, ...], unaudited: list[dict[str, Any]]) -> None:
        content = make_content([*map(self._encode, overrides)], unaudited)
        new = State(self._state.number + 1, content)
        flaws = self._file.write(new)
        self._adopt(new)
        self._loaded = read_file_stamps(*self._file.paths)
        self._problem = f"overrides: {', '.join(flaws)}; what was in force holds" if flaws else ""

    def _encode(self, override: Override) -> dict[str, Any]:
        row, known = self._decoded.get(override.override_id, (None, None))
        return row if known is override else encode_override(override)

    def _read_last_number(self) -> int:
        """The audit log's; where it cannot be read, all that the state holds of it waits."""
        try:
            return self._audit.read_last_number()
        except OSError:
            return 0

    def _append_to_audit_log(self) -> None:
        """Append what waits, inside the writer lock. Where the disk refuses, it waits on in the state."""
        try:
            waiting = select_waiting(get_unaudited(self._state.content), self._audit.read_last_number())
            if waiting:
                self._audit.append(waiting)
            self._audit_problem = ""
        except OSError as error:
            problem = (
                f"the audit log of overrides cannot be written: {error.strerror}; its newest entries wait"
            )
            if problem != self._audit_problem:
                logger.error("%s", problem)
            self._audit_problem = problem

    def _adopt(self, state: State) -> None:
        """Hold a state. Of thousands of overrides one has changed, so the others are not decoded anew."""
        decoded = {}
        for row in get_override_rows(state.content):
            known, override = self._decoded.get(row["override_id"], (None, None))
            decoded[row["override_id"]] = row, override if row == known else decode_override(row)
        self._decoded = decoded
        self._state, self._overrides = state, sort_overrides(override for _, override in decoded.values())

    def _migrate_from_lmdb(self) -> None:
        """Write what an earlier service stored in LMDB into the file, and delete it there."""
        state, _ = self._file.read()
        if state is None and (rows := read_lmdb_overrides(self._home)) is not None:
            with self._writing():
                self._write(self._overrides or sort_overrides(map(decode_override, rows)), [])
            for name in LMDB_FILES:
                (self._home / FOLDER / name).unlink(missing_ok=True)
