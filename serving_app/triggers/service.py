"""Opens streams of transitions: a bounded number, as each keeps a thread of its worker."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime

from serving_app.http.auth import watch_caller
from serving_app.http.problems import BadRequest, TooManyStreams, TransitionsUnreadable
from serving_app.keys.store import KeyStore
from serving_app.metrics import declarations as metrics
from serving_app.metrics.shared_folder import EndNotice
from serving_app.settings import Settings
from serving_app.storage.event_log import EventLog, LogUnavailable
from serving_app.triggers.schemas import StreamQuery
from serving_app.triggers.stream import MOST_STREAMS, parse_event_id, stream_events
from serving_app.triggers.transitions_log import close_transitions, open_transitions


class StreamService:
    """Streams of one worker."""

    def __init__(self, settings: Settings, keys: KeyStore, clock: Callable[[], datetime]) -> None:
        self._settings, self._keys, self._clock = settings, keys, clock
        self._end_notice, self._slots = EndNotice(), threading.BoundedSemaphore(MOST_STREAMS)

    def open(self, query: StreamQuery, last_event_id: str | None, *, has_body: bool = True) -> "Stream":
        """A stream behind the event of this id, or of what comes from now on.

        Raises:
            BadRequest: it is no id of an event.
            TooManyStreams: this worker has as many open as it may.
            TransitionsUnreadable: the log cannot be read now.
        """
        if not has_body:
            return Stream(iter(()), lambda: None)
        may_ask = watch_caller(self._keys, self._clock)
        if not self._slots.acquire(blocking=False):
            raise TooManyStreams(f"This worker has {MOST_STREAMS} streams open already; try again.")
        metrics.STREAMS.inc()
        log = open_transitions(self._settings)
        stream = Stream(iter(()), lambda: self._release(log))
        try:
            stream.events = self._start(log, query, last_event_id, may_ask)
        except BaseException:
            stream.close()
            raise
        return stream

    def _start(
        self, log: EventLog, query: StreamQuery, last_event_id: str | None, may_ask: Callable[[], bool]
    ) -> Iterator[bytes]:
        try:
            position = log.find_end()
            if last_event_id:
                position = parse_event_id(last_event_id, position)
        except LogUnavailable as error:
            raise TransitionsUnreadable("The transitions cannot be read now.") from error
        except ValueError as error:
            raise BadRequest("Last-Event-ID is no id of an event of this stream") from error
        return stream_events(log, position, query, self._make_pause(may_ask), time.monotonic)

    def _make_pause(self, may_ask: Callable[[], bool]) -> Callable[[float], bool]:
        """What a stream asks whether to go on: until its time is over, the service ends, or its key does."""
        ends_at = time.monotonic() + self._settings.open_stream_seconds

        def pause(seconds: float) -> bool:
            if time.monotonic() >= ends_at or self._end_notice.is_ending() or not may_ask():
                return False
            time.sleep(seconds)
            return True

        return pause

    def _release(self, log: EventLog) -> None:
        close_transitions(log)
        self._slots.release()
        metrics.STREAMS.dec()


class Stream:
    """The body of an answer that gives back its slot, whoever ends it: the server, or nobody at all."""

    def __init__(self, events: Iterator[bytes], release: Callable[[], None]) -> None:
        self.events, self._release = events, release

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self.events)

    def close(self) -> None:
        """Called by the server when the answer is over, or its client is gone."""
        release, self._release = self._release, lambda: None
        release()

    def __del__(self) -> None:
        self.close()
