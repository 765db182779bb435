"""Python functions as Spark tasks, one argument a task, on this machine's cores or on a cluster's workers."""

import pickle
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
from pyspark.sql import SparkSession

from spark_jobs.engine.shared_objects import FolderNotSharedError

Argument, Result = TypeVar("Argument"), TypeVar("Result")
# Of a result in one row: a Connect server sends rows in messages, of 128 MB at most.
PART_BYTES = 8 << 20
PARTS = "argument int, part int, result binary"


def run_tasks_with_large_results(
    spark: SparkSession, function: Callable[[Argument], Result], arguments: Sequence[Argument], folder: Path
) -> list[Result]:
    """`run_tasks`, whose results are handed over as files: a message is copied by worker, JVM and driver, and
    400 MB of scores took them as long as a fit.

    Args:
        folder: one for driver and workers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as results:

        def write_result(argument: Argument) -> Path:
            if not Path(results).is_dir():
                raise FolderNotSharedError(Path(results))
            path = Path(results) / uuid.uuid4().hex  # a task that is tried again may meet its first file
            with path.open("xb") as file:
                pickle.dump(function(argument), file, protocol=pickle.HIGHEST_PROTOCOL)
            return path

        return [read_result(path) for path in run_tasks(spark, write_result, arguments)]


def read_result(path: Path) -> Any:
    """The object of a file, which is deleted: results are not held on disk and in memory both."""
    with path.open("rb") as file:
        result = pickle.load(file)
    path.unlink()
    return result


def run_tasks(
    spark: SparkSession, function: Callable[[Argument], Result], arguments: Sequence[Argument]
) -> list[Result]:
    """The function's result for each argument, in their order; each is a task, and the first starts first.

    Args:
        function: pickled, as are arguments and results. What is large in it belongs in a `SharedObject`.
    """
    if not arguments:
        return []

    def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for n in batch.column("id").to_pylist():
                data = pickle.dumps(function(arguments[n]), protocol=pickle.HIGHEST_PROTOCOL)
                for part, start in enumerate(range(0, len(data), PART_BYTES)):
                    yield pa.RecordBatch.from_arrays(
                        [
                            pa.array([n], pa.int32()),
                            pa.array([part], pa.int32()),
                            pa.array([data[start : start + PART_BYTES]], pa.binary()),
                        ],
                        names=["argument", "part", "result"],
                    )

    rows = spark.range(0, len(arguments), 1, len(arguments)).mapInArrow(work, PARTS).toArrow()
    parts: dict[int, list[tuple[int, bytes]]] = {n: [] for n in range(len(arguments))}
    for row in rows.to_batches():
        for n, part, data in zip(*[column.to_pylist() for column in row.columns], strict=True):
            parts[n].append((part, data))
    return [pickle.loads(b"".join(data for _, data in sorted(parts[n]))) for n in range(len(arguments))]
