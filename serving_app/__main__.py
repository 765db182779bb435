"""`python -m serving_app`: the service on granian, as many workers as the settings say."""

import errno
import socket
import sys
from pathlib import Path

from granian import Granian
from granian.constants import Interfaces

from expectations.contracts.settings import SettingsError
from serving_app.settings import Settings
from serving_app.storage.append_log import FOLDER, finish_abandoned

# A thread waits for its record to reach the disk, and those that wait together share one sync. On two cores 4
# and 16 a worker answer equally fast (1,400 requests a second).
THREADS = 4


class CannotListen(RuntimeError):  # noqa: N818 - reads as what it says
    """Nobody could reach a service there; the message names the setting to change."""


def free_address(host: str, port: int) -> str:
    """The address to listen on as granian takes it, in digits: it knows no names. Refuses a port where
    somebody listens already.

    Granian's workers share their port (SO_REUSEPORT), and so would a second service of the same user: every
    other answer would be another home's. A socket that does not share finds out; of two that start within the
    same second it finds out neither.

    Raises:
        CannotListen: the port is taken or not allowed, or the host is not this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(
                socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
            )  # what an ended service's connections leave is no service
            probe.bind(address)
    except (
        OSError,
        UnicodeError,
    ) as error:  # socket.gaierror is an OSError; a name with an empty or a long part is the other
        number = getattr(error, "errno", None)
        if number == errno.EADDRINUSE:
            why = (
                f"port {port} of {host} is taken: stop what listens there, or set CONCIERGE_HTTP_PORT to a"
                " free port"
            )
        elif number in (errno.EACCES, errno.EPERM):
            why = (
                f"port {port} needs rights that you do not have; set CONCIERGE_HTTP_PORT to one from 1024 on"
            )
        else:
            said = getattr(error, "strerror", None) or "no name that a machine can have"
            why = f"{host} is no address of this machine ({said}); CONCIERGE_HTTP_HOST says where to listen"
        raise CannotListen(why) from None
    return address[0]


def refuse_missing_home(home: Path) -> None:
    """Stop where no home is: a mistyped CONCIERGE_HOME would otherwise be made, and answer every visitor with
    nothing.

    Raises:
        SettingsError: names the folder and how one comes into being.
    """
    if not home.is_dir():
        raise SettingsError(
            f"there is no home at {home}: `make run` or `make backfill` makes one; CONCIERGE_HOME names"
            " another"
        )


def main() -> int:
    """Serve until told to stop."""
    try:
        settings = Settings.from_environment()
        refuse_missing_home(settings.home)
        address = free_address(settings.host, settings.port)
    except (SettingsError, CannotListen) as error:
        print(error, file=sys.stderr)
        return 2
    Granian(
        "serving_app.wsgi:app",
        factory=True,
        address=address,
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
