"""The ingest manifest: which landed files the lake has taken in, by name and content.

A file whose content is what was last taken in under its name is known, whichever night asks: so a skipped
night is found by the next one, and a re-run finds nothing. A known name with other content is a new delivery
that supersedes the old one.

A delivery is written down twice: as begun (without a number of records) before any table is written, and when
all are. So a run that was cut off is remembered: what it wrote of a file that was put right since must go
again.
"""

import hashlib
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatch
from typing import NamedTuple

from expectations.contracts.lake import OPS_DELIVERIES
from spark_jobs.lake.tables import Lake
from spark_jobs.sources.declaration import Feed, Source
from spark_jobs.sources.landed_files import LandedFile


@dataclass(frozen=True)
class Delivery:
    """One file to take in, and the delivery whose place it takes, if any."""

    delivery_id: str
    file: LandedFile
    supersedes: str | None = None

    @property
    def place(self) -> str:
        """`<landing day>/<file>`: text order is order of arrival within a feed."""
        return f"{self.file.day}/{self.file.path.name}"


class IngestedDelivery(NamedTuple):
    """A delivery, and what its rows came to."""

    delivery: Delivery
    n_records: int | None  # None: they are being written
    n_keys: int | None  # things it names, where the feed is whole


class DeliveryManifest:
    """The rows of `ops_deliveries`, read once; `commit` writes what a run took in, as its last act."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.rows = {row["delivery_id"]: row for row in lake.read_arrow(OPS_DELIVERIES).to_pylist()}
        self.begun_earlier = {row["delivery_id"] for row in self.rows.values() if is_begun(row)}

    def find_current(self, source: Source, feed: Feed) -> dict[str, dict]:
        """The feed's deliveries that were taken in and no later one superseded, by file name relative to
        landing/.
        """
        return {
            row["source_file"]: row
            for row in self.rows.values()
            if is_of_feed(row, source, feed) and row["superseded_by"] is None and not is_begun(row)
        }

    def find_unfinished(self, source: Source, feed: Feed, new: list[Delivery]) -> list[dict]:
        """The feed's deliveries that an earlier run began and never finished, and that are not among the new
        ones.
        """
        ids = {delivery.delivery_id for delivery in new}
        begun = (self.rows[each] for each in sorted(self.begun_earlier - ids))
        return [row for row in begun if is_of_feed(row, source, feed)]

    def find_pending(self, source: Source, feed: Feed, files: list[LandedFile]) -> list[Delivery]:
        """The feed's files that the lake does not hold as they are now, oldest landing day first."""
        held, found = self.find_current(source, feed), []
        begun = {row["source_file"] for row in self.find_unfinished(source, feed, [])}
        for file in files:
            if not matches_feed(source, feed, file):
                continue
            row, new_id = held.get(file.name), hash_delivery(file.name, file.sha256)
            # What was begun under its name may stand in the tables: then even what is held has to be written
            # again.
            if row is None or row["sha256"] != file.sha256 or file.name in begun:
                replaced = row["delivery_id"] if row and row["delivery_id"] != new_id else None
                found.append(Delivery(new_id, file, replaced))
        if not found and held and begun - {file.name for file in files}:
            # A file that was begun and taken away since may have left rows. They go when one that is held is
            # taken in again.
            found = [Delivery(held[file.name]["delivery_id"], file) for file in files if file.name in held][
                -1:
            ]
        return sorted(found, key=lambda delivery: delivery.place)

    def list_counted_ids(self, source: Source, feed: Feed, new: list[Delivery]) -> set[str]:
        """Ids of the feed's deliveries whose lines count once the new ones are taken in."""
        held = {row["delivery_id"] for row in self.find_current(source, feed).values()}
        return held - {delivery.supersedes for delivery in new} | {delivery.delivery_id for delivery in new}

    def begin(self, new: list[Delivery], run_id: str) -> None:
        """Write that these are being taken in, before any of their rows are written; what is held stays as it
        is until then.
        """
        for delivery in new:
            row = self.rows.get(delivery.delivery_id)
            if row is None or row["superseded_by"] is not None:
                self.rows[delivery.delivery_id] = make_manifest_row(
                    IngestedDelivery(delivery, None, None), run_id
                )
        self._write(new)

    def commit(self, taken: list[IngestedDelivery], run_id: str) -> None:
        """Write what was taken in.

        A content that comes back after another one had its name gets its old id again, and is current again.
        What was begun in a feed earlier and is not among what was taken in has no rows any more: it is
        superseded, or forgotten with its file.
        """
        deliveries = [each.delivery for each in taken]
        feeds = {(delivery.file.source, delivery.file.entity) for delivery in deliveries}
        by_name = {delivery.file.name: delivery.delivery_id for delivery in deliveries}
        for row in [
            row for row in self.rows.values() if is_begun(row) and (row["source"], row["entity"]) in feeds
        ]:
            if row["source_file"] in by_name:
                self.rows[row["delivery_id"]] = {**row, "superseded_by": by_name[row["source_file"]]}
            else:
                del self.rows[row["delivery_id"]]
        for delivery in deliveries:
            if delivery.supersedes:
                self.rows[delivery.supersedes] = {
                    **self.rows[delivery.supersedes],
                    "superseded_by": delivery.delivery_id,
                }
        for each in taken:
            self.rows[each.delivery.delivery_id] = make_manifest_row(each, run_id)
        self._write(taken)

    def _write(self, why: list) -> None:
        if why:
            rows = sorted(self.rows.values(), key=lambda row: (row["source_file"], row["delivery_id"]))
            self.lake.replace_rows(rows, OPS_DELIVERIES)


def make_manifest_row(taken: IngestedDelivery, run_id: str) -> dict:
    """A delivery as the manifest has it."""
    delivery, file = taken.delivery, taken.delivery.file
    return {
        "delivery_id": delivery.delivery_id,
        "source": file.source,
        "entity": file.entity,
        "source_file": file.name,
        "landing_date": file.day,
        "sha256": file.sha256,
        "n_bytes": file.n_bytes,
        "n_records": taken.n_records,
        "n_keys": taken.n_keys,
        "superseded_by": None,
        "run_id": run_id,
    }


def is_begun(row: dict) -> bool:
    """Whether a delivery was begun and not finished."""
    return row["n_records"] is None and row["superseded_by"] is None


def is_of_feed(row: dict, source: Source, feed: Feed) -> bool:
    """Whether a row is of the feed."""
    return (row["source"], row["entity"]) == (source.name, feed.entity)


def matches_feed(source: Source, feed: Feed, file: LandedFile) -> bool:
    """Whether a landed file is the feed's."""
    return (file.source, file.entity) == (source.name, feed.entity) and fnmatch(
        file.path.name, feed.file_pattern
    )


def hash_delivery(name: str, sha256: str) -> str:
    """A file's name and content as one id."""
    return f"d_{hashlib.sha256(f'{name}|{sha256}'.encode()).hexdigest()[:24]}"


def find_arrival(row: dict) -> str:
    """A manifest row's place in the order of arrival, as `Delivery.place`."""
    landing_date: date = row["landing_date"]
    return f"{landing_date}/{row['source_file'].rsplit('/', 1)[-1]}"
