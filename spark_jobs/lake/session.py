"""One Spark application with Delta, the same for a laptop, a test and a cluster.

A night's application is an engine (`spark_jobs.engine`), whose clients are the steps; tests and benchmarks
start one in their own process.

Delta's jars are fetched once into the environment (`make setup`) and named by `spark.jars`: resolving them
through Ivy at each start costs a second and needs a network.
"""

import os
import sys
from pathlib import Path

from pyspark.sql import SparkSession

JARS = Path(sys.prefix) / "jars"
ROOT = Path(__file__).resolve().parents[2]

DELTA_SETTINGS = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}
# What a session may set for itself, as on a Connect server that others started.
SESSION_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    # A shop's night is small: 200 partitions of nothing cost more than the work.
    "spark.sql.shuffle.partitions": "4",
    "spark.databricks.delta.snapshotPartitions": "2",
    # Vacuum lists folders in as many tasks as this says, 10,000 by default.
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "8",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # Where in Python a column was made, for messages of errors: asked of the session at every call, a twelfth
    # of what a small night's ingest takes.
    "spark.python.sql.dataFrameDebugging.enabled": "false",
    # delta-rs and DuckDB read these tables: neither knows deletion vectors in every version we support.
    "spark.databricks.delta.properties.defaults.enableDeletionVectors": "false",
}
SPARK_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
# Of Python in Spark's tasks. A task is one thread: the last bit of a matrix product depends on how many share
# it, and a winner may hang on it; nor may the order of a set.
WORKER_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    # Workers import our modules too, from wherever they were started: on a cluster, from a checkout at this
    # same path.
    "PYTHONPATH": str(ROOT),
}

PARTS_AT_MOST = 1 << 12  # of a frame that is cut by the number of cores

# A night's jobs live for seconds: the optimising compiler and a concurrent collector cost more than they give
# back. On two cores, the first MERGE of a session took 23 s with these and 46 s without (2026-11, a busy
# machine, both in one run). That compiler alone gets 48 MB for its code, which a night of ten feeds fills;
# when full, all is interpreted.
SHORT_LIVED_JVM = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC"


def find_delta_jars() -> str:
    """The jars as `spark.jars` wants them.

    Raises:
        FileNotFoundError: they were never fetched.
    """
    jars = sorted(JARS.glob("*.jar"))
    if not jars:
        raise FileNotFoundError(f"no Delta jars in {JARS}; `make setup` fetches them")
    return ",".join(str(jar) for jar in jars)


def start_spark_session(app_name: str, master: str, memory: str, **extra: str) -> SparkSession:
    """A session of an application in this process.

    It logs nothing: of a condition that raises, driver and executors log the very value that did it, and the
    error goes to whoever asked in any case.
    """
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # or workers pick the system's Python
    # workers elsewhere must be able to call the driver back
    if master.startswith("local") or "127.0.0.1" in master:
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = (
        SparkSession.builder.appName(app_name)
        .master(master)
        .config("spark.driver.memory", memory)
        .config("spark.jars", find_delta_jars())
        .config("spark.driver.extraJavaOptions", SHORT_LIVED_JVM)
    )
    always = SPARK_SETTINGS | {
        f"spark.executorEnv.{name}": value for name, value in WORKER_ENVIRONMENT.items()
    }
    for name, value in {**DELTA_SETTINGS, **SESSION_SETTINGS, **always, **extra}.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    return spark


def count_cores(spark: SparkSession) -> int:
    """How many tasks run at once, here or on a cluster; at least 1."""
    from pyspark.sql import functions as F

    # Spark cuts a range into as many parts; what the context knows of it, a Connect session cannot ask.
    return spark.range(PARTS_AT_MOST).select(F.spark_partition_id()).distinct().count()
