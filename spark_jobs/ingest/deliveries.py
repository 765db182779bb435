"""The delivery manifest: which landed files the lake has ingested, by name and content.

A file whose content was last ingested under its name is known to every run: so the next run ingests a skipped
day, and a repeated run has nothing to do. A known name with other content is a new delivery that supersedes
the old one.

A delivery is written twice: as begun (without a number of records) before any table is written, and when all
are. So a run that was cut off leaves a trace: what it wrote of a file that was corrected since must go again.
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
    """One file to ingest, and the delivery that it supersedes, if any."""

    delivery_id: str
    file: LandedFile
    supersedes: str | None = None

    @property
    def place(self) -> str:
        """`<landing date>/<file>`: text order is order of arrival within a feed."""
        return f"{self.file.day}/{self.file.path.name}"


class IngestedDelivery(NamedTuple):
    """A delivery and its counts."""

    delivery: Delivery
    n_records: int | None  # None: they are being written
    n_keys: int | None  # keys it names, where the feed is of full exports


class DeliveryManifest:
    """The rows of `ops_deliveries`, read once; `commit` writes what a run ingested, as its last act."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.rows = {row["delivery_id"]: row for row in lake.read_arrow(OPS_DELIVERIES).to_pylist()}
        self.begun_earlier = {row["delivery_id"] for row in self.rows.values() if is_begun(row)}

    def find_current(self, source: Source, feed: Feed) -> dict[str, dict]:
        """The feed's ingested deliveries that no later one superseded, by file name relative to landing/."""
        return {
            row["source_file"]: row
            for row in self.rows.values()
            if is_of_feed(row, source, feed) and row["superseded_by"] is None and not is_begun(row)
        }

    def find_unfinished(self, source: Source, feed: Feed, new: list[Delivery]) -> list[dict]:
        """The feed's deliveries that an earlier run began and never finished, without the new ones."""
        ids = {delivery.delivery_id for delivery in new}
        unfinished = (self.rows[each] for each in sorted(self.begun_earlier - ids))
        return [row for row in unfinished if is_of_feed(row, source, feed)]

    def find_pending(self, source: Source, feed: Feed, files: list[LandedFile]) -> list[Delivery]:
        """The feed's files that are not ingested with this content, oldest landing date first."""
        current, pending = self.find_current(source, feed), []
        unfinished_files = {row["source_file"] for row in self.find_unfinished(source, feed, [])}
        for file in files:
            if not matches_feed(source, feed, file):
                continue
            row, new_id = current.get(file.name), hash_delivery(file.name, file.sha256)
            # Rows of a delivery begun under its name may be in the tables: then a known file is ingested
            # again, too.
            if row is None or row["sha256"] != file.sha256 or file.name in unfinished_files:
                replaced = row["delivery_id"] if row and row["delivery_id"] != new_id else None
                pending.append(Delivery(new_id, file, replaced))
        if not pending and current and unfinished_files - {file.name for file in files}:
            # A file that was begun and removed since may have left rows. They go when a known file is
            # ingested again.
            pending = [
                Delivery(current[file.name]["delivery_id"], file) for file in files if file.name in current
            ][-1:]
        return sorted(pending, key=lambda delivery: delivery.place)

    def list_counted_ids(self, source: Source, feed: Feed, new: list[Delivery]) -> set[str]:
        """Ids of the feed's deliveries whose lines count once the new ones are ingested."""
        current_ids = {row["delivery_id"] for row in self.find_current(source, feed).values()}
        return current_ids - {delivery.supersedes for delivery in new} | {
            delivery.delivery_id for delivery in new
        }

    def begin(self, new: list[Delivery], run_id: str) -> None:
        """Write the new deliveries as begun, before any of their rows are written."""
        for delivery in new:
            row = self.rows.get(delivery.delivery_id)
            if row is None or row["superseded_by"] is not None:
                self.rows[delivery.delivery_id] = make_manifest_row(
                    IngestedDelivery(delivery, None, None), run_id
                )
        self._write(new)

    def commit(self, ingested: list[IngestedDelivery], run_id: str) -> None:
        """Write what was ingested.

        A content that comes back after another one had its name gets its old id again, and is current again.
        A delivery that was begun earlier and is not among the ingested ones has no rows any more: it is
        superseded, or deleted from the manifest with its file.
        """
        deliveries = [each.delivery for each in ingested]
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
        for each in ingested:
            self.rows[each.delivery.delivery_id] = make_manifest_row(each, run_id)
        self._write(ingested)

    def _write(self, changes: list) -> None:
        if changes:
            rows = sorted(self.rows.values(), key=lambda row: (row["source_file"], row["delivery_id"]))
            self.lake.replace_rows(rows, OPS_DELIVERIES)


def make_manifest_row(ingested: IngestedDelivery, run_id: str) -> dict:
    """The manifest's row of a delivery."""
    delivery, file = ingested.delivery, ingested.delivery.file
    return {
        "delivery_id": delivery.delivery_id,
        "source": file.source,
        "entity": file.entity,
        "source_file": file.name,
        "landing_date": file.day,
        "sha256": file.sha256,
        "n_bytes": file.n_bytes,
        "n_records": ingested.n_records,
        "n_keys": ingested.n_keys,
        "superseded_by": None,
        "run_id": run_id,
    }


def is_begun(row: dict) -> bool:
    """Whether a delivery was begun and not finished."""
    return row["n_records"] is None and row["superseded_by"] is None


def is_of_feed(row: dict, source: Source, feed: Feed) -> bool:
    """Whether a manifest row is of the feed."""
    return (row["source"], row["entity"]) == (source.name, feed.entity)


def matches_feed(source: Source, feed: Feed, file: LandedFile) -> bool:
    """Whether a landed file is the feed's."""
    return (file.source, file.entity) == (source.name, feed.entity) and fnmatch(
        file.path.name, feed.file_pattern
    )


def hash_delivery(name: str, sha256: str) -> str:
    """The id of a delivery: a hash of its file's name and content."""
    return f"d_{hashlib.sha256(f'{name}|{sha256}'.encode()).hexdigest()[:24]}"


def find_arrival(row: dict) -> str:
    """A manifest row's place in the order of arrival, as `Delivery.place`."""
    landing_date: date = row["landing_date"]
    return f"{landing_date}/{row['source_file'].rsplit('/', 1)[-1]}"
