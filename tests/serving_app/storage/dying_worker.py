"""A worker of its own process: it writes lines, prints each acknowledged one, and kills itself at a point."""

import os
import signal
import sys
from itertools import count
from pathlib import Path

from serving_app.storage.event_log import LogUnavailable
from serving_app.storage.kafka_log import KafkaLog
from serving_app.storage.spool import Spool
from serving_app.storage.spooled_log import SpooledLog

POINTS = ("sent at once", "half spooled", "spooled", "drained one", "marked one", "drained all", "emptying")


def die() -> None:
    """End as a process that runs out of memory does."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_behind(owner: object, name: str, call: int) -> None:
    """Die behind the given call of a function."""
    real, calls = getattr(owner, name), []

    def dying(*args: object, **kwargs: object) -> object:
        result = real(*args, **kwargs)
        calls.append(1)
        if len(calls) == call:
            die()
        return result

    setattr(owner, name, dying)


def write_half_of_a_line_and_die(call: int) -> None:
    """Have the given call of `os.write` write some of it, and die."""
    real, calls = os.write, count(1)

    def write_half(handle: int, data: bytes) -> int:
        if next(calls) == call:
            real(handle, data[:5])
            die()
        return real(handle, data)

    os.write = write_half


def write(log: SpooledLog, point: str) -> None:
    """Write lines one by one, and say which were acknowledged."""
    for n in range(5):
        line = f"{point} {n}"
        log.append_lines([line.encode()], keys=[b"visitor"])
        print(line, flush=True)


def refuse(*_: object, **__: object) -> None:
    """What a log does that is away."""
    raise LogUnavailable("away")


def main(folder: str, servers: str, topic: str, point: str) -> None:
    """Write while the broker is away, then send what waits, and die on the way."""
    kafka = KafkaLog(servers, topic, patience_seconds=20)
    log = SpooledLog(kafka, Spool(Path(folder), 10**6, segment_bytes=1), "Kafka", try_every_seconds=0)
    if point == "sent at once":
        die_behind(kafka, "append_lines", 3)
        write(log, point)
    kafka.append_lines = refuse
    if point == "half spooled":
        write_half_of_a_line_and_die(4)
    if point == "spooled":
        die_behind(log._spool, "_write", 4)
    write(log, point)
    del kafka.append_lines
    if point in ("drained one", "drained all"):
        die_behind(log, "_send", 1 if point == "drained one" else 2)
    if point == "marked one":
        die_behind(log._spool, "mark_drained", 1)
    if point == "emptying":
        die_behind(Path, "unlink", 2)
    log.drain()


if __name__ == "__main__":
    main(*sys.argv[1:])
