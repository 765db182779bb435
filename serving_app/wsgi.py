"""What a worker of the web server loads."""

import atexit
import logging
import multiprocessing
from datetime import timedelta

from flask import Flask

from serving_app import background_tasks
from serving_app.app import create_app
from serving_app.settings import Settings
from serving_app.storage.append_log import FOLDER, delete_older

UPKEEP_EVERY_SECONDS = 1


def app() -> Flask:
    """The worker's app, its snapshot open before the first request, its log finished when the worker ends."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = Settings.from_environment()
    made = create_app(settings)
    service = made.extensions["concierge"]
    log, snapshots = service.log, service.snapshots
    snapshots.current()
    tasks = {
        "rotating the decision log": log.rotate,
        "verifying the snapshot": lambda: snapshots.verify(service.clock()),
        "mending the overrides": service.overrides.refresh,
        "verifying the restrictions": lambda: service.restrictions.refresh(service.clock()),
    }
    if days := settings.decision_log_days:
        folder = settings.home / "serving" / FOLDER
        tasks["deleting old decision logs"] = lambda: delete_older(
            folder, service.clock() - timedelta(days=days)
        )
    stop = background_tasks.repeat(tasks, UPKEEP_EVERY_SECONDS)
    if parent := multiprocessing.parent_process():
        background_tasks.end_with(parent.pid)
    atexit.register(lambda: (stop.set(), log.rotate(whatever=True)))
    return made
