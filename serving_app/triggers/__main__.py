"""`python -m serving_app.triggers`: notifies the endpoints of a home in a process of its own, with
CONCIERGE_TRIGGERS=apart; it waits while another process does.
"""

import logging
import signal
import sys
import threading

from expectations.contracts.home import HomePaths
from expectations.contracts.settings import SettingsError
from serving_app.settings import Settings
from serving_app.triggers.endpoints import Endpoints
from serving_app.triggers.runner import make_trigger_runner

LOOK_EVERY_SECONDS = 1.0


def main() -> int:
    """Notify until a signal ends the process."""
    try:
        settings = Settings.from_environment()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    logging.basicConfig(level=logging.INFO)
    endpoints = Endpoints(settings.home, settings.trigger_secrets)
    if not endpoints.declared:
        print(
            endpoints.describe_problem() or f"{HomePaths(settings.home).triggers} declares no endpoint",
            file=sys.stderr,
        )
        return 2
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    runner = make_trigger_runner(settings)
    while not stop.wait(LOOK_EVERY_SECONDS):
        runner.run_if_elected()
    runner.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
