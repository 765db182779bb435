"""The budget of a search: seconds that run down from its start, bytes that one trial may take.

The clock decides only when to stop; what is tried, and in which order, does not depend on it.
"""

import contextlib
import resource
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

CLEAR, STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")
RESET_PEAK = "5"  # man 5 proc: resets the high water mark of resident memory
# Ending what runs takes Spark this long (a worker has 2 s to end by itself before it is killed), so trials
# end that much earlier.
SECONDS_TO_END_A_TRIAL = 3.0
TRIALS_SHARE = 0.75  # of the seconds; the rest is for selecting the weights of the parts
SHARE_BEFORE_LAST_STEP = (
    0.98  # of the seconds; a step of selecting weights is not interrupted, and must end within them too
)


@dataclass
class SearchBudget:
    """Seconds from now on, and bytes per trial."""

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
        """Whether nothing more may be started."""
        return self.spent_seconds >= self.seconds * SHARE_BEFORE_LAST_STEP

    @property
    def seconds_left_for_trials(self) -> float:
        """Seconds until the last trial must be stopped."""
        return max(0.0, self.seconds * TRIALS_SHARE - SECONDS_TO_END_A_TRIAL - self.spent_seconds)


def read_process_memory(name: str) -> int | None:
    """Bytes of this process under the kernel's name (`VmHWM`, `VmRSS`, `VmData`); None without /proc."""
    if not STATUS.exists():
        return None
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


@contextlib.contextmanager
def limit_memory(extra_bytes: int) -> Iterator[None]:
    """Limit this process to so many bytes more than it has; an allocation beyond raises a MemoryError."""
    present = read_process_memory("VmData")
    if present is None:
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (present + extra_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


@contextlib.contextmanager
def end_process_after(seconds: float) -> Iterator[None]:
    """End this process, a Spark worker, when the block takes longer: also inside a library that looks at no
    clock. Interrupting its job from outside reaches it on a Connect session alone.
    """
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def reset_peak_memory() -> None:
    """Reset the peak of resident memory: a worker runs many trials, and each has a peak of its own."""
    with contextlib.suppress(OSError):
        CLEAR.write_text(RESET_PEAK)


def read_peak_memory() -> int:
    """Most bytes of resident memory since `reset_peak_memory`; without /proc, since the process began."""
    peak = read_process_memory("VmHWM")
    return peak if peak is not None else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
