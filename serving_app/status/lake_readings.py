"""What `/metrics` says of the stream that brings events into the lake (`make stream`), from the file in which
it notes its progress; nothing where it never ran.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from serving_app.metrics.exposition import Reading


def make_readings(progress: Path, clock: Callable[[], datetime]) -> Mapping[str, Reading]:
    """By their names the gauges of a stream.

    Args:
        progress: its file.
    """

    def read_behind() -> float | None:
        behind = read_progress(progress).get("events_behind")
        return float(behind) if isinstance(behind, int) else None

    def compute_age() -> float | None:
        with suppress(KeyError, TypeError, ValueError):
            last = datetime.fromisoformat(read_progress(progress)["last_batch_at"])
            return max(0.0, (clock() - last).total_seconds())
        return None

    return {
        "concierge_stream_events_behind": Reading(
            "Received events that the stream into the lake has not read.", read_behind
        ),
        "concierge_stream_batch_age_seconds": Reading(
            "Since the stream into the lake ended a batch; no batch comes without events.", compute_age
        ),
    }


def read_progress(file: Path) -> dict[str, Any]:
    """What a stream noted; empty where that cannot be read."""
    with suppress(OSError, ValueError):
        fields = orjson.loads(file.read_bytes())
        return fields if isinstance(fields, dict) else {}
    return {}
