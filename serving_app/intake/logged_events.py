"""Events read again from the event log, into live states that were begun anew."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import orjson

from expectations.contracts.home import HomePaths
from expectations.contracts.ids import normalise_id
from expectations.contracts.impressions import FINISHED_SUFFIX, OPEN_SUFFIX
from expectations.contracts.log_files import get_finished_path
from serving_app.intake.batches import SentEvent
from serving_app.intake.normal_form import normalise_event
from serving_app.intake.receipts import Receipt
from serving_app.live.events import LiveEvent
from serving_app.live.state import LiveStore
from serving_app.storage.event_log import LogLine, LogUnavailable, Position, move_position
from serving_app.storage.protocols import SnapshotStore
from serving_app.storage.shop_calendar import ShopCalendar
from serving_app.storage.snapshots import Snapshot

# Of the newest files: some 200,000 events, read in half a minute beside the answers.
MOST_BYTES = 100 << 20
RECORDED_AT_ONCE = 100
MOST_LINES, READ_AT_ONCE = 200_000, 1_000  # of a topic
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

logger = logging.getLogger(__name__)


class KnowsWhenWritten(Protocol):
    """A log elsewhere that can be read from a moment on."""

    def find_position(self, since: datetime) -> Position:
        """The position before the first line of this moment or later."""

    def find_end(self) -> Position:
        """The position behind every line."""

    def read_lines(self, position: Position, most: int) -> list[LogLine]:
        """The lines behind a position."""


def refill_live_states(
    live: LiveStore,
    snapshots: SnapshotStore,
    home: Path,
    clock: Callable[[], datetime],
    most_bytes: int = MOST_BYTES,
    topic: KnowsWhenWritten | None = None,
) -> None:
    """Record the events that no published night has absorbed, if the live states were begun anew: for a
    timer.

    What those days do not hold is gone: carts of before, and which items were shown.

    Args:
        most_bytes: of the newest files.
        topic: where events are, of which some have not landed; None: in files alone.
    """
    reason = live.take_begun_anew()
    if not reason:
        return
    snapshot, n_events = snapshots.get_current(), 0
    after = snapshot.meta.get_absorbed_date() if snapshot else None
    paths = HomePaths(home)
    files = find_log_files(paths, after)
    newest = select_newest(files, most_bytes)
    now = clock()
    lag = ShopCalendar(home, snapshots).find_lag(now)
    lines = chain(
        (line for path in newest for line in read_log(path, paths).splitlines()),
        read_topic(topic, find_first_moment(after, snapshot) + lag) if topic else (),
    )
    events = (bring_to_clock(event, lag, now) for event in read_events(lines, snapshot))
    while chunk := list(islice(events, RECORDED_AT_ONCE)):
        live.record(chunk, is_refill=True)
        live.flush()  # what could not be recorded in the time that an answer has
        n_events += len(chunk)
    live.end_filling()
    if files or topic:
        logger.warning(
            "live states were begun anew (%s) and filled with %d events of %d files; older ones: %d files",
            reason,
            n_events,
            len(newest),
            len(files) - len(newest),
        )


def find_log_files(paths: HomePaths, after: date | None) -> list[Path]:
    """The files of the event log, the landed ones of later days than this among them, oldest first."""
    files = [
        path
        for folder in [paths.event_log, *sorted(paths.landed_events.glob("????-??-??"))]
        if folder == paths.event_log or after is None or folder.name > after.isoformat()
        for path in folder.glob("[!.]*")
        if path.name.endswith((FINISHED_SUFFIX, OPEN_SUFFIX))
    ]
    return sorted(files, key=lambda path: path.name)


def select_newest(files: Iterable[Path], most_bytes: int) -> list[Path]:
    """The newest of these files that hold so many bytes at most, oldest first."""
    newest: list[Path] = []
    for path in reversed(list(files)):
        with suppress(FileNotFoundError):  # finished or landed meanwhile; it is read under its new name
            most_bytes -= path.stat().st_size
        if most_bytes < 0:
            break
        newest.insert(0, path)
    return newest


def read_topic(topic: KnowsWhenWritten, since: datetime) -> Iterator[bytes]:
    """The lines of a topic that were written since a moment, the newest of each partition where they are too
    many; fewer where it is away.
    """
    try:
        end = topic.find_end()
        most = MOST_LINES // max(1, len(end))
        position = {
            partition: max(offset, end[partition] - most)
            for partition, offset in topic.find_position(since).items()
        }
        while lines := topic.read_lines(position, READ_AT_ONCE):
            position = move_position(position, lines)
            yield from (line.line for line in lines)
    except LogUnavailable as error:
        logger.warning("live states are filled without what has not landed: %s", error)


def find_first_moment(after: date | None, snapshot: Snapshot | None) -> datetime:
    """When the first day began that no night has absorbed, in the shop's calendar."""
    if after is None or snapshot is None:
        return EPOCH
    midnight = datetime.combine(after + timedelta(days=1), time.min)
    return midnight.replace(tzinfo=ZoneInfo(snapshot.meta.time_zone))


def read_events(lines: Iterable[bytes], snapshot: Snapshot | None) -> Iterator[LiveEvent]:
    """The accepted events of these lines. A line that is not whole, or no event, is passed over."""
    for line in lines:
        try:
            record = orjson.loads(line)
            is_accepted = isinstance(record, dict) and "quarantined" not in record
            event = parse_record(record, snapshot) if is_accepted else None
        except (ValueError, TypeError, KeyError):
            continue
        if event:
            yield event


def bring_to_clock(event: LiveEvent, lag: timedelta, now: datetime) -> LiveEvent:
    """A logged event as it was before the log was given the shop's own time; unchanged where there is no lag.

    The lag at its receipt is not in the log. It is today's, unless a day has ended since: then it was a day
    less, and the event is not of the future.
    """
    own_lag = min(lag, max(timedelta(days=(now - event.received_at).days), timedelta(0)))
    return replace(
        event,
        occurred_at=event.occurred_at + own_lag,
        received_at=event.received_at + own_lag,
        calendar_lag=own_lag,
    )


def read_log(path: Path, paths: HomePaths) -> bytes:
    """A file of the event log, wherever it is by now: it is finished after a minute, and then it may land.
    Empty where it is gone or cannot be read.
    """
    finished = get_finished_path(path) if path.name.endswith(OPEN_SUFFIX) else path
    for _ in range(2):  # it may move between two looks
        for place in (path, finished, *paths.landed_events.glob(f"????-??-??/{finished.name}")):
            with suppress(OSError):
                return place.read_bytes()
    return b""


def parse_record(record: dict, snapshot: Snapshot | None) -> LiveEvent | None:
    """The event that a record of the log was made of; None where it would be refused today."""
    context = record.get("context")
    receipt = Receipt(
        received_at=datetime.fromisoformat(record["receivedAt"]),
        source=record["source"],
        zone=ZoneInfo(snapshot.meta.time_zone if snapshot else "UTC"),
        normalise_item_id=snapshot.normalise_item_id if snapshot else normalise_id,
        new_id=lambda: "",
        is_bot=isinstance(context, dict) and bool(context.get("isBot")),
    )
    return normalise_event(SentEvent(record), receipt).event
