"""Brings the transitions that one endpoint wants from the log to the endpoint: each at least once, those of
one customer in order.

A notification that fails is tried again, ever more rarely and at a random moment; after a day it is a dead
letter, and the customer's next one has its turn. An endpoint that fails altogether is left alone, and asked
by one notification every half a minute.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence

from expectations.contracts.transitions import Transition, decode_transition
from serving_app.live.breaker import CircuitBreaker
from serving_app.metrics import declarations as metrics
from serving_app.storage.event_log import EventLog, LogLine, LogUnavailable, Position, move_position
from serving_app.triggers.attempts import Attempt, Outcome
from serving_app.triggers.endpoints import DeclaredEndpoint
from serving_app.triggers.notification_queue import NotificationQueue
from serving_app.triggers.notification_records import Notification

BATCH_LINES = 500
MOST_WAITING = 1_000_000  # 0.5 GB of disk; what comes then waits in the log
POLL_SECONDS = 0.2
FIRST_DELAY, LONGEST_DELAY = 2.0, 900.0
GIVE_UP_SECONDS = 86_400.0
FORGET_SECONDS = 30 * 86_400.0  # dead letters hold who was in which segment
TIDY_SECONDS = 3_600.0
FAILURES_TO_OPEN, OPEN_SECONDS = 5, 30.0

Send = Callable[[Notification], Awaitable[Attempt]]

logger = logging.getLogger(__name__)


class Notifier:
    """Notifies one endpoint; of one event loop."""

    def __init__(
        self,
        declared: DeclaredEndpoint,
        log: EventLog,
        queue: NotificationQueue,
        send: Send,
        clock: Callable[[], float],
        draw: Callable[[], float] = random.random,
    ) -> None:
        """
        Args:
            send: tries once, and raises nothing that it knows of.
            clock: seconds since 1970, never set back.
            draw: a random number from 0 to 1.
        """
        self._endpoint, self._consumer = declared.endpoint, f"webhook:{declared.endpoint_id}"
        self._id, self._log, self._queue, self._send = declared.endpoint_id, log, queue, send
        self._clock, self._draw = clock, draw
        self._breaker = CircuitBreaker(clock, FAILURES_TO_OPEN, OPEN_SECONDS)
        self._tasks: dict[asyncio.Task[Attempt], Notification] = {}
        self._failing_since = queue.describe().failing_since
        self._is_down = self._failing_since is not None  # so that heads wait for long
        self._tidied_at, self._is_log_away = float("-inf"), False
        self._position = self._find_start()

    async def step(self) -> float:
        """Do what can be done now, until an attempt ends; return for how many seconds there is nothing to do.

        Raises:
            sqlite3.Error: the queue cannot be used now; nothing is lost.
        """
        self._tidy()
        n_read = await self._fill_if_there()
        self._start()
        if self._tasks:
            ended, _ = await asyncio.wait(
                self._tasks, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            self._settle({task: self._tasks.pop(task) for task in ended})
            return 0.0
        if n_read:
            return 0.0
        return POLL_SECONDS

    async def finish(self, seconds: float) -> None:
        """Wait so long for attempts under way and settle them; cancel the others, which are made again."""
        if self._tasks:
            ended, others = await asyncio.wait(self._tasks, timeout=seconds)
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            self._settle({task: self._tasks.pop(task) for task in ended})
            self._tasks.clear()

    def _find_start(self) -> Position:
        """Where to read on; a new endpoint begins with what comes from now on. The queue knows it together
        with what it holds; the log is told for whoever watches how far its consumers are.
        """
        position = self._queue.find_position()
        if position is None:
            position = self._log.get_position(self._consumer) or self._log.find_end()
            self._queue.add((), self._clock(), position)
            self._log.commit_position(self._consumer, position)
        return position

    async def _fill_if_there(self) -> int:
        """As `_fill`; of a log that is away nothing, and who waits in the queue is notified all the same."""
        try:
            n_read = await self._fill()
        except LogUnavailable as error:
            if not self._is_log_away:
                logger.error("endpoint %s waits for what is new: %s", self._id, error)
            self._is_log_away = True
            return 0
        self._is_log_away = False
        return n_read

    async def _fill(self) -> int:
        """Queue what the log has behind the position; return how many lines were read."""
        # in a thread: a broker that hangs is waited for, and attempts under way must not be
        lines = await asyncio.to_thread(self._log.read_lines, self._position, BATCH_LINES)
        if not lines or self._queue.describe().n_waiting >= MOST_WAITING:
            return 0
        wanted = [each for each in self._decode(lines) if self._endpoint.wants(each)]
        position = move_position(self._position, lines)
        self._queue.add(wanted, self._clock(), position)
        self._position = position  # whether or not the log can be told
        self._log.commit_position(self._consumer, position)
        self._position = self._log.get_position(self._consumer) or position  # without files that are gone
        return len(lines)

    def _decode(self, lines: Sequence[LogLine]) -> Iterable[Transition]:
        for each in lines:
            try:
                yield decode_transition(each.line)
            except ValueError:
                logger.error("%s:%d is no transition", each.partition, each.next_offset)

    def _start(self) -> None:
        """Begin attempts for customers who have none under way."""
        under_way = {each.customer_id for each in self._tasks.values()}
        free = self._endpoint.parallel - len(under_way)
        if free <= 0:
            return
        due = self._queue.list_due(self._clock(), free + len(under_way))
        for notification in [each for each in due if each.customer_id not in under_way][:free]:
            if not self._breaker.may_call():
                return
            self._tasks[asyncio.ensure_future(self._try(notification))] = notification

    async def _try(self, notification: Notification) -> Attempt:
        try:
            return await self._send(notification)
        # whatever is wrong with one notification, those of others go on
        except Exception as error:
            logger.exception("endpoint %s: an attempt broke", self._id)
            return Attempt(Outcome.REFUSED, type(error).__name__)

    def _settle(self, ended: dict[asyncio.Task[Attempt], Notification]) -> None:
        now = self._clock()
        accepted, delayed, dead = [], [], []
        for task, notification in ended.items():
            attempt = task.result()
            self._note_health(attempt, now)
            metrics.NOTIFICATION_ATTEMPTS.labels(outcome=attempt.outcome.value).inc()
            if attempt.outcome is Outcome.ACCEPTED:
                accepted.append(notification)
                metrics.NOTIFICATION_SECONDS.observe(max(0.0, now - notification.queued_at))
                told_at = decode_transition(notification.line).told_at / 1e6
                metrics.TRANSITION_DELIVERED_SECONDS.observe(max(0.0, now - told_at))
            elif now - notification.queued_at >= GIVE_UP_SECONDS:
                dead.append((notification, attempt.reason))
            else:
                delayed.append((notification, now + self._draw_delay(notification, attempt)))
        if ended:
            self._queue.settle(accepted, delayed, dead, now)
            self._report_dead(len(dead))
        if self._is_down and self._failing_since is None:
            self._is_down = False
            self._queue.wake(now)
            logger.warning("endpoint %s works again", self._id)
        if self._failing_since is not None and now - self._failing_since >= GIVE_UP_SECONDS:
            self._report_dead(
                self._queue.bury_older(now - GIVE_UP_SECONDS, now, "the endpoint failed for a day")
            )

    def _draw_delay(self, notification: Notification, attempt: Attempt) -> float:
        """Seconds until the next attempt: exponential backoff with full jitter, which spreads customers who
        failed together; the endpoint's own wish if it is longer.
        """
        longest = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(notification.n_attempts, 32))
        return max(self._draw() * longest, attempt.retry_after)

    def _note_health(self, attempt: Attempt, now: float) -> None:
        """Note whether the endpoint works, which one that refuses a single notification does."""
        if attempt.outcome is Outcome.FAILED:
            self._breaker.note_failure()
            if self._failing_since is None:
                self._failing_since = now
                self._queue.note_failing(now)
            if self._breaker.is_open and not self._is_down:
                self._is_down = True
                logger.warning("endpoint %s fails and is left alone: %s", self._id, attempt.reason)
            return
        self._breaker.note_success()
        if self._failing_since is not None:
            self._failing_since = None
            self._queue.note_failing(None)

    def _report_dead(self, n_dead: int) -> None:
        if n_dead:
            metrics.DEAD_LETTERS.inc(n_dead)
            logger.error("endpoint %s: %d notifications are dead letters now", self._id, n_dead)

    def _tidy(self) -> None:
        now = self._clock()
        if now - self._tidied_at >= TIDY_SECONDS:
            self._tidied_at = now
            n_deleted = self._queue.delete_dead_letters(before=now - FORGET_SECONDS)
            if n_deleted:
                logger.warning("endpoint %s: %d dead letters of 30 days ago are deleted", self._id, n_deleted)
