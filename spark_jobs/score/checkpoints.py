"""Checkpoints of a scoring: a file per finished block of customers, so that a killed scoring goes on where it
stopped.

A file is named by the inputs of all its customers, so an existing one holds what would be computed again.
"""

import hashlib
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from spark_jobs.run.context import RunContext

Batches = Iterator[pa.RecordBatch]


@dataclass(frozen=True)
class ScoredBlock:
    """A block of customers that were due, and the file of their lists.

    Attributes:
        n_due: how many customers were due.
        n_listed: how many lists the file holds.
        is_new: whether it was computed now.
    """

    file: Path
    n_due: int
    n_listed: int
    is_new: bool


def locate_checkpoint_folder(run: RunContext) -> Path:
    """The folder of a run's checkpoints."""
    return run.settings.paths.scoring(run.slug)


def delete_checkpoints(run: RunContext) -> None:
    """Delete the checkpoints of all runs: a committed run needs none, a superseded one is not continued."""
    shutil.rmtree(locate_checkpoint_folder(run).parent, ignore_errors=True)


def compute_with_checkpoint(compute: Callable[[pa.Table], Batches], due: Path, file: Path) -> None:
    """Compute the lists of a block of customers into a file.

    Args:
        compute: lists of the rows of a table, each with the hash of its `inputs`.
        due: the file of the customers' rows; it is deleted when their lists are there.
        file: of the lists, in a folder that is one for all workers.
    """
    write_checkpoint(compute(pq.read_table(due)), file)
    due.unlink()


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
