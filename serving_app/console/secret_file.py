"""The secret that signs the console's sessions: made on first use, one for all workers of a home."""

import contextlib
import os
import secrets
from pathlib import Path

N_BYTES = 32


class SecretUnreadable(OSError):  # noqa: N818 - reads as what it says
    """The file of the secret is not as it was made; nobody is let in until it is deleted."""


def read_or_make_secret(path: Path) -> bytes:
    """The secret of a home.

    Raises:
        SecretUnreadable: the file holds something else: it says what to do.
        OSError: it can be neither read nor written.
    """
    with contextlib.suppress(FileNotFoundError):
        return check_secret(path.read_bytes(), path)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    own = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(secrets.token_bytes(N_BYTES))
            out.flush()
            os.fsync(out.fileno())
        # of two workers that begin at once the first one's holds: a link never replaces
        with contextlib.suppress(FileExistsError):
            os.link(own, path)
    finally:
        own.unlink()
    return check_secret(path.read_bytes(), path)


def check_secret(content: bytes, path: Path) -> bytes:
    """The content of the file.

    Raises:
        SecretUnreadable: it has another length.
    """
    if len(content) != N_BYTES:
        raise SecretUnreadable(f"{path.name} is damaged: delete it, and whoever was signed in signs in anew")
    return content
