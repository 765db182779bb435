"""Finished partitions of lists, kept aside as files until all are there: a scoring that is killed goes on
where it stopped.

A file is named by the inputs of everyone in it, so one that is there holds just what would be computed again.
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
# What a partition tells the driver: its file, who was due, how many lists it holds, whether it was computed
# now, and whose list stands as it is.
PARTITION_SCHEMA = "file string, n_due int, n_listed int, is_new boolean, kept array<string>"


def checkpoint_folder(night: RunContext) -> Path:
    """Where this run keeps what it has finished."""
    return night.settings.home / "scoring" / night.slug


def delete_checkpoints(night: RunContext) -> None:
    """Every run's files: what is committed needs none, and a run that is superseded is not gone on with."""
    shutil.rmtree(checkpoint_folder(night).parent, ignore_errors=True)


def compute_with_checkpoint(
    compute: Callable[[pa.Table], Batches], where: Path
) -> Callable[[Batches], Batches]:
    """Work on a partition: compute those who are due, unless a file holds them already.

    Args:
        compute: lists of the rows of a table; the last column is their hash of `inputs`.
        where: the folder, one for all workers.
    """

    def work(batches: Batches) -> Batches:
        held = [batch for batch in batches if batch.num_rows]
        if not held:
            return
        rows = pa.Table.from_batches(held)
        stands = pc.fill_null(pc.equal(rows["inputs"], rows["inputs_before"]), False)
        kept = rows["customer_id"].filter(stands).combine_chunks()
        due = rows.filter(pc.invert(stands)).drop_columns(["inputs_before"])
        file, n_listed, is_new = "", 0, False
        if due.num_rows:
            path = where / f"{name_checkpoint(due)}.parquet"
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
                pa.ListArray.from_arrays(pa.array([0, len(kept)], pa.int32()), kept),
            ],
            names=["file", "n_due", "n_listed", "is_new", "kept"],
        )

    return work


def name_checkpoint(due: pa.Table) -> str:
    """A name for who is due and of what their lists are made."""
    digest = hashlib.sha256("\n".join(due["customer_id"].to_pylist()).encode())
    digest.update(due["inputs"].to_numpy().tobytes())
    return digest.hexdigest()[:32]


def write_checkpoint(lists: Batches, path: Path) -> None:
    """Write under another name and rename: a file that has its name is whole."""
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
