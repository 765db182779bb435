"""Ports of the servers that `make` starts: one that is taken ends them with a sentence, not with a traceback
of theirs.
"""

import socket

HOST = "127.0.0.1"


def refuse_taken_port(port: int, setting: str) -> None:
    """Stop when somebody listens on a port already.

    Args:
        setting: the environment variable that names another port.

    Raises:
        SystemExit: it is taken, or not allowed.
    """
    with socket.socket() as probe:
        # what an ended server's connections leave is no server
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise SystemExit(
                f"port {port} of {HOST} cannot be listened on ({error.strerror}): stop what listens there, or"
                f" set {setting} to a free port"
            ) from None


def parse_port(value: str, setting: str) -> int:
    """A port as an environment variable gives it.

    Raises:
        SystemExit: it is none.
    """
    if value.isascii() and value.isdigit() and 1 <= int(value) <= 65_535:
        return int(value)
    raise SystemExit(f"{setting} is {value!r}; it must be a whole number from 1 to 65535")
