"""`python -m serving_app`: the service on granian, as many workers as the settings say."""

import errno
import os
import shutil
import socket
import sys
import time
from pathlib import Path

from granian import Granian
from granian.constants import Interfaces

from expectations.contracts.home import HomePaths
from expectations.contracts.log_files import finish_abandoned_files
from expectations.contracts.settings import SettingsError
from serving_app.metrics.shared_folder import FOLDER_VARIABLE, announce_end, make_shared_folder
from serving_app.settings import Settings
from serving_app.triggers.stream import MOST_STREAMS

# A thread waits for its record to reach the disk, and those that wait together share one sync. On two cores 4
# and 16 threads a worker are equally fast (1,400 requests a second). Each open stream keeps one besides.
THREADS = 4 + MOST_STREAMS


class CannotListen(RuntimeError):  # noqa: N818 - reads as what it says
    """The address is not free; the message names the setting to change."""


class DrainingServer(Granian):
    """A server that says in /readyz that it will end, goes on answering for a while, and then finishes what
    it has begun: whoever routes traffic to it has looked elsewhere by then.
    """

    def __init__(self, drain_seconds: int, *args, **options) -> None:
        super().__init__(*args, **options)
        self._drain_seconds = drain_seconds

    def shutdown(self, exit_code: int = 0) -> None:
        """Called once, when a signal has ended the main process's loop."""
        announce_end()
        time.sleep(self._drain_seconds)
        super().shutdown(exit_code)


def resolve_free_address(host: str, port: int) -> str:
    """The address to listen on in digits, as granian accepts no names. A port on which another process
    listens is refused.

    Granian's workers share their port (SO_REUSEPORT), and so would a second service of the same user: every
    other answer would be another home's. Binding a socket that does not share reveals it, unless both start
    within the same second.

    Raises:
        CannotListen: the port is taken or not allowed, or the host is not this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            # connections that an ended service left are no service
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    # socket.gaierror is an OSError; a name with an empty or a long part raises UnicodeError
    except (OSError, UnicodeError) as error:
        number = getattr(error, "errno", None)
        if number == errno.EADDRINUSE:
            reason = (
                f"port {port} of {host} is taken: stop what listens there, or set CONCIERGE_HTTP_PORT to a"
                " free port"
            )
        elif number in (errno.EACCES, errno.EPERM):
            reason = (
                f"port {port} needs rights that you do not have; set CONCIERGE_HTTP_PORT to one from 1024 on"
            )
        else:
            flaw = getattr(error, "strerror", None) or "no name that a machine can have"
            reason = (
                f"{host} is no address of this machine ({flaw}); CONCIERGE_HTTP_HOST says where to listen"
            )
        raise CannotListen(reason) from None
    return address[0]


def check_home_exists(home: Path) -> None:
    """Raise an error where no home is: a mistyped CONCIERGE_HOME would otherwise be made, and every answer
    would be empty.

    Raises:
        SettingsError: names the folder and how one comes into being.
    """
    if not home.is_dir():
        raise SettingsError(
            f"there is no home at {home}: `make run` or `make backfill` makes one; CONCIERGE_HOME names"
            " another"
        )


def main() -> int:
    """Serve until a signal ends the process."""
    try:
        settings = Settings.from_environment()
        check_home_exists(settings.home)
        address = resolve_free_address(settings.host, settings.port)
    except (SettingsError, CannotListen) as error:
        print(error, file=sys.stderr)
        return 2
    os.environ[FOLDER_VARIABLE] = str(counts := make_shared_folder())  # for the workers
    DrainingServer(
        settings.drain_seconds,
        "serving_app.wsgi:app",
        factory=True,
        address=address,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=THREADS,
        # A worker that dies is replaced; its successor finishes the log that it was writing.
        respawn_failed_workers=True,
        respawn_interval=1,
        workers_kill_timeout=10,
        websockets=False,
    ).serve()
    shutil.rmtree(counts, ignore_errors=True)
    paths = HomePaths(settings.home)
    for folder in (paths.decision_log, paths.event_log, paths.transitions):
        finish_abandoned_files(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
