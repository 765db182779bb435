"""What a worker of the web server loads."""

import atexit
import logging
import multiprocessing

from flask import Flask

from serving_app import create_app, upkeep
from serving_app.settings import Settings

UPKEEP_EVERY_SECONDS = 5


def app() -> Flask:
    """The worker's app, its snapshot open before the first request, its log finished when the worker ends."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    made = create_app(Settings.from_environment())
    service = made.extensions["concierge"]
    log, snapshots = service.log, service.snapshots
    snapshots.current()
    tasks = {"rotating the decision log": log.rotate, "verifying the snapshot": lambda: snapshots.verify(service.clock())}
    stop = upkeep.repeat(tasks, UPKEEP_EVERY_SECONDS)
    if parent := multiprocessing.parent_process():
        upkeep.end_with(parent.pid)
    atexit.register(lambda: (stop.set(), log.rotate(whatever=True)))
    return made
