"""Checkpoints of a scoring: a file per finished partition, so that a killed scoring goes on where it stopped.

A file is named by the inputs of all its customers, so an existing one holds what would be computed again.
"""

import hashlib
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from spark_jobs.run.context import RunContext

Batches = Iterator[pa.RecordBatch]
# What a partition returns to the driver: its file, how many customers were due, how many lists the file
# holds, whether it was computed now, and the customers whose list is up to date.
PARTITION_SCHEMA = "file string, n_due int, n_listed int, is_new boolean, kept array<string>"


def locate_checkpoint_folder(run: RunContext) -> Path:
    """The folder of a run's checkpoints."""
    return run.settings.paths.scoring(run.slug)


def delete_checkpoints(run: RunContext) -> None:
    """Delete the checkpoints of all runs: a committed run needs none, a superseded one is not continued."""
    shutil.rmtree(locate_checkpoint_folder(run).parent, ignore_errors=True)


def compute_with_checkpoint(
    compute: Callable[[pa.Table], Batches], folder: Path
) -> Callable[[Batches], Batches]:
    """A function for `mapInArrow` that computes the due lists of a partition, unless a file holds them.

    Args:
        compute: lists of the rows of a table, each with the hash of its `inputs`.
        folder: of the checkpoints, one for all workers.
    """

    def work(batches: Batches) -> Batches:
        received = [batch for batch in batches if batch.num_rows]
        if not received:
            return
        rows = pa.Table.from_batches(received)
        is_current = pc.fill_null(pc.equal(rows["inputs"], rows["inputs_before"]), False)
        current = rows["customer_id"].filter(is_current).combine_chunks()
        due = rows.filter(pc.invert(is_current)).drop_columns(["inputs_before"])
        file, n_listed, is_new = "", 0, False
        if due.num_rows:
            path = folder / f"{name_checkpoint(due)}.parquet"
            if not path.exists():
                is_new = True
                write_checkpoint(compute(due), path)
            file, n_listed = path.name, pq.read_metadata(path).num_rows
        yield pa.RecordBatch.from_arrays(
            [
                pa.array([file]),
                pa.array([due.num_rows], pa.int32()),
                pa.array([n_listed], pa.int32()),
                pa.array([is_new]),
                pa.ListArray.from_arrays(pa.array([0, len(current)], pa.int32()), current),
            ],
            names=["file", "n_due", "n_listed", "is_new", "kept"],
        )

    return work


def name_checkpoint(due: pa.Table) -> str:
    """A file name from the ids and input hashes of the due customers."""
    digest = hashlib.sha256("\n".join(due["customer_id"].to_pylist()).encode())
    digest.update(due["inputs"].to_numpy().tobytes())
    return digest.hexdigest()[:32]


def write_checkpoint(lists: Batches, path: Path) -> None:
    """Write to a temporary file and rename it: a file under its name is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    writer = None
    try:
        for batch in lists:
            writer = writer or pq.ParquetWriter(part, batch.schema, compression="zstd", compression_level=1)
            writer.write_batch(batch)
    finally:
        if writer:
            writer.close()
    if writer is None:
        pq.write_table(pa.table({"customer_id": pa.array([], pa.string())}), part)
    part.replace(path)
