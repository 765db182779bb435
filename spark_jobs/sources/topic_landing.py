"""Lands lines of a topic as files of a source, each line once, whoever reads the topic and however often.

A landed file holds the lines of one shop day of receipt from one range of offsets. Files are written under
hidden names; then `stream/landed.json` says, in one rename, how far the topic has landed and which names the
files get; then they get them. Whoever lands next first finishes what that file says, and leaves out what
lies before its offsets. So a batch that is read again lands nothing, and two readers of one topic (the
stream, and `land` before a night) land each line once.
"""

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from itertools import chain, count
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import orjson
from filelock import FileLock

from expectations.contracts.files import sync_folder, write_text_atomically
from expectations.contracts.home import HomePaths
from spark_jobs.sources.landing_journal import Journal, Positions, read_journal
from spark_jobs.sources.merged_files import list_merged_parts

WAIT_SECONDS = 600.0  # for another reader that lands
MAX_NAME = 180  # characters; file systems allow 255 bytes, and a temporary name is longer
TIME_FIELD = "receivedAt"
A_DAY = timedelta(days=1)  # that the clocks of service and broker may differ by, at midnight


class TopicLine(NamedTuple):
    """A line as the broker gave it.

    Attributes:
        line: None where a producer wrote no value.
        written_at: when it was written, as broker or producer say; its day where the line has no time itself.
    """

    partition: int
    offset: int
    line: bytes | None
    written_at: datetime


class TopicLanding:
    """Lands the lines of one topic in a folder `<landing>/<source>/<entity>`."""

    def __init__(self, paths: HomePaths, topic: str, time_zone: str) -> None:
        """
        Args:
            time_zone: the shop's, whose days part the files.
        """
        self.folder, self.topic, self._zone = paths.landed_events, topic, ZoneInfo(time_zone)
        self._journal_file = paths.landed_offsets
        self._checkpoints = paths.stream_checkpoint, paths.membership_checkpoints

    def read_positions(self) -> Positions:
        """How far the topic has landed; empty before the first line."""
        return read_journal(self._journal_file).positions.get(self.topic, {})

    def land(self, lines: Iterable[TopicLine]) -> list[Path]:
        """Land those of the lines that have not landed yet; the new files.

        Args:
            lines: each partition's in the order of offsets, without gaps that others could have read.
        """
        with self._hold():
            journal = self._finish()
            before = journal.positions.get(self.topic, {})
            by_day, after = self._part_by_day(lines, before)
            if after == before:
                return []
            name = make_file_name(self.topic, before, after)
            renames = {}
            for day, content in sorted(by_day.items()):
                folder = self.folder / str(day)
                folder.mkdir(parents=True, exist_ok=True)
                target = find_free_file(folder, name)
                hidden = folder / f".{target.name}.part"
                write_durably(hidden, content)
                renames[str(hidden.relative_to(self.folder))] = str(target.relative_to(self.folder))
            positions = {**journal.positions, self.topic: after}
            self._commit(journal._replace(positions=positions, renames=renames))
            self._finish()
            return [self.folder / target for target in renames.values()]

    def finish(self) -> None:
        """Give files their names that a reader who was killed had written, and delete what it had only begun
        to write.
        """
        with self._hold():
            self._finish()
            for begun in self.folder.glob(f"????-??-??/.{self.topic}-*.part"):
                begun.unlink()

    def begin_anew(self, starts: Positions) -> None:
        """Let partitions land again from these offsets on, as those of a topic that was made anew."""
        with self._hold():
            journal = self._finish()
            self._forget_checkpoints()
            positions = {**journal.positions.get(self.topic, {}), **starts}
            self._commit(journal._replace(positions={**journal.positions, self.topic: positions}))

    def is_of(self, topic_id: str | None) -> bool:
        """Whether the topic with this id is the one that has landed; which it is the first time that it is
        asked, and where the id is not known.
        """
        with self._hold():
            journal = self._finish()
            known = journal.topic_ids.get(self.topic)
            if topic_id and not known:
                self._commit(journal._replace(topic_ids={**journal.topic_ids, self.topic: topic_id}))
        return not topic_id or not known or topic_id == known

    def follow(self, topic_id: str) -> None:
        """Let all land that a topic holds which was made anew under the name."""
        with self._hold():
            journal = self._finish()
            self._forget_checkpoints()
            positions = {name: each for name, each in journal.positions.items() if name != self.topic}
            ids = {**journal.topic_ids, self.topic: topic_id}
            self._commit(journal._replace(positions=positions, topic_ids=ids))

    def note_whole(self, until: datetime) -> None:
        """Note that all has landed which the topic held at a moment."""
        with self._hold():
            journal = self._finish()
            self._commit(journal._replace(whole_until={**journal.whole_until, self.topic: until.isoformat()}))

    def read_whole_until(self) -> datetime | None:
        """The latest moment of which that is noted."""
        text = read_journal(self._journal_file).whole_until.get(self.topic)
        return datetime.fromisoformat(text) if text else None

    @contextmanager
    def _hold(self) -> Iterator[None]:
        self._journal_file.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self._journal_file.with_suffix(".lock"), timeout=WAIT_SECONDS):
            yield

    def _finish(self) -> Journal:
        journal = read_journal(self._journal_file)
        for hidden, name in journal.renames.items():
            # One that is gone has its name, or was taken away by hand since.
            if (file := self.folder / hidden).exists():
                file.rename(self.folder / name)
                sync_folder(file.parent)
        return journal

    def _forget_checkpoints(self) -> None:
        """Delete where the stream would go on, the offsets of the topic before: by them it would pass over
        what has not landed of this one, once that has grown beyond them.
        """
        for folder in self._checkpoints:
            shutil.rmtree(folder, ignore_errors=True)

    def _commit(self, journal: Journal) -> None:
        """From here on the lines have landed."""
        write_text_atomically(self._journal_file, json.dumps(journal._asdict()))

    def _part_by_day(
        self, lines: Iterable[TopicLine], before: Positions
    ) -> tuple[dict[date, list[bytes]], Positions]:
        by_day: dict[date, list[bytes]] = {}
        after = dict(before)
        for each in lines:
            if each.offset < after.get(each.partition, 0):
                continue
            after[each.partition] = each.offset + 1
            line = join_line(each.line)
            day = find_received_day(line, each.written_at, self._zone)
            by_day.setdefault(day, []).append(line)
        return by_day, after


def make_file_name(topic: str, before: Positions, after: Positions) -> str:
    """The name of the file of a range of offsets. Names in text order are in the order of landing, since the
    sum of all offsets grows with each line.
    """
    ranges = [
        f"{partition}.{before.get(partition, 0)}-{offset}"
        for partition, offset in sorted(after.items())
        if offset != before.get(partition, 0)
    ]
    start, described = f"{topic}-{sum(after.values()):015d}", "_".join(ranges)
    if len(start) + len(described) > MAX_NAME:
        described = blake2b(described.encode(), digest_size=8).hexdigest()
    return f"{start[-MAX_NAME:]}-{described}.jsonl"


def find_free_file(folder: Path, name: str) -> Path:
    """A file that is not there yet, nor was before it became part of a merged one: offsets that come once
    more, of a topic that was made anew, are of other lines, and what landed before stays.
    """
    merged = list_merged_parts(folder)
    names = chain([name], (f"{name.removesuffix('.jsonl')}-{n}.jsonl" for n in count(2)))
    return next(folder / each for each in names if each not in merged and not (folder / each).exists())


def join_line(line: bytes | None) -> bytes:
    """What a producer wrote as one line. A line end can only be white space in JSON, and what is none of it
    stays none; nothing at all is `null`, which ingest refuses, so that every offset has its line.
    """
    if not line or not line.strip():
        return b"null"
    return line.replace(b"\r", b" ").replace(b"\n", b" ") if b"\n" in line or b"\r" in line else line


def find_received_day(line: bytes, written_at: datetime, zone: ZoneInfo) -> date:
    """The shop's day on which the service received an event; the broker's where its line does not say, or
    says one to come: a night takes its newest day for today.
    """
    written_on = written_at.astimezone(zone).date()
    try:
        received_at = datetime.fromisoformat(orjson.loads(line)[TIME_FIELD])
        in_utc = received_at if received_at.tzinfo else received_at.replace(tzinfo=UTC)
        received_on = in_utc.astimezone(zone).date()
    except (ValueError, TypeError, KeyError, OverflowError):
        return written_on
    return received_on if received_on <= written_on + A_DAY else written_on


def write_durably(file: Path, lines: list[bytes]) -> None:
    """Write lines to a file, on disk when this returns."""
    with file.open("wb") as out:
        out.writelines(line + b"\n" for line in lines)
        out.flush()
        os.fsync(out.fileno())
