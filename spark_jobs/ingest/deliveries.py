"""The ingest manifest: which landed files the lake has taken in, by name and content.

A file whose content is what was last taken in under its name is known, whichever night asks: so a skipped night is found by
the next one, and a re-run finds nothing. A known name with other content is a new delivery that supersedes the old one.
"""

import hashlib
from dataclasses import dataclass
from fnmatch import fnmatch

from expectations.contracts.lake import OPS_DELIVERIES
from spark_jobs.ingest.feed import Feed, Source
from spark_jobs.land.inputs import Landed
from spark_jobs.tables import Lake


@dataclass(frozen=True)
class Delivery:
    """One file to take in, and the delivery whose place it takes, if any."""

    delivery_id: str
    file: Landed
    supersedes: str | None = None

    @property
    def place(self) -> str:
        """`<landing day>/<file>`: text order is order of arrival within a feed."""
        return f"{self.file.day}/{self.file.path.name}"


class Manifest:
    """The rows of `ops_deliveries`, read once; `commit` writes what a run took in, as its last act."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self.rows = {row["delivery_id"]: row for row in lake.read_arrow(OPS_DELIVERIES).to_pylist()}

    def current(self, source: Source, feed: Feed) -> dict[str, dict]:
        """The feed's deliveries that no later one superseded, by file name relative to landing/."""
        return {
            row["source_file"]: row
            for row in self.rows.values()
            if (row["source"], row["entity"]) == (source.name, feed.entity) and row["superseded_by"] is None
        }

    def pending(self, source: Source, feed: Feed, files: list[Landed]) -> list[Delivery]:
        """The feed's files that the lake does not hold as they are now, oldest landing day first."""
        held, found = self.current(source, feed), []
        for file in files:
            if (file.source, file.entity) != (source.name, feed.entity) or not fnmatch(file.path.name, feed.pattern):
                continue
            row = held.get(file.name)
            if row is None or row["sha256"] != file.sha256:
                found.append(Delivery(delivery_id(file.name, file.sha256), file, row and row["delivery_id"]))
        return sorted(found, key=lambda delivery: delivery.place)

    def counting(self, source: Source, feed: Feed, new: list[Delivery]) -> set[str]:
        """Ids of the feed's deliveries whose lines count once the new ones are taken in."""
        held = {row["delivery_id"] for row in self.current(source, feed).values()}
        return held - {delivery.supersedes for delivery in new} | {delivery.delivery_id for delivery in new}

    def commit(self, taken: list[tuple[Delivery, int]], run_id: str) -> None:
        """Write what was taken in, each with its number of records.

        A content that comes back after another one had its name gets its old id again, and is current again.
        """
        for delivery, _ in taken:
            if delivery.supersedes:
                self.rows[delivery.supersedes] = {**self.rows[delivery.supersedes], "superseded_by": delivery.delivery_id}
        for delivery, n_records in taken:
            file = delivery.file
            self.rows[delivery.delivery_id] = {
                "delivery_id": delivery.delivery_id, "source": file.source, "entity": file.entity, "source_file": file.name,
                "landing_date": file.day, "sha256": file.sha256, "n_bytes": file.n_bytes, "n_records": n_records,
                "superseded_by": None, "run_id": run_id,
            }  # fmt: skip
        if taken:
            self.lake.put_rows(sorted(self.rows.values(), key=lambda row: row["source_file"]), OPS_DELIVERIES)


def delivery_id(name: str, sha256: str) -> str:
    """A file's name and content as one id."""
    return f"d_{hashlib.sha256(f'{name}|{sha256}'.encode()).hexdigest()[:24]}"
