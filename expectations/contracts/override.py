"""Operators' overrides as they are kept: `serving/state/overrides.json` and its copy, for the service and a
night's record.

An override is a JSON object with the fields of the service's `Override`; `until` and `created_at` are ISO
text.
"""

import contextlib
import json
from pathlib import Path
from typing import Any

import lmdb
import msgpack

from expectations.contracts.published import SWITCHES
from expectations.contracts.state_file import StateFile

FOLDER = Path("serving") / "state"
LMDB_FILES = ("data.mdb", "lock.mdb")  # where overrides were kept before


def state_file(home: Path) -> StateFile:
    return StateFile(home / FOLDER, "overrides")


def kept(home: Path) -> list[dict[str, Any]]:
    """The overrides as the service keeps them, oldest first; those ended by now may be among them. For
    whoever only reads.
    """
    state, _ = state_file(home).read()
    rows = state.content if state else of_lmdb(home) or []
    return sorted(rows, key=lambda one: (one["created_at"], one["override_id"]))


def of_lmdb(home: Path) -> list[dict[str, Any]] | None:
    """The overrides of a home whose service kept them in LMDB; None where it did not, or they
    cannot be read.
    """
    data = home / FOLDER / LMDB_FILES[0]
    if not data.is_file():
        return None
    try:
        with lmdb.open(str(data.parent), readonly=True, lock=False, create=False) as env:
            if (env.info()["last_pgno"] + 1) * env.stat()["psize"] > data.stat().st_size:
                return None  # cut short: to read on would end the process
            with env.begin() as txn:
                return [msgpack.unpackb(value) for _, value in txn.cursor()]
    except (lmdb.Error, ValueError):
        return None


def last_known_blocks(home: Path) -> list[dict[str, Any]]:
    """The blocks that the newest night took down in `serving/production.jsonl`: for a service whose own state
    is lost.
    """
    try:
        lines = (home / SWITCHES).read_text(errors="replace").splitlines()
    except OSError:
        return []
    for line in reversed(lines):
        with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError):
            switch = json.loads(line)
            if switch["by"] == "publish":
                return [one for one in switch["rules"].get("overrides", []) if one["kind"] == "block"]
    return []
