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
FORGET_PEAK = "5"  # man 5 proc: resets the high water mark of resident memory
# Ending what runs takes Spark this long (a worker has 2 s to end by itself before it is killed), so trials
# end that much earlier.
TO_END_A_TRIAL_SECONDS = 3.0
TRIALS_SHARE = 0.75  # of the seconds; the rest is for weighing the parts against each other
ALL_BUT_A_STEP = (
    0.98  # of the seconds; a step of the weighing is not broken off, and must end within them too
)


@dataclass
class Budget:
    """Seconds from now on, and bytes a trial."""

    seconds: float
    memory_bytes: int
    clock: Callable[[], float] = time.monotonic
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.clock()

    @property
    def spent(self) -> float:
        return self.clock() - self.began

    @property
    def over(self) -> bool:
        """Whether nothing more may be begun."""
        return self.spent >= self.seconds * ALL_BUT_A_STEP

    @property
    def left_for_trials(self) -> float:
        """Seconds until the last trial must be told to stop."""
        return max(0.0, self.seconds * TRIALS_SHARE - TO_END_A_TRIAL_SECONDS - self.spent)


def status_bytes(name: str) -> int | None:
    """A figure of this process as the kernel keeps it (`VmHWM`, `VmRSS`, `VmData`), bytes; None where there
    is no /proc.
    """
    if not STATUS.exists():
        return None
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


@contextlib.contextmanager
def limited(most_bytes: int) -> Iterator[None]:
    """Let this process take this much more than it has; what asks for more gets a MemoryError."""
    held = status_bytes("VmData")
    if held is None:
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (held + most_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def forget_peak() -> None:
    """Begin to watch memory: a worker makes many trials, and each has a peak of its own."""
    with contextlib.suppress(OSError):
        CLEAR.write_text(FORGET_PEAK)


def peak_bytes() -> int:
    """The most resident memory since `forget_peak`, or of the process's life where that is not kept."""
    seen = status_bytes("VmHWM")
    return seen if seen is not None else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
