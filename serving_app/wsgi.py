"""What a worker of the web server loads."""

import atexit
import logging

from flask import Flask

from serving_app import create_app, keep_rotating
from serving_app.settings import Settings

ROTATE_EVERY_SECONDS = 5


def app() -> Flask:
    """The worker's app, its log rotated by a thread of its own and finished when the worker ends."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    made = create_app(Settings.from_environment())
    log = made.extensions["concierge"].log
    stop = keep_rotating(log, ROTATE_EVERY_SECONDS)
    atexit.register(lambda: (stop.set(), log.rotate(whatever=True)))
    return made
