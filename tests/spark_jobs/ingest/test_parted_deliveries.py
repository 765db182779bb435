"""Parts of many records hold each record once, whatever a task that was begun twice has left beside them."""

import gzip
import json
from datetime import date

import pyarrow.parquet as pq
import pytest

from spark_jobs.ingest import parted_deliveries
from spark_jobs.ingest.deliveries import Delivery
from spark_jobs.ingest.parted_deliveries import PartFolders, part_deliveries
from spark_jobs.ingest.sources import sample_shop
from spark_jobs.sources.declaration import SourceContext
from spark_jobs.sources.landed_files import LandedFile

EVENTS = sample_shop.SOURCE.find_feed("events")
RAW = sample_shop.SOURCE.raw_table(EVENTS)


class Reader:
    """Stands for a session: a frame of files is the list of their names."""

    @property
    def read(self) -> "Reader":
        return self

    def schema(self, _schema) -> "Reader":
        return self

    def parquet(self, *paths: str) -> list[str]:
        return list(paths)


@pytest.fixture
def deliveries(tmp_path) -> list[Delivery]:
    """Three files of five events, one of each refused."""
    found = []
    for day in (5, 6, 7):
        events = [
            {
                "type": "track" if n else "no such call",
                "event": "Product Viewed",
                "messageId": f"{day}-{n}",
                "userId": "u",
                "timestamp": f"2026-01-{day:02d}T10:00:00Z",
                "properties": {"product_id": "p"},
            }
            for n in range(5)
        ]
        path = tmp_path / f"{day}.jsonl.gz"
        path.write_bytes(gzip.compress("".join(json.dumps(each) + "\n" for each in events).encode()))
        found.append(
            Delivery(
                str(day),
                LandedFile(path, path.name, "sample_shop", "events", date(2026, 1, day), 1, str(day)),
            )
        )
    return found


def read_places(paths) -> list[tuple[str, int]]:
    rows = [row for path in paths for row in pq.ParquetFile(path).read().to_pylist()]
    return sorted((row["delivery_id"], row["source_line"]) for row in rows)


def test_a_task_begun_twice_counts_once(deliveries, tmp_path, monkeypatch):
    def run_first_task_twice(_spark, function, tasks):
        function(tasks[0])
        return [function(task) for task in tasks]

    monkeypatch.setattr(parted_deliveries, "run_tasks", run_first_task_twice)
    monkeypatch.setattr(parted_deliveries, "count_tasks", lambda _deliveries: 2)
    monkeypatch.setattr(parted_deliveries, "select_received_columns", lambda frame, _feed: frame)
    folders = PartFolders(tmp_path / "parts", tmp_path / "raw", RAW)
    context = SourceContext("sample_shop", "America/Martinique", "a key")
    parts = part_deliveries(Reader(), EVENTS, context, deliveries, folders)
    every = [(day, line) for day in "567" for line in range(1, 6)]
    assert read_places(parts.plain) == [place for place in every if place[1] > 1]
    assert read_places(parts.odd) == [place for place in every if place[1] == 1]
    assert read_places(folders.raw / file.path for file in parts.raw) == every
    assert [(file.day.day, file.n_rows) for file in parts.raw] == [(5, 5), (6, 5), (7, 5)]
    # the first attempt's lie there too, and nobody reads them
    assert len(list(folders.parts.glob("*.parquet"))) == 6
    assert len(list(folders.raw.rglob("*.parquet"))) == 4
