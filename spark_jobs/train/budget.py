"""A budget that is kept: seconds that run down from the start of a search, bytes that one trial may take.

The clock says when to stop and nothing else: what is tried, and in which order, is settled without it.
"""

import contextlib
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

CLEAR, STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")
RESET_PEAK = "5"  # man 5 proc: resets the high water mark of resident memory
# Ending what runs takes Spark this long (a worker has 2 s to end by itself before it is killed), so trials
# end that much earlier.
SECONDS_TO_END_A_TRIAL = 3.0
TRIALS_SHARE = 0.75  # of the seconds; the rest is for weighing the parts against each other
SHARE_BEFORE_LAST_STEP = (
    0.98  # of the seconds; a step of the weighing is not broken off, and must end within them too
)


@dataclass
class SearchBudget:
    """Seconds from now on, and bytes a trial."""

    seconds: float
    memory_bytes: int
    clock: Callable[[], float] = time.monotonic
    started_at: float = field(init=False)

    def __post_init__(self) -> None:
        self.started_at = self.clock()

    @property
    def spent_seconds(self) -> float:
        return self.clock() - self.started_at

    @property
    def is_exhausted(self) -> bool:
        """Whether nothing more may be begun."""
        return self.spent_seconds >= self.seconds * SHARE_BEFORE_LAST_STEP

    @property
    def seconds_left_for_trials(self) -> float:
        """Seconds until the last trial must be told to stop."""
        return max(0.0, self.seconds * TRIALS_SHARE - SECONDS_TO_END_A_TRIAL - self.spent_seconds)


def read_process_memory(name: str) -> int | None:
    """A figure of this process as the kernel keeps it (`VmHWM`, `VmRSS`, `VmData`), bytes; None where there
    is no /proc.
    """
    if not STATUS.exists():
        return None
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


@contextlib.contextmanager
def limit_memory(extra_bytes: int) -> Iterator[None]:
    """Let this process take this much more than it has; what asks for more gets a MemoryError."""
    held = read_process_memory("VmData")
    if held is None:
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (held + extra_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def reset_peak_memory() -> None:
    """Begin to watch memory: a worker makes many trials, and each has a peak of its own."""
    with contextlib.suppress(OSError):
        CLEAR.write_text(RESET_PEAK)


def read_peak_memory() -> int:
    """The most resident memory since `reset_peak_memory`, or of the process's life where that is not kept."""
    seen = read_process_memory("VmHWM")
    return seen if seen is not None else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
