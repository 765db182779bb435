"""One Spark session with Delta, the same for a laptop, a test and a cluster.

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
SPARK_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # A shop's night is small: 200 partitions of nothing cost more than the work.
    "spark.sql.shuffle.partitions": "4",
    "spark.databricks.delta.snapshotPartitions": "2",
    # Vacuum lists folders in as many tasks as this says, 10,000 by default.
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "8",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # delta-rs and DuckDB read these tables: neither knows deletion vectors in every version we support.
    "spark.databricks.delta.properties.defaults.enableDeletionVectors": "false",
    # A task is one thread: the last bit of a matrix product depends on how many share it, and a winner may
    # hang on it.
    "spark.executorEnv.OMP_NUM_THREADS": "1",
    "spark.executorEnv.OPENBLAS_NUM_THREADS": "1",
}

# A night's jobs live for seconds: the optimising compiler and a concurrent collector cost more than they give
# back. On two cores, the first MERGE of a session took 23 s with these and 46 s without (2026-11, a busy
# machine, both in one run). dags/_commands.py says the same for spark-submit, which starts the JVM before
# this file is read. That compiler alone gets 48 MB for its code, which a night of ten feeds fills; when full,
# all is interpreted.
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
    """A session. Under spark-submit, master and memory were settled by the submit and are left as
    they are.
    """
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # or workers pick the system's Python
    # workers elsewhere must be able to call the driver back
    if master.startswith("local") or "127.0.0.1" in master:
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.appName(app_name)
    if "PYSPARK_GATEWAY_PORT" not in os.environ:
        builder = (
            builder.master(master)
            .config("spark.driver.memory", memory)
            .config("spark.jars", find_delta_jars())
        )
        builder = builder.config("spark.driver.extraJavaOptions", SHORT_LIVED_JVM)
    # Workers import our modules too, from wherever they were started: on a cluster, from a checkout at this
    # same path.
    always = {**SPARK_SETTINGS, "spark.executorEnv.PYTHONPATH": str(ROOT)}
    for name, value in {**DELTA_SETTINGS, **always, **extra}.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark
