"""Operators' overrides: the record, its codec, and the files of a home that hold them.

The service writes `serving/state/overrides.json` and its copy; publish reads them for the line of a
deployment. An override is stored as a JSON object with the fields of `Override`; `until` and `created_at` are
ISO text.
"""

import contextlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import lmdb
import msgpack

from expectations.contracts.home import HomePaths
from expectations.contracts.published import DEPLOYMENTS
from expectations.contracts.state_file import StateFile

FOLDER = HomePaths(Path()).overrides
LMDB_FILES = ("data.mdb", "lock.mdb")  # where overrides were stored before they were JSON

PIN, BLOCK, BOOST = "pin", "block", "boost"


@dataclass(frozen=True)
class Override:
    """One instruction of an operator.

    Attributes:
        kind: pin, block or boost.
        customer_id: whom it is for; None: everyone.
        position: place of a pin, from 1; 0 for other kinds.
        factor: what a boost multiplies a score by; 1 for other kinds.
        until: the first moment it is no longer in force.
    """

    override_id: str
    kind: str
    item_id: str
    customer_id: str | None
    position: int
    factor: float
    until: datetime
    created_at: datetime
    note: str = ""

    def is_in_force(self, now: datetime) -> bool:
        return now < self.until


def sort_overrides(overrides: Iterable[Override]) -> tuple[Override, ...]:
    """Overrides, oldest first; of equal age by id."""
    return tuple(sorted(overrides, key=lambda override: (override.created_at, override.override_id)))


def encode_override(override: Override) -> dict[str, Any]:
    """An override as a JSON object."""
    times = {"until": override.until.isoformat(), "created_at": override.created_at.isoformat()}
    return {**asdict(override), **times}


def decode_override(row: dict[str, Any]) -> Override:
    """The override that a JSON object holds."""
    times = {name: datetime.fromisoformat(row[name]) for name in ("until", "created_at")}
    return Override(**{**row, **times})


def open_override_file(home: Path) -> StateFile:
    """The state file, and its copy, in which a home's overrides are stored."""
    return StateFile(home / FOLDER, "overrides")


def read_override_rows(home: Path) -> list[dict[str, Any]]:
    """The stored overrides of a home as JSON objects, oldest first; ended ones may be among them. For whoever
    only reads.
    """
    state, _ = open_override_file(home).read()
    rows = state.content if state else read_lmdb_overrides(home) or []
    return sorted(rows, key=lambda row: (row["created_at"], row["override_id"]))


def read_lmdb_overrides(home: Path) -> list[dict[str, Any]] | None:
    """The overrides of a home whose service stored them in LMDB; None where it did not, or they cannot be
    read.
    """
    data = home / FOLDER / LMDB_FILES[0]
    if not data.is_file():
        return None
    try:
        # No service writes this environment any more, so it is read without its lock file.
        with lmdb.open(str(data.parent), readonly=True, lock=False, create=False) as env:
            if (env.info()["last_pgno"] + 1) * env.stat()["psize"] > data.stat().st_size:
                return None  # cut short: to read on would end the process
            with env.begin() as txn:
                return [msgpack.unpackb(value) for _, value in txn.cursor()]
    except (lmdb.Error, ValueError):
        return None


def read_blocks_of_last_publish(home: Path) -> list[dict[str, Any]]:
    """The blocks that the newest line of a publish in `serving/production.jsonl` names: for a service whose
    own state is lost.
    """
    try:
        lines = (home / DEPLOYMENTS).read_text(errors="replace").splitlines()
    except OSError:
        return []
    for line in reversed(lines):
        with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError):
            deployment = json.loads(line)
            if deployment["by"] == "publish":
                rows = deployment["rules"].get("overrides", [])
                return [row for row in rows if row["kind"] == BLOCK]
    return []
