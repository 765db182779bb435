"""What `/metrics` says of notifications when it is asked: of all endpoints together, whoever notifies them.
Which endpoint it is says `make webhooks`.
"""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from serving_app.metrics.exposition import Reading
from serving_app.triggers.notification_queue import NotificationQueue
from serving_app.triggers.notification_records import QueueState


def make_readings(folder: Path, clock: Callable[[], datetime]) -> Mapping[str, Reading]:
    """By their names the gauges of a folder of queues."""

    def compute_age() -> float:
        oldest = [state.oldest_at for state in read_states(folder) if state.oldest_at is not None]
        return max(0.0, clock().timestamp() - min(oldest)) if oldest else 0.0

    return {
        "concierge_notifications_waiting": Reading(
            "Notifications of transitions that no endpoint has accepted yet.",
            lambda: sum(state.n_waiting for state in read_states(folder)),
        ),
        "concierge_notification_age_seconds": Reading(
            "Since the oldest of them was queued; 0 where none waits.", compute_age
        ),
        "concierge_dead_letters": Reading(
            "Notifications that were given up, and neither sent again nor dropped.",
            lambda: sum(state.n_dead for state in read_states(folder)),
        ),
        "concierge_endpoints_failing": Reading(
            "Endpoints of which no attempt has succeeded since one failed.",
            lambda: sum(state.failing_since is not None for state in read_states(folder)),
        ),
    }


def read_states(folder: Path) -> list[QueueState]:
    """How the queues of a folder stand; one that cannot be read is left out, and its notifier logs why."""
    states = []
    for file in sorted(folder.glob("*.sqlite")):
        with suppress(sqlite3.Error), closing(NotificationQueue(file)) as queue:
            states.append(queue.describe())
    return states
