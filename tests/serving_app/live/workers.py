"""A worker of its own process: it adds to carts until somebody ends it."""

import sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from serving_app.live.backends import BackendError, get_state_key
from serving_app.live.lmdb_store import LmdbBackend

COUNTED = get_state_key("i_counted")


def get_now() -> datetime:
    """One clock for all: what another process writes must not look old."""
    return datetime.now(UTC)


def add_one(backend) -> None:
    """Add one to the number that all workers count in."""

    def change(txn):
        before = int((txn.get_many([COUNTED])[0] or b"0").decode())
        txn.put(COUNTED, str(before + 1).encode())
        for n in range(20):  # pages enough that an end in the middle has something to tear
            txn.put(get_state_key(f"i_{before % 50}_{n}"), b"x" * 2_000)

    while True:
        try:
            return backend.update(change)
        except BackendError:
            continue


def main(folder: str, n_times: str = "") -> None:
    backend = LmdbBackend(Path(folder), get_now)
    for _ in range(int(n_times)) if n_times else count():
        add_one(backend)
        print("added", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
