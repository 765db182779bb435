"""What the stream did last, as a line on the screen and as a file for metrics."""

import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from expectations.contracts.files import write_text_atomically
from spark_jobs.stream.open_days import IngestedDay

logger = logging.getLogger(__name__)


class Progress:
    """Tells of batches, and keeps the totals of this process."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._fields: dict[str, Any] = {"n_batches": 0, "n_lines": 0, "began_at": format_now()}

    def tell_batch(self, number: int, n_lines: int, seconds: float, days: list[IngestedDay]) -> None:
        """Log one batch of events, and note it.

        Args:
            n_lines: that were read; of lines that had landed before, nothing more comes.
        """
        counts: dict[str, int] = {}
        for day in days:
            for name, n in day.counts.items():
                counts[name] = counts.get(name, 0) + n
        outcomes = ", ".join(f"{n:,} {name[2:]}" for name, n in counts.items() if n) or "nothing new"
        of_days = " ".join(str(day.day) for day in days)
        done = f"batch {number}: {n_lines:,} lines in {seconds:.1f} s: {outcomes}"
        logger.info(f"{done}; {of_days}" if of_days else done)
        self._fields["n_batches"] += 1
        self._fields["n_lines"] += n_lines
        self.note(batch=number, seconds=round(seconds, 3), last_batch_at=format_now(), **counts)

    def tell_lag(self, query: str, n_behind: int) -> None:
        """Note how many lines of its topic a query has not read."""
        self.note_changes(**{f"{query}_behind": n_behind})

    def note_changes(self, **fields: Any) -> None:
        """Write fields beside the others, if one of them has changed."""
        if any(self._fields.get(name) != value for name, value in fields.items()):
            self.note(**fields)

    def note(self, **fields: Any) -> None:
        """Write some fields beside the others."""
        self._fields |= fields
        write_text_atomically(self._file, json.dumps(self._fields))


def find_lag(progress: dict[str, Any] | None) -> int:
    """How many lines of its topics a query has not read, by Spark's progress of it; 0 before the first."""
    sources = (progress or {}).get("sources", [])
    return sum(count_behind(source) for source in sources)


def count_behind(source: dict[str, Any]) -> int:
    """How far a source's end lies behind its newest offsets."""
    newest, end = (read_offsets(source.get(name)) for name in ("latestOffset", "endOffset"))
    return sum(max(0, offset - end.get(place, 0)) for place, offset in newest.items())


def read_offsets(offsets: Any) -> dict[tuple[str, str], int]:
    """Offsets by topic and partition, as Spark writes them: an object, or its text."""
    found = json.loads(offsets) if isinstance(offsets, str) else offsets
    return {(topic, part): n for topic, parts in (found or {}).items() for part, n in parts.items()}


def describe_error(error: Exception) -> str:
    """The first line of an error that says something."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def format_now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
