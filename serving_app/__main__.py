"""`python -m serving_app`: the service on granian, as many workers as the settings say."""

import errno
import socket
import sys

from granian import Granian
from granian.constants import Interfaces

from expectations.contracts.settings import SettingsError
from serving_app.decision_log import FOLDER, finish_abandoned
from serving_app.settings import Settings

# A thread waits for its record to reach the disk, and those that wait together share one sync. On two cores 4 and 16 a worker
# answer equally fast (1,400 requests a second).
THREADS = 4


class CannotListen(RuntimeError):  # noqa: N818 - reads as what it says
    """Nobody could reach a service there; the message names the setting to change."""


def refuse_taken(host: str, port: int) -> None:
    """Refuse a port where somebody listens already.

    Granian's workers share their port (SO_REUSEPORT), and so would a second service of the same user: every other answer would be
    another home's. A socket that does not share finds out.

    Raises:
        CannotListen: the port is taken or not allowed, or the host is not this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what an ended service's connections leave is no service
            probe.bind(address)
    except OSError as error:  # socket.gaierror is one
        if error.errno == errno.EADDRINUSE:
            why = f"port {port} of {host} is taken: stop what listens there, or set CONCIERGE_HTTP_PORT to a free port"
        elif error.errno in (errno.EACCES, errno.EPERM):
            why = f"port {port} needs rights that you do not have; set CONCIERGE_HTTP_PORT to one from 1024 on"
        else:
            why = f"{host} is no address of this machine ({error.strerror}); CONCIERGE_HTTP_HOST says where to listen"
        raise CannotListen(why) from None


def main() -> int:
    """Serve until told to stop."""
    try:
        settings = Settings.from_environment()
        refuse_taken(settings.host, settings.port)
    except (SettingsError, CannotListen) as error:
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
