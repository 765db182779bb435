"""A step of the tests, run as a process: what it finds, and what becomes of it."""

import sys
from pathlib import Path

from spark_jobs.engine.client import open_session
from spark_jobs.engine.tasks import run_tasks
from spark_jobs.settings import Settings


def main(home: str, end: str, remote: str = "") -> None:
    settings = Settings.from_environment(
        {
            "CONCIERGE_HOME": home,
            "CONCIERGE_SPARK_MASTER": "local[1]",
            "CONCIERGE_SPARK_MEMORY": "512m",
            "CONCIERGE_SPARK_REMOTE": remote,
        }
    )
    with open_session(settings, "a step", "c0de") as spark:
        assert spark.range(3).count() == 3
        assert spark.conf.get("spark.sql.session.timeZone") == "UTC"
        in_tasks = run_tasks(spark, lambda name: __import__("os").environ.get(name), ["OMP_NUM_THREADS"])
        assert in_tasks == ["1"], "a task is one thread"
        record = settings.paths.engine_record
        (Path(home) / "seen.json").write_text(record.read_text() if record.exists() else '{"pid": 0}')
        if end == "hang":
            spark.range(0, 1, 1, 1).mapInArrow(write_in_a_while, "id long").collect()
        assert end != "fail"


def write_in_a_while(batches):
    """A task that works until somebody ends it."""
    import time

    time.sleep(600)
    yield from batches


if __name__ == "__main__":
    main(*sys.argv[1:])
