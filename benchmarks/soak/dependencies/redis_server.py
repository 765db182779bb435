"""A Redis server of one's own."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

PROGRAM = "redis-server"


def is_installed() -> bool:
    return shutil.which(PROGRAM) is not None


@contextmanager
def run_redis(folder: Path) -> Iterator[int]:
    """The port of a server that stores nothing on disk, until the context ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [PROGRAM, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    log = folder / "redis.log"
    with log.open("w") as out:
        server = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        while not answers(port):
            if server.poll() is not None:
                raise SystemExit(f"redis-server does not start: {log.read_text()}")
        yield port
    finally:
        server.terminate()
        server.wait()


def answers(port: int) -> bool:
    """Whether a Redis server answers there."""
    try:
        return bool(redis.Redis(port=port).ping())
    except redis.RedisError:
        return False
