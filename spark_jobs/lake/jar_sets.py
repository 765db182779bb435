"""Jars of Maven Central, each set in a folder of the environment.

`make setup` fetches Delta's. Kafka's broker, and what lets Spark read from Kafka, are fetched when they are
first needed, so that nobody without Kafka waits for them.

    python -m spark_jobs.lake.jar_sets delta broker stream

The last two lie apart: Spark reads with Kafka 3.9's client and must not see Kafka 4's.
"""

import fcntl
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from spark_jobs.lake.session import JARS

PATIENCE_SECONDS = 300  # 46 jars take 40 s
IVY_FILE = """<ivy-module version="2.0">
  <info organisation="concierge" module="jars"/>
  <configurations><conf name="default"/></configurations>
  <dependencies>{dependencies}</dependencies>
</ivy-module>"""
DEPENDENCY = '<dependency org="{}" name="{}" rev="{}" transitive="{}" conf="default->default"/>'
PACKAGES = "packages.txt"  # in a fetched folder: what it was fetched for


class JarSet(NamedTuple):
    """Jars that are fetched together.

    Attributes:
        packages: `organisation:name:revision`.
        is_transitive: whether what they need at run time is fetched too.
    """

    folder: Path
    packages: tuple[str, ...]
    is_transitive: bool


DELTA_JARS = JarSet(
    JARS,
    (
        "io.delta:delta-spark_4.2_2.13:4.4.0",  # of 4.4.1 there was no jar on Maven Central
        "io.delta:delta-storage:4.4.0",
        "io.delta:delta-kernel-api:4.4.0",
        "io.delta:delta-kernel-defaults:4.4.0",
        "io.delta:delta-kernel-unitycatalog:4.4.0",
        "io.unitycatalog:unitycatalog-client:0.6.0",
        "io.unitycatalog:unitycatalog-hadoop:0.6.0",
        "org.locationtech.jts:jts-core:1.20.0",
    ),
    is_transitive=False,  # Spark has the rest
)
BROKER_JARS = JarSet(
    Path(sys.prefix) / "kafka_jars",
    # the second writes the broker's warnings into its log; without one there is no log
    ("org.apache.kafka:kafka_2.13:4.1.2", "org.slf4j:slf4j-simple:1.7.36"),
    is_transitive=True,
)
STREAM_JARS = JarSet(
    Path(sys.prefix) / "stream_jars",
    (
        "org.apache.spark:spark-sql-kafka-0-10_2.13:4.2.0",
        "org.apache.spark:spark-token-provider-kafka-0-10_2.13:4.2.0",
        "org.apache.kafka:kafka-clients:3.9.2",
        "org.apache.commons:commons-pool2:2.13.1",
    ),
    is_transitive=False,  # Spark has the rest
)
JAR_SETS = {"delta": DELTA_JARS, "broker": BROKER_JARS, "stream": STREAM_JARS}


def fetch_jars(jar_set: JarSet) -> list[Path]:
    """The jars of a set, fetched where they are not there; several processes may ask at once.

    Raises:
        RuntimeError: they cannot be fetched; says what Ivy said last.
    """
    jar_set.folder.parent.mkdir(parents=True, exist_ok=True)
    with jar_set.folder.with_name(f".{jar_set.folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_fetched(jar_set):
            _fetch(jar_set)
    return sorted(jar_set.folder.glob("*.jar"))


def is_fetched(jar_set: JarSet) -> bool:
    """Whether the jars are there, and of the versions that are wanted."""
    packages = jar_set.folder / PACKAGES
    return packages.exists() and packages.read_text() == "\n".join(jar_set.packages)


def _fetch(jar_set: JarSet) -> None:
    """By the Ivy that comes with pyspark and by which Spark fetches jars, without a Spark session: it needs
    neither its memory nor its start.
    """
    import pyspark

    (ivy,) = (Path(pyspark.__file__).parent / "jars").glob("ivy-*.jar")
    staging_folder = jar_set.folder.with_name(f"{jar_set.folder.name}.part")
    shutil.rmtree(staging_folder, ignore_errors=True)
    is_transitive = str(jar_set.is_transitive).lower()
    dependencies = "".join(
        DEPENDENCY.format(*package.split(":"), is_transitive) for package in jar_set.packages
    )
    with tempfile.TemporaryDirectory() as folder:
        ivy_file = Path(folder, "ivy.xml")
        ivy_file.write_text(IVY_FILE.format(dependencies=dependencies))
        command = ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-jar", ivy]
        command += ["-cache", Path(folder, "cache"), "-ivy", ivy_file, "-confs", "default"]
        command += ["-types", "jar", "bundle", "-retrieve", f"{staging_folder}/[artifact]-[revision].[ext]"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise RuntimeError(f"Maven Central has not given the jars in {PATIENCE_SECONDS} s") from error
    if done.returncode or not any(staging_folder.glob("*.jar")):
        raise RuntimeError(
            f"jars cannot be fetched from Maven Central:\n{(done.stdout + done.stderr)[-2000:]}"
        )
    (staging_folder / PACKAGES).write_text("\n".join(jar_set.packages))
    shutil.rmtree(jar_set.folder, ignore_errors=True)
    staging_folder.rename(jar_set.folder)


def main() -> None:
    for name in sys.argv[1:]:
        print(f"{name}: {len(fetch_jars(JAR_SETS[name]))} jars in {JAR_SETS[name].folder}")


if __name__ == "__main__":
    main()
