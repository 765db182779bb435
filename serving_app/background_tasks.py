"""What a worker does besides answering: tasks on a timer, and ending when the server's main process has
ended.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping

logger = logging.getLogger(__name__)


def repeat_tasks(tasks: Mapping[str, Callable[[], object]], every_seconds: float) -> threading.Event:
    """Start a thread that runs the tasks, one after another, again and again. Setting the returned event ends
    it; a task that fails does not.

    Args:
        tasks: by a name for the log.
    """
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(every_seconds):
            for name, task in tasks.items():
                try:
                    task()
                # a disk that is full now may not be in a minute; a thread that ended would stay ended
                except Exception as error:
                    reason = getattr(error, "strerror", None) or type(error).__name__
                    logger.error("%s failed: %s", name, reason)

    threading.Thread(target=run, name="upkeep", daemon=True).start()
    return stop


def end_with_parent(parent_pid: int, every_seconds: float = 0.5, grace_seconds: float = 10) -> None:
    """Start a thread that ends this process when its parent is no longer `parent_pid`.

    A main process that is killed (kill -9, out of memory) cannot end its workers: they would answer on and
    keep the port, and nothing would replace them.
    """

    def watch() -> None:
        while os.getppid() == parent_pid:
            time.sleep(every_seconds)
        logger.error("the server's main process has ended; this worker ends too")
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(grace_seconds)
        os._exit(1)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()
