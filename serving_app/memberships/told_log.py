"""The log of transitions as the worker that keeps the memberships writes it: each transition once."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from expectations.contracts.impressions import FINISHED_SUFFIX, OPEN_SUFFIX
from expectations.contracts.log_files import get_finished_path
from expectations.contracts.transitions import decode_transition
from serving_app.storage.event_log import EventLog

# Of the newest lines, looked at before the first is written: what a worker that ended had written and not yet
# taken out of the outbox, which is brought here by 500 at once.
LINES_LOOKED_AT = 1_000


class TransitionLog:
    """An event log that knows what stands in it."""

    def __init__(self, log: EventLog, folder: Path) -> None:
        """
        Args:
            folder: the log's files, also those of workers before.
        """
        self._log, self._folder = log, folder
        self._newest: deque[str] | None = None

    def look_again(self) -> None:
        """Another worker may have written since: what stands in the log is read again before the next line,
        which goes into a new file, behind all others.
        """
        self._newest = None
        self._log.rotate(is_forced=True)

    def append_new(self, lines: Sequence[bytes]) -> None:
        """Write those lines that are not among the newest.

        Raises:
            LogUnavailable: they could not be written.
        """
        if self._newest is None:
            self._newest = deque(map(find_id, self._read_newest()), maxlen=LINES_LOOKED_AT)
        new = [line for line in lines if is_transition(line) and find_id(line) not in self._newest]
        if new:
            self._log.append_lines(new)
            self._newest.extend(map(find_id, new))

    def read_lines(self) -> Iterator[bytes]:
        """All lines, oldest first; what is torn or no transition is left out."""
        for file in list_files(self._folder):
            yield from read_file(file)

    def _read_newest(self) -> list[bytes]:
        """The newest lines, oldest first: of 30 days of files only the last are read."""
        newest: list[bytes] = []
        for file in reversed(list_files(self._folder)):
            newest = [*read_file(file), *newest]
            if len(newest) >= LINES_LOOKED_AT:
                break
        return newest


def list_files(folder: Path) -> list[Path]:
    """The files of the log, oldest first."""
    files = [file for file in folder.glob("[!.]*") if file.name.endswith((FINISHED_SUFFIX, OPEN_SUFFIX))]
    return sorted(files, key=lambda file: file.name)


def read_file(file: Path) -> list[bytes]:
    """The whole lines of a file of the log; none where it was deleted for its age in between."""
    for each in (file, get_finished_path(file)):  # as it may be called by now
        with suppress(OSError):
            return list(filter(is_transition, each.read_bytes().splitlines()))
    return []


def is_transition(line: bytes) -> bool:
    """Whether a line is whole."""
    with suppress(ValueError):
        decode_transition(line)
        return True
    return False


def find_id(line: bytes) -> str:
    """The id of a line's transition."""
    return decode_transition(line).transition_id
