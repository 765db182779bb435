"""Operators' overrides: the record, its codec, and the files of a home that hold them.

The service writes `serving/state/overrides.json` and its copy; publish reads them for the line of a
deployment. An override is stored as a JSON object with the fields of `Override`; its times are ISO text.
Beside them the file holds the entries of the audit log that may not be in that log yet.
"""

import contextlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
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

PIN, BLOCK, BOOST, BURY = "pin", "block", "boost", "bury"
TO_THE_END = 0.0  # the factor of a bury that sinks an item below all others of its source
MAX_OVERRIDES = 20_000  # that have not ended, in a home: people write them, and every worker holds them


@dataclass(frozen=True)
class Override:
    """One instruction of an operator. What it is for is an item or a category; whom it is for is narrowed by
    customer or segment, and by placement.

    Attributes:
        kind: pin, block, boost or bury.
        item_id: the item it is for; None: it is for a category.
        customer_id: whom it is for; None: everyone.
        position: place of a pin, from 1; 0 for other kinds.
        factor: what a boost or bury multiplies a score by, `TO_THE_END` of a bury; 1 for other kinds.
        until: the first moment it is no longer in force.
        reason: why, for people.
        category: in whose items it has its effect; None: it is for one item.
        segment_id: for customers of this segment only.
        placement: in lists for this placement only.
        starts_at: the first moment it is in force; None: since it was made.
        priority: the higher wins among pins of a place, and among boosts and buries of an item.
        author: who says so.
        version: how many times it was written.
    """

    override_id: str
    kind: str
    item_id: str | None
    customer_id: str | None
    position: int
    factor: float
    until: datetime
    created_at: datetime
    reason: str = ""
    category: str | None = None
    segment_id: str | None = None
    placement: str | None = None
    starts_at: datetime | None = None
    priority: int = 0
    author: str = ""
    version: int = 1

    def is_in_force(self, now: datetime) -> bool:
        return (self.starts_at is None or self.starts_at <= now) and now < self.until

    def has_ended(self, now: datetime) -> bool:
        return self.until <= now


TIMES = ("until", "created_at", "starts_at")
FIELDS = tuple(field.name for field in fields(Override))


def sort_overrides(overrides: Iterable[Override]) -> tuple[Override, ...]:
    """Overrides, oldest first; of equal age by id."""
    return tuple(sorted(overrides, key=lambda override: (override.created_at, override.override_id)))


def encode_override(override: Override) -> dict[str, Any]:
    """An override as a JSON object."""
    row = {name: getattr(override, name) for name in FIELDS}
    return {**row, **{name: row[name] and row[name].isoformat() for name in TIMES}}


def decode_override(row: dict[str, Any]) -> Override:
    """The override that a JSON object holds, of any version of the code: fields that it lacks have their
    defaults, fields that are not known are left out, and `note` is what `reason` was called.
    """
    known = {name: row[name] for name in FIELDS if name in row}
    if "note" in row:
        known.setdefault("reason", row["note"])
    times = {name: datetime.fromisoformat(known[name]) for name in TIMES if known.get(name)}
    return Override(**{**known, **times})


def open_override_file(home: Path) -> StateFile:
    """The state file, and its copy, in which a home's overrides are stored."""
    return StateFile(home / FOLDER, "overrides")


def read_override_rows(home: Path) -> list[dict[str, Any]]:
    """The stored overrides of a home as JSON objects, oldest first; ended ones may be among them. For whoever
    only reads.
    """
    state, _ = open_override_file(home).read()
    rows = get_override_rows(state.content) if state else read_lmdb_overrides(home) or []
    return sorted(rows, key=lambda row: (row["created_at"], row["override_id"]))


def make_content(rows: list[dict[str, Any]], unaudited: list[dict[str, Any]]) -> dict[str, Any]:
    """What the state file holds.

    Args:
        unaudited: entries of the audit log, those apart that are known to be in its file.
    """
    return {"overrides": rows, "unaudited": unaudited}


def get_override_rows(content: Any) -> list[dict[str, Any]]:
    """The overrides of a state; before there was an audit log they were all that it held."""
    return content["overrides"] if isinstance(content, dict) else content


def get_unaudited(content: Any) -> list[dict[str, Any]]:
    """The entries of a state that may not be in the audit log's file yet, oldest first."""
    return content["unaudited"] if isinstance(content, dict) else []


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
