"""Lines that wait on disk for a log elsewhere, in the order of their acknowledgements: one spool for all
workers of a machine.

Every line is written under one lock of the whole spool, so that of two requests of a visitor the second never
overtakes the first, whichever workers took them. A crash leaves it as it is: the lock ends with its process,
and a last line without its end, which nobody acknowledged, is cut off by who writes next.

A line is stored as its key's hexadecimal digits, a tab, and the line. Segments are numbered files; the
position says how far they were drained, and is behind what was sent: after a crash some lines are sent twice.
"""

import fcntl
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from expectations.contracts.files import sync_folder, write_text_atomically
from serving_app.storage.event_log import LogUnavailable
from serving_app.storage.shared_commit import Entry, SharedCommit

SUFFIX = ".spool"
POSITION, LOCK, DRAIN_LOCK = "position", ".lock", ".drain.lock"
SEGMENT_BYTES = 8 << 20
START = (0, 0)

logger = logging.getLogger(__name__)


class SpooledLine(NamedTuple):
    """A line that waits.

    Attributes:
        end: the position behind it: a segment's number, and bytes.
    """

    key: bytes
    line: bytes
    end: tuple[int, int]


class _Lines(Entry):
    """Lines on their way into the spool."""

    def __init__(self, data: bytes, is_only_behind_others: bool) -> None:
        super().__init__()
        self.data, self.is_only_behind_others = data, is_only_behind_others
        self.is_spooled = False


class Spool:
    """The spool of a folder, for many threads of many processes."""

    def __init__(self, folder: Path, most_bytes: int, segment_bytes: int = SEGMENT_BYTES) -> None:
        """
        Args:
            most_bytes: that may wait.
        """
        self._folder, self._most_bytes, self._segment_bytes = folder, most_bytes, segment_bytes
        self._refused_at = most_bytes
        self._commits = SharedCommit(self._commit)

    def holds_lines(self) -> bool:
        """Whether lines wait, as all workers see it."""
        return bool(self._list_segments())

    def measure_bytes(self) -> int:
        """How many bytes wait, drained ones of the oldest segment included."""
        total = 0
        for number in self._list_segments():
            with suppress(FileNotFoundError):  # drained meanwhile
                total += self._locate(number).stat().st_size
        return total

    def is_full(self) -> bool:
        """Whether there is no room for more: this worker had to refuse lines when no more waited than now."""
        return self.measure_bytes() >= self._refused_at

    def append_lines(
        self, lines: Sequence[bytes], keys: Sequence[bytes], is_only_behind_others: bool = False
    ) -> bool:
        """Write lines, all of them or none; they are on disk when this returns.

        Args:
            is_only_behind_others: write them only where others wait.

        Returns:
            Whether they were written.

        Raises:
            LogUnavailable: there is no room for them, or the disk refuses them.
        """
        data = b"".join(
            b"%s\t%s\n" % (key.hex().encode(), line) for key, line in zip(keys, lines, strict=True)
        )
        entry = _Lines(data, is_only_behind_others)
        self._commits.submit(entry)
        if entry.error:
            raise LogUnavailable("events cannot be spooled") from entry.error
        return entry.is_spooled

    def read_lines(self, most: int) -> list[SpooledLine]:
        """The oldest lines, at most `most` of them."""
        with self._locked():
            return self._read(most)

    @contextmanager
    def draining(self) -> Iterator[bool]:
        """Whether no other thread or process drains; nobody else does while this lasts."""
        if not self.holds_lines():
            yield False
            return
        with (self._folder / DRAIN_LOCK).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    def mark_drained(self, end: tuple[int, int]) -> None:
        """Say that lines up to a position need to wait no longer."""
        write_text_atomically(self._folder / POSITION, f"{end[0]} {end[1]}")
        for number in self._list_segments():
            if number < end[0]:
                self._locate(number).unlink()

    @contextmanager
    def finishing(self, most: int) -> Iterator[list[SpooledLine]]:
        """The last lines; where the block ends without an error the spool is empty. Nobody adds lines
        meanwhile, so the block is to be short. Where more than `most` wait, it gets none and ends nothing.
        """
        with self._locked():
            lines = self._read(most + 1)
            if len(lines) > most:
                yield []
                return
            yield lines
            # The position first: a crash between the two leaves lines that are sent twice, and none that a
            # position of before would hide.
            (self._folder / POSITION).unlink(missing_ok=True)
            for number in self._list_segments():
                self._locate(number).unlink()
            sync_folder(self._folder)

    def _commit(self, batch: Sequence[_Lines]) -> None:
        error = None
        try:
            with self._locked():
                is_used = self.holds_lines()
                chosen = [entry for entry in batch if is_used or not entry.is_only_behind_others]
                if chosen:
                    # once one of them is there, the others are behind it
                    self._write(b"".join(entry.data for entry in batch))
                    for entry in batch:
                        entry.is_spooled = True
        except (OSError, LogUnavailable) as caught:
            error = caught
        for entry in batch:
            entry.is_done, entry.error = True, error

    def _write(self, data: bytes) -> None:
        waiting = self.measure_bytes()
        if waiting + len(data) > self._most_bytes:
            self._refused_at = waiting
            raise LogUnavailable(f"{waiting} of {self._most_bytes} bytes wait already")
        numbers = self._list_segments()
        number = numbers[-1] if numbers else self._read_position()[0] + 1
        if numbers and self._locate(number).stat().st_size >= self._segment_bytes:
            number += 1
        handle = os.open(self._locate(number), os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
        try:
            size = cut_torn_line(handle)
            try:
                sent = 0
                while sent < len(data):
                    sent += os.write(handle, data[sent:])
                os.fdatasync(handle)
            except OSError:  # half of it must not count
                os.ftruncate(handle, size)
                raise
        finally:
            if os.fstat(handle).st_size == 0:  # or an empty one would have everything spooled for ever
                self._locate(number).unlink()
            os.close(handle)
        if number not in numbers:
            sync_folder(self._folder)

    def _read(self, most: int) -> list[SpooledLine]:
        lines: list[SpooledLine] = []
        drained_number, drained_bytes = self._read_position()
        for number in self._list_segments():
            if number < drained_number:
                continue
            offset = drained_bytes if number == drained_number else 0
            with self._locate(number).open("rb") as segment:
                segment.seek(offset)
                for raw in segment:
                    if len(lines) == most:
                        return lines
                    if not raw.endswith(b"\n"):
                        break
                    offset += len(raw)
                    key, _, line = raw[:-1].partition(b"\t")
                    lines.append(SpooledLine(bytes.fromhex(key.decode()), line, (number, offset)))
        return lines

    def _read_position(self) -> tuple[int, int]:
        try:
            number, offset = (self._folder / POSITION).read_text().split()
            return int(number), int(offset)
        except FileNotFoundError:
            return START
        except ValueError:
            logger.error("the spool's position cannot be read: what waits is sent from its beginning")
            return START

    def _list_segments(self) -> list[int]:
        """Numbers of the segments, the oldest first."""
        try:
            names = os.listdir(self._folder)  # noqa: PTH208 - asked for every request
        except FileNotFoundError:
            return []
        return sorted(int(name.removesuffix(SUFFIX)) for name in names if name.endswith(SUFFIX))

    def _locate(self, number: int) -> Path:
        return self._folder / f"{number:08d}{SUFFIX}"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def cut_torn_line(handle: int) -> int:
    """Cut off a last line without its end, of a writer that died; the bytes that are left."""
    size = os.fstat(handle).st_size
    if not size or os.pread(handle, 1, size - 1) == b"\n":
        return size
    whole = os.pread(handle, size, 0).rfind(b"\n") + 1
    os.ftruncate(handle, whole)
    logger.warning(
        "a worker died while it spooled a line; its %d bytes were never acknowledged", size - whole
    )
    return whole
