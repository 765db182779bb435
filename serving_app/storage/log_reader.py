"""Reads the files of an append log, also while they are written, and keeps how far each consumer has read.

A partition is a file, by its name without `.open` and `.jsonl`, and an offset counts bytes. Files are read in
the order of their names, which begin with the time they were opened at: a log that one process writes at a
time is read in the order of writing. A file that somebody has taken away, as `land` takes finished ones, is
gone for every consumer: who must see each line reads a log that nothing takes files from before they are old.
"""

import os
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from expectations.contracts.impressions import FINISHED_SUFFIX, OPEN_SUFFIX
from expectations.contracts.log_files import get_finished_path
from serving_app.storage.event_log import LogLine, LogUnavailable, Position
from serving_app.storage.position_files import PositionFiles

POSITIONS = ".positions"


class LogReader:
    """The reading half of an append log, for as many consumers as there are; it needs no writer."""

    def __init__(self, folder: Path, title: str = "the log") -> None:
        """
        Args:
            title: what messages call it.
        """
        self._folder, self._title = folder, title
        self._positions = PositionFiles(folder / POSITIONS, title)
        # How long finished files are: they do not change, so one that was read is not opened again.
        self._finished_sizes: dict[str, int] = {}

    def read_lines(self, position: Position, most: int) -> list[LogLine]:
        """The whole lines behind a position, at most `most` of them.

        A line may be read a moment before it is durable, and if its sync fails it is gone again: its writer
        was told so, and writes it anew.

        Raises:
            LogUnavailable: a file cannot be read.
        """
        lines: list[LogLine] = []
        try:
            files = self._list_files()
            self._forget_gone(files)
            for partition, path in files.items():
                offset = position.get(partition, 0)
                if offset < self._finished_sizes.get(partition, offset + 1):
                    lines += self._read_file(path, partition, offset, most - len(lines))
                if len(lines) >= most:
                    break
        except OSError as error:
            raise LogUnavailable(f"{self._title} cannot be read: {error.strerror}") from error
        return lines

    def find_end(self) -> Position:
        """The position behind every whole line that is there now, for a consumer of what comes from now on.

        Raises:
            LogUnavailable: a file cannot be read.
        """
        try:
            return {partition: find_whole_length(path) for partition, path in self._list_files().items()}
        except OSError as error:
            raise LogUnavailable(f"{self._title} cannot be read: {error.strerror}") from error

    def commit_position(self, consumer: str, position: Position) -> None:
        """Store durably how far a consumer has read. Files that are gone are left out: no name comes again.

        Raises:
            LogUnavailable: it cannot be stored.
        """
        there = self._list_files()
        self._positions.commit(consumer, {name: offset for name, offset in position.items() if name in there})

    def get_position(self, consumer: str) -> Position:
        """How far a consumer has read; `START` of one that has committed nothing.

        Raises:
            LogUnavailable: what it has committed cannot be read.
        """
        return self._positions.get(consumer)

    def _list_files(self) -> dict[str, Path]:
        """By partition, in the order of reading."""
        try:
            names = sorted(os.listdir(self._folder))  # noqa: PTH208 - a tenth of what `iterdir` takes
        except FileNotFoundError:
            return {}
        files = {}
        for name in names:
            for suffix in (OPEN_SUFFIX, FINISHED_SUFFIX):
                if name.endswith(suffix) and not name.startswith("."):
                    files[name.removesuffix(suffix)] = self._folder / name
        return files

    def _forget_gone(self, files: Mapping[str, Path]) -> None:
        if len(self._finished_sizes) > len(files):
            self._finished_sizes = {
                partition: size for partition, size in self._finished_sizes.items() if partition in files
            }

    def _read_file(self, path: Path, partition: str, offset: int, most: int) -> list[LogLine]:
        lines: list[LogLine] = []
        try:
            file = path.open("rb")
        except FileNotFoundError:  # finished or taken away meanwhile
            finished = get_finished_path(path)
            if path == finished or not finished.exists():
                return lines
            return self._read_file(finished, partition, offset, most)
        with file:
            file.seek(offset)
            for line in islice(file, most):
                if not line.endswith(b"\n"):  # it is being written, or its writer died
                    break
                offset += len(line)
                lines.append(LogLine(line[:-1], partition, offset))
        if len(lines) < most and path.name.endswith(FINISHED_SUFFIX):
            self._finished_sizes[partition] = offset
        return lines


def find_whole_length(path: Path) -> int:
    """The bytes of a file's whole lines; 0 of one that is gone."""
    try:
        if path.name.endswith(FINISHED_SUFFIX):
            return path.stat().st_size
        return path.read_bytes().rfind(b"\n") + 1
    except FileNotFoundError:
        finished = get_finished_path(path)
        return finished.stat().st_size if finished.exists() else 0
