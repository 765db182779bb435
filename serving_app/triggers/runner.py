"""Runs the notifiers of a home: in one process of all that could, a thread each, so that neither an endpoint
that hangs nor a name server that does keeps another endpoint waiting.
"""

import asyncio
import fcntl
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from expectations.contracts.home import HomePaths
from serving_app.settings import Settings
from serving_app.storage.event_log import EventLog, LogUnavailable
from serving_app.triggers.addresses import Network
from serving_app.triggers.endpoints import DeclaredEndpoint, Endpoints
from serving_app.triggers.notification_queue import NotificationQueue
from serving_app.triggers.notifier import Notifier
from serving_app.triggers.transitions_log import close_transitions, open_transitions

LOCK = ".lock"
FAULT_SECONDS = 1.0  # before a log or a queue that cannot be used is tried again
FINISH_SECONDS = 2.0  # for attempts under way when the process ends

logger = logging.getLogger(__name__)


def make_steady_clock() -> Callable[[], float]:
    """A clock of seconds since 1970 that never goes back while this process runs."""
    ahead = time.time() - time.monotonic()
    return lambda: ahead + time.monotonic()


class RunningNotifier(NamedTuple):
    """The thread that notifies an endpoint, as it was declared when it began."""

    declared: DeclaredEndpoint
    thread: threading.Thread
    stop: threading.Event


class TriggerRunner:
    """The notifiers of a home, while this process is the elected one."""

    def __init__(
        self,
        home: Path,
        list_endpoints: Callable[[], Sequence[DeclaredEndpoint]],
        networks: Sequence[Network],
        open_log: Callable[[], EventLog],
    ) -> None:
        """
        Args:
            list_endpoints: those that are declared by now.
            networks: addresses that are allowed beside public ones.
            open_log: the transitions log, for one thread.
        """
        self._paths, self._list_endpoints, self._networks = HomePaths(home), list_endpoints, networks
        self._open_log, self._clock = open_log, make_steady_clock()
        self._is_stopped = False
        self._lock: int | None = None
        self._running: dict[str, RunningNotifier] = {}

    def run_if_elected(self) -> bool:
        """Start what does not run yet if no other process notifies, and end what is declared no more, or
        otherwise; return whether this process notifies. For a timer: a process that ends, however it does, is
        followed by another.
        """
        declared = {each.endpoint_id: each for each in self._list_endpoints()}
        if self._is_stopped or not (declared or self._running) or not self._is_elected():
            return False
        for endpoint_id, running in list(self._running.items()):
            if declared.get(endpoint_id) != running.declared:
                running.stop.set()  # what is declared now begins with the look behind its end
            if not running.thread.is_alive():
                del self._running[endpoint_id]
        for each in declared.values():
            if each.endpoint_id not in self._running:
                self._running[each.endpoint_id] = self._start(each)
        return True

    def stop(self) -> None:
        """End: attempts under way have a moment to come back."""
        self._is_stopped = True
        for running in self._running.values():
            running.stop.set()
        for running in self._running.values():
            running.thread.join(FINISH_SECONDS + 1)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _is_elected(self) -> bool:
        """Whether this process holds the lock, which a dead one has lost."""
        if self._lock is None:
            self._paths.notification_queues.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._paths.notification_queues / LOCK, os.O_RDWR | os.O_CREAT, 0o640)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                return False
            self._lock = handle
        return True

    def _start(self, declared: DeclaredEndpoint) -> RunningNotifier:
        stop, name = threading.Event(), f"endpoint {declared.endpoint_id}"
        thread = threading.Thread(target=self._run, args=(declared, stop), name=name, daemon=True)
        thread.start()
        return RunningNotifier(declared, thread, stop)

    def _run(self, declared: DeclaredEndpoint, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                asyncio.run(self._notify(declared, stop))
            except (LogUnavailable, sqlite3.Error, OSError) as error:
                logger.error("endpoint %s waits: %s", declared.endpoint_id, error)
                stop.wait(FAULT_SECONDS)

    async def _notify(self, declared: DeclaredEndpoint, stop: threading.Event) -> None:
        # aiohttp is 8 MB of a worker, which only the one that notifies needs
        from serving_app.triggers.sender import HttpSender

        queue = NotificationQueue(self._paths.notification_queue(declared.endpoint_id))
        log = self._open_log()
        try:
            async with HttpSender(declared, self._networks, self._clock) as sender:
                notifier = Notifier(declared, log, queue, sender.send, self._clock)
                try:
                    while not stop.is_set():
                        if seconds := await notifier.step():
                            await asyncio.sleep(seconds)
                finally:
                    await notifier.finish(FINISH_SECONDS)
        finally:
            queue.close()
            close_transitions(log)


def make_trigger_runner(settings: Settings) -> TriggerRunner:
    """The notifiers of a home as the settings say."""
    endpoints = Endpoints(settings.home, settings.trigger_secrets)
    return TriggerRunner(
        settings.home,
        lambda: endpoints.declared,
        settings.trigger_networks,
        lambda: open_transitions(settings),
    )
