"""Programs that start programs: one signal ends them all."""

import contextlib
import signal
import subprocess
import time
from pathlib import Path

import psutil

PATIENCE_SECONDS = 20
LOOK_EVERY_SECONDS = 0.2
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end_by_interrupt() -> None:
    """Let each signal that ends a program raise `KeyboardInterrupt`, as Ctrl-C does."""
    for number in ENDING:
        signal.signal(number, signal.default_int_handler)


def run_process_group(
    command: list[str | Path], env: dict[str, str] | None = None, cwd: Path | None = None
) -> int:
    """Run a program and all it starts until it ends or we are told to; then nothing of it is left.

    Returns:
        Its exit code; 0 when a signal to us ended it, as Ctrl-C is how one leaves a server.
    """
    signals: list[int] = []
    before = {number: signal.signal(number, lambda number, _: signals.append(number)) for number in ENDING}
    # In a session of its own, or Ctrl-C would reach its parts in any order before we end them together.
    child = subprocess.Popen([str(word) for word in command], env=env, cwd=cwd, start_new_session=True)
    try:
        while child.poll() is None and not signals:
            time.sleep(LOOK_EVERY_SECONDS)
        return 0 if signals else child.returncode
    finally:
        end_process_tree(child)
        for number, handler in before.items():
            signal.signal(number, handler)


def end_process_tree(child: subprocess.Popen, patience_seconds: float = PATIENCE_SECONDS) -> None:
    """End a program and whatever it started, which may have made itself independent: asked first, then
    killed.
    """
    if child.poll() is not None:
        return
    parts = [*psutil.Process(child.pid).children(recursive=True), child]
    for part in parts:
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            part.terminate()
    _, alive = psutil.wait_procs(parts[:-1], timeout=patience_seconds)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(timeout=patience_seconds)
    for part in [*alive, child]:
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            part.kill()
    child.wait()


def kill_when_we_end(child: subprocess.Popen) -> subprocess.Popen:
    """Have a program killed when this one is gone, also where it is killed itself and can end nothing.

    Returns:
        Who waits for that, to be killed before the program is ended as it should be.
    """
    # of the pipe we alone hold the other end, which closes with us
    return subprocess.Popen(
        ["sh", "-c", f"read line; kill -9 {child.pid}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
