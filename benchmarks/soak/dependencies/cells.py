"""What the service depends on, and what happens to each: the cells of the matrix."""

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

import redis

from benchmarks.soak.damage.harms import (
    PUBLISHED,
    SNAPSHOTS,
    apply_harm,
    delete_path,
    flip_bits,
    garble_text,
    limit_file_size,
    truncate_file,
)
from benchmarks.soak.damage.server import ServiceProcess
from benchmarks.soak.dependencies.unreliable import GARBAGE, GOOD, HANGING, REFUSED, SLOW, UnreliableServer
from expectations.contracts.home import HomePaths
from expectations.contracts.lmdb_environments import DATA, LOCK

NOTHING = "nothing"


class Cell(NamedTuple):
    """One thing that goes wrong.

    Attributes:
        events: the status with which events are answered meanwhile.
        fallback: what a visitor gets instead, in words.
        may_refuse: whether some events may be answered with 429 besides, to be sent again.
    """

    dependency: str
    harm: str
    apply: Callable[[], AbstractContextManager]
    events: int = 200
    fallback: str = "lists without what was done today; events wait"
    may_refuse: bool = False


def list_redis_cells(proxy: UnreliableServer, port: int) -> list[Cell]:
    """What a Redis server, at this port behind the proxy, does to those who need it."""

    @contextmanager
    def behave(behaviour: str) -> Iterator[None]:
        proxy.behave(behaviour)
        try:
            yield
        finally:
            proxy.behave(GOOD)

    @contextmanager
    def only_read() -> Iterator[None]:
        client = redis.Redis(port=port)
        client.replicaof("127.0.0.1", 1)
        try:
            yield
        finally:
            client.replicaof("NO", "ONE")

    harms = [REFUSED, HANGING, SLOW, GARBAGE]
    return [
        Cell("Redis", NOTHING, nullcontext, fallback="-"),
        *(Cell("Redis", harm, lambda harm=harm: behave(harm)) for harm in harms),
        Cell("Redis", "read-only", only_read, fallback="what was done before it; events wait"),
    ]


def list_embedded_cells(server: ServiceProcess, slow_flag: Path) -> list[Cell]:
    """What happens to the files of a service on one machine.

    Args:
        slow_flag: while it is there, each sync takes `SLOW_SECONDS` (`SLOW_DISK`).
    """
    home, live = server.home, HomePaths(server.home).live_states

    def damage(name: str, harm: Callable[[Path], None]) -> Callable[[], AbstractContextManager]:
        return lambda: apply_harm(home, name, harm)

    @contextmanager
    def harm_live(harm: Callable[[Path], None]) -> Iterator[None]:
        harm(live / DATA)  # and nobody puts it back
        yield

    @contextmanager
    def stop_writers() -> Iterator[None]:
        with (live / LOCK).open("a") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield

    @contextmanager
    def slow_disk() -> Iterator[None]:
        slow_flag.touch()
        try:
            yield
        finally:
            slow_flag.unlink()

    refilled, last_good = "lists; today's events are read again from the log", "the last good snapshot"
    return [
        Cell("LMDB", NOTHING, nullcontext, fallback="-"),
        Cell(
            "LMDB",
            "refused (gone)",
            lambda: harm_live(lambda file: shutil.rmtree(file.parent)),
            200,
            refilled,
        ),
        Cell("LMDB", "hanging (a writer)", stop_writers, fallback="what was done before it; events wait"),
        Cell("LMDB", "garbage", lambda: harm_live(write_noise), fallback=refilled),
        Cell("LMDB", "cut", lambda: harm_live(truncate_file), fallback=refilled),
        Cell("snapshot", "cut", damage(str(PUBLISHED), truncate_file), fallback=last_good),
        Cell("snapshot", "garbage", damage(str(PUBLISHED), flip_bits), fallback=last_good),
        Cell("snapshot", "gone", damage(f"{PUBLISHED.parent}/", delete_path), fallback=last_good),
        Cell("snapshots", "refused (gone)", damage(f"{SNAPSHOTS}/", delete_path), fallback=last_good),
        Cell("published.json", "garbage", damage("published.json", garble_text), fallback=last_good),
        Cell("published.json", "refused (gone)", damage("published.json", delete_path), fallback=last_good),
        Cell(
            "disk",
            "full (read-only)",
            lambda: limit_file_size(server.workers()),
            503,
            "lists; events are refused, to be sent again",
        ),
        Cell(
            "disk",
            SLOW,
            slow_disk,
            fallback="lists as ever; an event waits for its sync, and those beyond are sent again",
            may_refuse=True,
        ),
    ]


def write_noise(file: Path) -> None:
    """Overwrite the beginning, LMDB's own description of the file, in place."""
    with file.open("r+b") as out:
        out.write(b"\xa5" * 16_384)
