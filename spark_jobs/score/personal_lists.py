"""Personal lists: score who is due, then put tonight's table together of what stood and what is new, in one
commit.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import dataset
from pyspark import Broadcast
from pyspark.sql import DataFrame

from expectations.contracts.lake import REC_CUSTOMER_ITEMS
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import RunContext, TableReport
from spark_jobs.score import checkpoints, list_frames

LISTS_AT_ONCE = 4096  # 100 items each are some 20 MB
# What Arrow reads ahead by itself is 16 such batches of 4 files: of 400,000 lists 2 GB more than what is
# written at a time.
READ_AHEAD = {"batch_readahead": 1, "fragment_readahead": 1}


def update_personal_lists(
    lake: Lake, night: RunContext, shared: Broadcast, behaviour: DataFrame, customers: DataFrame
) -> TableReport:
    """Lists of all customers, those computed again whose inputs changed; no new version when none did.

    Args:
        shared: the `Scoring`.
        behaviour: once per customer, item, day and kind.
        customers: `feat_customers`.
    """
    lake.add_missing_columns(REC_CUSTOMER_ITEMS)  # of a home that knew no inputs, everybody is due
    held = lake.read_arrow(REC_CUSTOMER_ITEMS, ["customer_id", "inputs"])
    where, before = checkpoints.checkpoint_folder(night), lake.spark.createDataFrame(held)
    done = (
        list_frames.compute_personal_lists(shared, behaviour, customers, before, where).toArrow().to_pylist()
    )
    report = commit_personal_lists(lake, held["customer_id"].combine_chunks(), done, where)
    checkpoints.delete_checkpoints(night)
    report.detail["recall_of_index"] = shared.value.index and shared.value.index.recall
    return report


def commit_personal_lists(
    lake: Lake, held: pa.Array, done: Sequence[Mapping[str, Any]], where: Path
) -> TableReport:
    """Make the table hold what stands and what the files hold; no new version when that is what it held.

    Args:
        held: the customers it has lists of.
        done: a row per partition, as `aside.DONE`.
        where: the folder of the files.
    """
    before = lake.version(REC_CUSTOMER_ITEMS)
    kept = pa.chunked_array([part["kept"] for part in done] or [[]], pa.string())
    files = [where / part["file"] for part in done if part["n_listed"]]
    named = [pq.read_table(file, columns=["customer_id"])["customer_id"].combine_chunks() for file in files]
    listed = pa.chunked_array(named, pa.string())
    n_updated = pc.sum(pc.is_in(listed, value_set=held)).as_py() or 0
    n_gone = len(held) - len(kept) - n_updated
    if before is None or files or n_gone:
        standing = lake.scan_files(REC_CUSTOMER_ITEMS) if len(kept) else None
        rows = merge_list_rows(standing, kept.combine_chunks(), files)
        lake.overwrite(
            pa.RecordBatchReader.from_batches(build_arrow_schema(REC_CUSTOMER_ITEMS), rows),
            REC_CUSTOMER_ITEMS,
        )
    n_due = sum(part["n_due"] for part in done)
    return TableReport(
        REC_CUSTOMER_ITEMS.name,
        before,
        lake.version(REC_CUSTOMER_ITEMS),
        n_rows=len(kept) + len(listed),
        n_inserted=len(listed) - n_updated,
        n_updated=n_updated,
        n_unchanged=len(kept),
        detail={
            "deleted": n_gone,
            "customers": n_due + len(kept),
            "rescored": n_due,
            "rescored_before_a_stop": sum(part["n_due"] for part in done if not part["is_new"]),
        },
    )


def merge_list_rows(
    standing: dataset.Dataset | None, kept: pa.Array, files: Sequence[Path]
) -> Iterator[pa.RecordBatch]:
    """The table's rows: those that stand, then those of the files."""
    schema = build_arrow_schema(REC_CUSTOMER_ITEMS)
    if standing is not None:
        for batch in standing.to_batches(columns=schema.names, batch_size=LISTS_AT_ONCE, **READ_AHEAD):
            rows = pa.Table.from_batches([batch]).cast(schema)
            yield from rows.filter(pc.is_in(rows["customer_id"], value_set=kept)).to_batches()
    for file in files:
        for batch in pq.ParquetFile(file).iter_batches(LISTS_AT_ONCE):
            yield from pa.Table.from_batches([batch]).select(schema.names).cast(schema).to_batches()
