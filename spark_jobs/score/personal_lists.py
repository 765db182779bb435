"""Personal lists: score the customers who are due, then write retained and new lists in one commit."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import dataset
from pyspark.sql import SparkSession

from expectations.contracts.lake import REC_CUSTOMER_ITEMS
from spark_jobs.engine.shared_objects import SharedObject
from spark_jobs.engine.tasks import run_tasks
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import RunContext, TableReport
from spark_jobs.score import checkpoints, partitions, stale_customers
from spark_jobs.score.checkpoints import ScoredBlock
from spark_jobs.score.scoring_model import ScoringModel

# Fixed by the data, not by the machine: the same blocks, and so the same scores, wherever it runs.
CUSTOMERS_PER_TASK = 1024
CUSTOMERS_AT_ONCE = 128 * CUSTOMERS_PER_TASK  # whose histories are read at once: of 10 events each 60 MB
LISTS_AT_ONCE = 4096  # 100 items each are some 20 MB
# By default Arrow reads ahead 16 such batches of 4 files: of 400,000 lists 2 GB more than what is written at
# a time.
READ_AHEAD = {"batch_readahead": 1, "fragment_readahead": 1}


def update_personal_lists(
    lake: Lake, run: RunContext, shared: SharedObject[ScoringModel], con: duckdb.DuckDBPyConnection
) -> TableReport:
    """Compute again the lists whose inputs changed; no new table version when none did.

    Args:
        con: has `behaviour` and `feat_customers`, as of `open_learning_data`.
    """
    lake.add_missing_columns(REC_CUSTOMER_ITEMS)  # in a home from before `inputs`, every customer is due
    stored = lake.read_arrow(REC_CUSTOMER_ITEMS, ["customer_id", "inputs"])
    folder = checkpoints.locate_checkpoint_folder(run)
    retained, blocks = score_due_customers(lake.spark, con, shared, stored, folder)
    report = commit_personal_lists(lake, stored["customer_id"].combine_chunks(), retained, blocks)
    checkpoints.delete_checkpoints(run)
    report.detail["recall_of_index"] = shared.value.index and shared.value.index.recall
    return report


def score_due_customers(
    spark: SparkSession,
    con: duckdb.DuckDBPyConnection,
    shared: SharedObject[ScoringModel],
    stored: pa.Table,
    folder: Path,
) -> tuple[pa.Array, list[ScoredBlock]]:
    """The ids of customers whose list is up to date, and the blocks of those whose list was computed.

    A worker reads the customers of a block from a file of the folder and writes their lists to another; no
    scores leave it otherwise.

    Args:
        stored: `customer_id` and `inputs` of the lists there are.
        folder: of the checkpoints, one for all workers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    retained, blocks, tasks = [], [], []
    for due, current in split_customers(con, shared.value, stored):
        retained.append(current)
        for start in range(0, due.num_rows, CUSTOMERS_PER_TASK):
            rows = due.slice(start, CUSTOMERS_PER_TASK)
            file = folder / f"{checkpoints.name_checkpoint(rows)}.parquet"
            blocks.append((file, rows.num_rows, not file.exists()))
            if not file.exists():
                pq.write_table(rows, file.with_suffix(".due"))
                tasks.append(file)

    def score_block(file: Path) -> None:
        checkpoints.compute_with_checkpoint(
            lambda rows: partitions.score_customers_with_inputs(shared.value, rows),
            file.with_suffix(".due"),
            file,
        )

    run_tasks(spark, score_block, tasks)
    return pa.chunked_array(retained or [[]], pa.string()).combine_chunks(), [
        ScoredBlock(file, n_due, pq.read_metadata(file).num_rows, is_new) for file, n_due, is_new in blocks
    ]


def split_customers(
    con: duckdb.DuckDBPyConnection, model: ScoringModel, stored: pa.Table
) -> Iterator[tuple[pa.Table, pa.Array]]:
    """Rows of the customers who are due, and ids of those whose list is up to date; so many at a time that a
    million customers' histories never stand in memory at once.
    """
    n_customers = stale_customers.number_customers(con)
    for first in range(0, n_customers, CUSTOMERS_AT_ONCE):
        places = (first, first + CUSTOMERS_AT_ONCE - 1)
        rows = stale_customers.collect_customer_inputs(con, model.inputs, model.since, places)
        at = pc.index_in(rows["customer_id"], value_set=stored["customer_id"].combine_chunks())
        before = stored["inputs"].combine_chunks().take(at.combine_chunks())
        is_current = pc.fill_null(pc.equal(rows["inputs"], before), False)
        yield (
            rows.filter(pc.invert(is_current)).combine_chunks(),
            rows["customer_id"].filter(is_current).combine_chunks(),
        )


def commit_personal_lists(
    lake: Lake, listed_before: pa.Array, retained: pa.Array, blocks: Sequence[ScoredBlock]
) -> TableReport:
    """Replace the table by the retained lists and those of the files; no new version when nothing changed.

    Args:
        listed_before: ids of the customers it has lists of.
        retained: ids of the customers whose list is up to date, if they have one.
    """
    before = lake.version(REC_CUSTOMER_ITEMS)
    files = [block.file for block in blocks if block.n_listed]
    customer_ids = [
        pq.read_table(file, columns=["customer_id"])["customer_id"].combine_chunks() for file in files
    ]
    listed = pa.chunked_array(customer_ids, pa.string())
    n_updated = pc.sum(pc.is_in(listed, value_set=listed_before)).as_py() or 0
    n_gone = len(listed_before) - len(retained) - n_updated
    if before is None or files or n_gone:
        stored = lake.scan_files(REC_CUSTOMER_ITEMS) if len(retained) else None
        rows = merge_list_rows(stored, retained, files)
        lake.overwrite(
            pa.RecordBatchReader.from_batches(build_arrow_schema(REC_CUSTOMER_ITEMS), rows),
            REC_CUSTOMER_ITEMS,
        )
    n_due = sum(block.n_due for block in blocks)
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
            "rescored_before_a_stop": sum(block.n_due for block in blocks if not block.is_new),
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
