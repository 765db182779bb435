"""The overrides of a home: read into memory once for each change, so that no damage to their files un-holds a
block.
"""

import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from expectations.contracts.files import Stamp, stamps
from expectations.contracts.override import FOLDER, LMDB_FILES, last_known_blocks, of_lmdb, state_file
from expectations.contracts.state_file import State
from serving_app.overrides.index import Override, OverridesOutOfReach, ordered

logger = logging.getLogger(__name__)


class KeptOverrides:
    """Overrides in one file and its copy, shared by all workers: two `stat` a request.

    What is lost on disk (deleted, damaged, replaced by an older one) is written back by the first worker that
    sees it. A worker that starts and finds neither file readable holds the blocks that the last night took
    down, and says so.
    """

    def __init__(self, home: Path) -> None:
        self._home, self._file, self._lock = home, state_file(home), threading.Lock()
        self._paths = self._file.paths  # made once: they are looked at with every request
        self._state, self._overrides = State(0, []), ()
        self._seen: Stamp | None = None
        self._problem = ""
        with contextlib.suppress(OverridesOutOfReach):  # then they are read from where they are
            self._move_from_lmdb()

    def all(self) -> tuple[Override, ...]:
        if stamps(*self._paths) != self._seen:
            with self._lock:
                seen = stamps(*self._paths)
                if seen != self._seen:
                    self._load()
                    self._seen = seen  # of before: what was written meanwhile is read by the next request
        return self._overrides

    def problem(self) -> str:
        self.all()
        return self._problem

    def refresh(self) -> None:
        """Try again to mend what is wrong, as there may be room on the disk by now: for a timer."""
        if self.problem():
            with self._lock:
                self._load()

    def put(self, override: Override) -> None:
        self._change(lambda kept: [*ordered(kept, override.created_at), override])

    def delete(self, override_id: str) -> bool:
        if not any(one.override_id == override_id for one in self.all()):
            return False
        self._change(lambda kept: [one for one in kept if one.override_id != override_id])
        return True

    def _load(self) -> None:
        """Take over what is on disk when it is newer; write back what is in memory when it is not."""
        state, flaws = self._file.read()
        if state and state.number >= self._state.number:
            self._adopt(state)
        elif state:
            flaws.append("overrides.json is older than what is in force")
        elif self._state.number and not flaws:
            flaws.append("overrides.json is missing")
        if state is None and not self._state.number:
            self._begin_without(flaws)
        elif flaws:
            self._write_back(flaws)
        else:
            self._problem = ""

    def _begin_without(self, flaws: list[str]) -> None:
        """Hold what can be known of overrides when no file can be read; of a home without any, that is
        nothing.
        """
        rows = of_lmdb(self._home)
        if rows is None and (rows := last_known_blocks(self._home)):
            flaws = flaws or ["overrides.json is missing"]
        self._adopt(State(0, rows))
        if flaws:
            self._set_problem(
                f"overrides are lost: {', '.join(flaws)}; the {len(rows)} blocks of the last night hold,"
                " pins, boosts and later blocks do not"
            )

    def _write_back(self, flaws: list[str]) -> None:
        try:
            with self._file.turn():
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
        if problem and problem != self._problem:  # once, not at every `refresh`
            logger.error("%s", problem)
        self._problem = problem

    def _change(self, edit: Callable[[Sequence[Override]], Sequence[Override]]) -> None:
        self.all()
        try:
            with self._lock, self._file.turn():
                state, _ = self._file.read()
                if state and state.number > self._state.number:
                    self._adopt(state)
                rows = [_row(one) for one in ordered(edit(self._overrides))]
                new = State(self._state.number + 1, rows)
                flaws = self._file.write(new)
                self._adopt(new)
                self._seen = stamps(*self._paths)
        except OSError as error:
            raise OverridesOutOfReach(
                f"The override cannot be written: {error.strerror}. Nothing was changed."
            ) from error
        self._problem = f"overrides: {', '.join(flaws)}; what was in force holds" if flaws else ""

    def _adopt(self, state: State) -> None:
        self._state, self._overrides = state, ordered(map(_override, state.content))

    def _move_from_lmdb(self) -> None:
        """Bring over what a service of before kept in LMDB."""
        state, _ = self._file.read()
        if state is None and (rows := of_lmdb(self._home)) is not None:
            self._change(lambda kept: kept or [_override(row) for row in rows])
            for name in LMDB_FILES:
                (self._home / FOLDER / name).unlink(missing_ok=True)


def _row(override: Override) -> dict:
    return {
        **asdict(override),
        "until": override.until.isoformat(),
        "created_at": override.created_at.isoformat(),
    }


def _override(row: dict) -> Override:
    moments = {name: datetime.fromisoformat(row[name]) for name in ("until", "created_at")}
    return Override(**{**row, **moments})
