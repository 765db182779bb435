"""What `/metrics` says of notifications when it is asked: of all endpoints together, whoever notifies them.
Which endpoint it is says `make webhooks`.
"""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from expectations.contracts.files import LookTimer
from serving_app.metrics.exposition import Reading
from serving_app.triggers.notification_queue import read_queue_state
from serving_app.triggers.notification_records import QueueState

LOOK_SECONDS = 0.5  # in which the gauges of one answer are of one look


class QueueStates:
    """How the queues of a folder stand."""

    def __init__(self, folder: Path, looks: LookTimer) -> None:
        self._folder, self._looks = folder, looks
        self._states: list[QueueState] = []

    def read(self) -> list[QueueState]:
        """Of each queue; one that cannot be read is left out, and its notifier logs why."""
        if self._looks.is_due():
            states = []
            for file in sorted(self._folder.glob("*.sqlite")):
                with suppress(sqlite3.Error):
                    states.append(read_queue_state(file))
            self._states = states
        return self._states


def make_readings(
    folder: Path, clock: Callable[[], datetime], looks: LookTimer | None = None
) -> Mapping[str, Reading]:
    """By their names the gauges of a folder of queues.

    Args:
        looks: when to look again; None: by `LOOK_SECONDS`.
    """
    queues = QueueStates(folder, looks or LookTimer(LOOK_SECONDS))

    def compute_age() -> float:
        oldest = [state.oldest_at for state in queues.read() if state.oldest_at is not None]
        return max(0.0, clock().timestamp() - min(oldest)) if oldest else 0.0

    return {
        "concierge_notifications_waiting": Reading(
            "Notifications of transitions that no endpoint has accepted yet.",
            lambda: sum(state.n_waiting for state in queues.read()),
        ),
        "concierge_notification_age_seconds": Reading(
            "Since the oldest of them was queued; 0 where none waits.", compute_age
        ),
        "concierge_dead_letters": Reading(
            "Notifications that were given up, and neither sent again nor dropped.",
            lambda: sum(state.n_dead for state in queues.read()),
        ),
        "concierge_endpoints_failing": Reading(
            "Endpoints of which no attempt has succeeded since one failed.",
            lambda: sum(state.failing_since is not None for state in queues.read()),
        ),
    }
