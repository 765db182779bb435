"""What a worker does beside answering: tasks on a timer, and ending when the server's main
process has ended.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping

logger = logging.getLogger(__name__)


def repeat(tasks: Mapping[str, Callable[[], object]], every_seconds: float) -> threading.Event:
    """Let a thread do the tasks, one after another, again and again. Setting the event ends it; a task that
    fails does not.

    Args:
        tasks: by a name for the log.
    """
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(every_seconds):
            for name, task in tasks.items():
                try:
                    task()
                except (
                    Exception
                ) as error:  # a disk that is full now may not be in a minute; a thread that ended stays ended
                    logger.error(
                        "%s failed: %s", name, getattr(error, "strerror", None) or type(error).__name__
                    )

    threading.Thread(target=run, name="upkeep", daemon=True).start()
    return stop


def end_with(parent: int, every_seconds: float = 0.5, grace_seconds: float = 10) -> None:
    """Let a thread end this process when its parent is no longer `parent`.

    A main process that is killed (kill -9, out of memory) cannot end its workers: they would answer on, hold
    the port, and nobody would replace them.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(every_seconds)
        logger.error("the server's main process has ended; this worker ends too")
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(grace_seconds)
        os._exit(1)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()
