"""Reads what was served and received since the last night, in bounds, once for all who look."""

import threading
import time
from pathlib import Path

from expectations.contracts.home import HomePaths
from expectations.contracts.ids import normalise_id
from expectations.contracts.impressions import FINISHED_SUFFIX, OPEN_SUFFIX
from serving_app.console.event_tail import TopicTail, open_tail
from serving_app.console.live_figures import LiveFigures, count_figures
from serving_app.console.log_reading import parse_lines
from serving_app.intake.logged_events import select_newest
from serving_app.settings import Settings
from serving_app.storage.event_log import LogUnavailable
from serving_app.storage.protocols import SnapshotStore

# of each log the newest: some 9,000 lists of ten and 24,000 events, counted in 0.2 CPU seconds (2026-11)
MOST_BYTES = 8 << 20
MOST_OF_A_PARTITION = 5_000  # of a topic, its newest events
KEPT_SECONDS = 4.0  # several readers cost as much as one


class LiveFigureService:
    """The figures of this day so far."""

    def __init__(self, settings: Settings, snapshots: SnapshotStore) -> None:
        self._paths, self._snapshots, self._lock = HomePaths(settings.home), snapshots, threading.Lock()
        tail = open_tail(settings)
        self._topic = tail if isinstance(tail, TopicTail) else None
        self._counted_at, self._figures = float("-inf"), LiveFigures([], {})

    def read_figures(self) -> LiveFigures:
        """The figures as they were a few seconds ago at most."""
        with self._lock:
            if time.monotonic() - self._counted_at >= KEPT_SECONDS:
                self._figures, self._counted_at = self._count(), time.monotonic()
        return self._figures

    def _count(self) -> LiveFigures:
        snapshot = self._snapshots.get_current()
        lists, has_all_lists = read_newest(self._paths.decision_log)
        if self._topic:
            events, has_all_events = self._read_topic()
        else:
            events, has_all_events = read_newest(self._paths.event_log)
        return count_figures(
            parse_lines(lists),
            parse_lines(events),
            snapshot.normalise_item_id if snapshot else normalise_id,
            is_whole=has_all_lists and has_all_events,
        )

    def _read_topic(self) -> tuple[list[bytes], bool]:
        try:
            return self._topic.read_newest(MOST_OF_A_PARTITION) if self._topic else [], False
        except LogUnavailable:
            return [], False


def read_newest(folder: Path) -> tuple[list[bytes], bool]:
    """The whole lines of the newest files of a log, and whether these are all of its files."""
    files = sorted(
        path for path in folder.glob("[!.]*") if path.name.endswith((FINISHED_SUFFIX, OPEN_SUFFIX))
    )
    newest = select_newest(files, MOST_BYTES)
    lines: list[bytes] = []
    for path in newest:
        try:
            lines += path.read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:  # finished, or landed meanwhile: with the next look
            continue
    return lines, len(newest) == len(files)
