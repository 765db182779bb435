"""Fetch Delta's jars once into the environment, through Spark's own Ivy. Set-up only; does nothing when they
are there.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from pyspark.sql import SparkSession

from spark_jobs.lake.session import JARS

DELTA_PACKAGE = "io.delta:delta-spark_4.2_2.13:4.4.0"  # of 4.4.1 there was no jar on Maven Central
# Ivy also brings Spark's own dependencies (Hadoop, Parquet, …), which pyspark already carries.
WANTED = ("io.delta_", "io.unitycatalog_", "org.locationtech.jts_")


def main() -> None:
    if any(JARS.glob("io.delta_delta-spark*.jar")):
        return
    with tempfile.TemporaryDirectory() as ivy:
        os.environ["PYSPARK_PYTHON"] = sys.executable
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        SparkSession.builder.master("local[1]").config("spark.jars.packages", DELTA_PACKAGE).config(
            "spark.jars.ivy", ivy
        ).config("spark.ui.enabled", "false").getOrCreate().stop()
        staging_folder = JARS.with_name("jars.part")
        shutil.rmtree(staging_folder, ignore_errors=True)
        staging_folder.mkdir(parents=True)
        for jar in sorted(Path(ivy, "jars").glob("*.jar")):
            if jar.name.startswith(WANTED):
                shutil.copy(jar, staging_folder / jar.name)
        shutil.rmtree(JARS, ignore_errors=True)
        staging_folder.rename(JARS)
    print(f"fetched {len(list(JARS.glob('*.jar')))} jars into {JARS}")


if __name__ == "__main__":
    main()
