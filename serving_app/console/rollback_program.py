"""Starts the program that brings an earlier night back, as `make rollback` does: the service imports nothing
of the batch side (docs/adr/0060-the-console-starts-programs.md).
"""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from expectations.contracts.home import HomePaths

ROOT = Path(__file__).resolve().parents[2]
MODULE = "spark_jobs.publish.rollback"
PATIENCE_SECONDS = 120.0  # it takes 5 to 10 s; a publish that is going on lets it wait
MOST_WORDS = 4_000  # characters of what it said


@dataclass(frozen=True)
class RollbackAnswer:
    """What became of it.

    Attributes:
        is_done: whether readers see the other night; None while the program still works.
        words: what it printed.
    """

    is_done: bool | None
    words: str


def run_rollback(home: Path, run_id: str, reason: str, command: Sequence[str] = ()) -> RollbackAnswer:
    """Bring a night back, and wait until that is done. Whatever becomes of who asked, the program ends its
    work: it is nobody's child that dies with a worker.

    Args:
        run_id: of a night that is kept.
        command: the program; empty for the real one.
    """
    program = [*(command or (sys.executable, "-m", MODULE)), f"--to={run_id}", f"--reason={reason}"]
    environment = shutil.which("env") or "env"  # the home of this service, whatever `.env` says of another
    log = HomePaths(home).log("rollback")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        begins_at = out.tell()
        running = subprocess.Popen(
            [environment, f"CONCIERGE_HOME={home}", *program],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        code = running.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        return RollbackAnswer(None, read_words(log, begins_at))
    return RollbackAnswer(code == 0, read_words(log, begins_at))


def read_words(log: Path, begins_at: int) -> str:
    """What was printed from a place of the log on, its last characters."""
    with log.open("rb") as file:
        file.seek(begins_at)
        return file.read().decode(errors="replace")[-MOST_WORDS:].strip()
