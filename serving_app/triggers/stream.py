"""A stream of transitions as server-sent events, which a client resumes by the id of the last one it has.

An id is the place behind an event in the log: `<partition>:<offset>`. Files of a log, of which a single
process writes one at a time, are in the order of their names, so the newest says it all; of Kafka's
partitions, whose names are numbers, an id has each.
"""

import re
from collections.abc import Callable, Iterator

from expectations.contracts.transitions import decode_transition
from serving_app.storage.event_log import EventLog, LogLine, LogUnavailable, Position
from serving_app.triggers.schemas import StreamQuery

PLACE = re.compile(r"([A-Za-z0-9._-]{1,200}):([0-9]{1,18})")
MOST_PLACES = 100
BATCH_LINES = 500
POLL_SECONDS = 0.2
# Until a client that is gone is noticed, and well below the minute after which proxies give up on silence.
HEARTBEAT_SECONDS = 15.0
RETRY_MS = 2_000
MOST_STREAMS = 4  # of a worker: each keeps a thread, of which the worker has as many more (`__main__.py`)


def parse_event_id(text: str, end: Position) -> Position:
    """The position that an event's id stands for.

    Args:
        end: of the log.

    Raises:
        ValueError: it is no id of an event.
    """
    matches = [PLACE.fullmatch(part) for part in text.split(",", MOST_PLACES)]
    if not all(matches):
        raise ValueError("no id of an event")
    places = {match[1]: int(match[2]) for match in matches}
    if all(map(str.isdecimal, places)):
        return places
    before = {partition: offset for partition, offset in end.items() if partition < min(places)}
    return {**before, **places}


def format_event(line: LogLine, event_id: bytes, is_entered: bool) -> bytes:
    """One transition as an event."""
    kind = b"segment.entered" if is_entered else b"segment.left"
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (event_id, kind, line.line)


def format_event_id(position: Position, newest: str) -> bytes:
    """The id of an event in the newest partition, which the position is behind."""
    numbered = sorted(filter(str.isdecimal, position), key=int) if newest.isdecimal() else [newest]
    return ",".join(f"{partition}:{position[partition]}" for partition in numbered).encode()


def stream_events(
    log: EventLog,
    position: Position,
    query: StreamQuery,
    pause: Callable[[float], bool],
    clock: Callable[[], float],
) -> Iterator[bytes]:
    """The wanted transitions behind a position, as events, as they are written; ends where `pause` says so,
    or the log cannot be read: the client then asks again.

    Args:
        pause: waits so long; returns whether to go on. Asked before each look into the log but the first.
        clock: seconds, never set back.
    """
    yield b"retry: %d\n\n" % RETRY_MS
    position, sent_at = dict(position), clock()
    while True:
        try:
            lines = log.read_lines(position, BATCH_LINES)
        except LogUnavailable:
            return
        n_sent = 0
        for line in lines:
            position[line.partition] = line.next_offset
            try:
                transition = decode_transition(line.line)
            except ValueError:
                continue
            if query.wants(transition):
                n_sent += 1
                yield format_event(line, format_event_id(position, line.partition), transition.is_entered)
        if n_sent:
            sent_at = clock()
        elif clock() - sent_at >= HEARTBEAT_SECONDS:
            # an id without data is no event, and spares a client that resumes what was not for it
            place = format_event_id(position, lines[-1].partition) if lines else b""
            yield b"id: %b\n:\n\n" % place if lines else b":\n\n"
            sent_at = clock()
        if not pause(0.0 if len(lines) == BATCH_LINES else POLL_SECONDS):
            return
