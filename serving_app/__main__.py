"""`python -m serving_app`: the service on granian, as many workers as the settings say."""

import sys

from granian import Granian
from granian.constants import Interfaces

from expectations.contracts.settings import SettingsError
from serving_app.decision_log import FOLDER, finish_abandoned
from serving_app.settings import Settings

# A thread waits for its record to reach the disk, and those that wait together share one sync. On two cores 4 and 16 a worker
# answer equally fast (1,400 requests a second).
THREADS = 4


def main() -> int:
    """Serve until told to stop."""
    try:
        settings = Settings.from_environment()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    Granian(
        "serving_app.wsgi:app",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=THREADS,
        # A worker that dies is replaced; what it was writing is finished by its successor.
        respawn_failed_workers=True,
        respawn_interval=1,
        workers_kill_timeout=10,
        websockets=False,
    ).serve()
    finish_abandoned(settings.home / "serving" / FOLDER)
    return 0


if __name__ == "__main__":
    sys.exit(main())
