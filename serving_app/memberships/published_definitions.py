"""The definitions that were published since a night and count from then on: whoever publishes one writes a
line into the log of changes, and every worker finds it there.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from expectations.contracts.files import FileStamps, LookTimer, read_file_stamps
from expectations.contracts.home import HomePaths
from segments.at_once import find_reach, list_obstacles
from segments.definition_changes import hash_text, read_changes
from segments.parsing.definitions import load_definition, make_reader_of_day
from segments.parsing.documents import read_text
from segments.parsing.reading import Reader
from segments.to_sql import DEFINITIONS
from segments.tree.rules import Rule

logger = logging.getLogger(__name__)


class PublishedDefinition(NamedTuple):
    """A definition that can count at once.

    Attributes:
        version: the digest of its text.
        at: when it was published.
        reach: microseconds before `now` in which it needs events.
    """

    segment_id: str
    rule: Rule
    version: str
    at: datetime
    reach: int


Published = tuple[PublishedDefinition, ...]


class PublishedDefinitions:
    """Those of a home; the same object as long as nothing was changed."""

    def __init__(self, home: Path, look_every_seconds: float = 0.0) -> None:
        """
        Args:
            look_every_seconds: how often an answer looks whether files are others.
        """
        self._home, self._looks, self._lock = home, LookTimer(look_every_seconds), threading.Lock()
        self._files: tuple[Path, ...] = (HomePaths(home).segment_changes,)
        self._stamps: FileStamps | None = None
        self._published: Published = ()

    def read(self) -> Published:
        """The newest text of each segment, where it can count at once and nobody has edited it since."""
        is_due = self._stamps is None or self._looks.is_due()
        if is_due and read_file_stamps(*self._files) != self._stamps:
            with self._lock:
                stamps = read_file_stamps(*self._files)
                if stamps != self._stamps:
                    self._load()
        return self._published

    def _load(self) -> None:
        paths = HomePaths(self._home)
        log_stamp = read_file_stamps(paths.segment_changes)
        try:
            newest = {change.segment_id: change for change in read_changes(self._home)}
        except OSError as error:  # answers go on by what was known
            logger.error("published definitions cannot be read: %s", error.strerror)
            self._stamps = read_file_stamps(*self._files)
            return
        # Either file may come or go: whoever publishes writes the line first, then the home's own file.
        own = [paths.segment_definition(segment_id) for segment_id in sorted(newest)]
        shipped = [DEFINITIONS / file.name for file in own]
        # from before: what was written meanwhile is read next
        stamps = (*log_stamp, *read_file_stamps(*own, *shipped))
        start_reader = make_reader_of_day()  # some 5 ms, in which no list is answered
        found = [
            read_published(mine if mine.exists() else theirs, change.digest, change.at, start_reader)
            for mine, theirs, (_, change) in zip(own, shipped, sorted(newest.items()), strict=True)
        ]
        published = tuple(each for each in found if each)
        if published != self._published:
            self._published = published
        self._files, self._stamps = (paths.segment_changes, *own, *shipped), stamps


def read_published(
    file: Path, digest: str, at: str, start_reader: Callable[[], Reader]
) -> PublishedDefinition | None:
    """The definition in a file of the home; None where it is another text than was published, or has to wait
    for the night.
    """
    try:
        if not file.exists():  # its line is there before it
            return None
        text = read_text(file)
        if hash_text(text) != digest:
            return None
        rule = load_definition(file, start_reader()).segment.members
        moment = datetime.fromisoformat(at)
    except (OSError, ValueError) as error:
        logger.error("%s does not count at once: %s", file.name, "; ".join(str(error).splitlines()))
        return None
    if list_obstacles(rule):
        return None
    return PublishedDefinition(file.stem, rule, digest, moment, find_reach(rule))
