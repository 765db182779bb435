"""Personal lists: score the customers who are due, then write retained and new lists in one commit."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import dataset
from pyspark.sql import DataFrame

from expectations.contracts.lake import REC_CUSTOMER_ITEMS
from spark_jobs.engine.shared_objects import SharedObject
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.frames import convert_arrow_to_spark
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import RunContext, TableReport
from spark_jobs.score import checkpoints, list_frames
from spark_jobs.score.scoring_model import ScoringModel

LISTS_AT_ONCE = 4096  # 100 items each are some 20 MB
# By default Arrow reads ahead 16 such batches of 4 files: of 400,000 lists 2 GB more than what is written at
# a time.
READ_AHEAD = {"batch_readahead": 1, "fragment_readahead": 1}


def update_personal_lists(
    lake: Lake,
    run: RunContext,
    shared: SharedObject[ScoringModel],
    behaviour: DataFrame,
    customers: DataFrame,
) -> TableReport:
    """Compute again the lists whose inputs changed; no new table version when none did.

    Args:
        behaviour: once per customer, item, day and kind.
        customers: `feat_customers`.
    """
    lake.add_missing_columns(REC_CUSTOMER_ITEMS)  # in a home from before `inputs`, every customer is due
    stored = lake.read_arrow(REC_CUSTOMER_ITEMS, ["customer_id", "inputs"])
    folder, before = checkpoints.locate_checkpoint_folder(run), convert_arrow_to_spark(lake.spark, stored)
    done = (
        list_frames.compute_personal_lists(shared, behaviour, customers, before, folder).toArrow().to_pylist()
    )
    report = commit_personal_lists(lake, stored["customer_id"].combine_chunks(), done, folder)
    checkpoints.delete_checkpoints(run)
    report.detail["recall_of_index"] = shared.value.index and shared.value.index.recall
    return report


def commit_personal_lists(
    lake: Lake, listed_before: pa.Array, partitions: Sequence[Mapping[str, Any]], folder: Path
) -> TableReport:
    """Replace the table by the retained lists and those of the files; no new version when nothing changed.

    Args:
        listed_before: ids of the customers it has lists of.
        partitions: a row per partition, of `checkpoints.PARTITION_SCHEMA`.
        folder: of the files.
    """
    before = lake.version(REC_CUSTOMER_ITEMS)
    retained = pa.chunked_array([part["kept"] for part in partitions] or [[]], pa.string())
    files = [folder / part["file"] for part in partitions if part["n_listed"]]
    customer_ids = [
        pq.read_table(file, columns=["customer_id"])["customer_id"].combine_chunks() for file in files
    ]
    listed = pa.chunked_array(customer_ids, pa.string())
    n_updated = pc.sum(pc.is_in(listed, value_set=listed_before)).as_py() or 0
    n_gone = len(listed_before) - len(retained) - n_updated
    if before is None or files or n_gone:
        stored = lake.scan_files(REC_CUSTOMER_ITEMS) if len(retained) else None
        rows = merge_list_rows(stored, retained.combine_chunks(), files)
        lake.overwrite(
            pa.RecordBatchReader.from_batches(build_arrow_schema(REC_CUSTOMER_ITEMS), rows),
            REC_CUSTOMER_ITEMS,
        )
    n_due = sum(part["n_due"] for part in partitions)
    return TableReport(
        REC_CUSTOMER_ITEMS.name,
        before,
        lake.version(REC_CUSTOMER_ITEMS),
        n_rows=len(retained) + len(listed),
        n_inserted=len(listed) - n_updated,
        n_updated=n_updated,
        n_unchanged=len(retained),
        detail={
            "deleted": n_gone,
            "customers": n_due + len(retained),
            "rescored": n_due,
            "rescored_before_a_stop": sum(part["n_due"] for part in partitions if not part["is_new"]),
        },
    )


def merge_list_rows(
    stored: dataset.Dataset | None, retained: pa.Array, files: Sequence[Path]
) -> Iterator[pa.RecordBatch]:
    """The rows of the table: the retained ones, then those of the files."""
    schema = build_arrow_schema(REC_CUSTOMER_ITEMS)
    if stored is not None:
        for batch in stored.to_batches(columns=schema.names, batch_size=LISTS_AT_ONCE, **READ_AHEAD):
            rows = pa.Table.from_batches([batch]).cast(schema)
            yield from rows.filter(pc.is_in(rows["customer_id"], value_set=retained)).to_batches()
    for file in files:
        for batch in pq.ParquetFile(file).iter_batches(LISTS_AT_ONCE):
            yield from pa.Table.from_batches([batch]).select(schema.names).cast(schema).to_batches()
