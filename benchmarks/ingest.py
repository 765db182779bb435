"""What ingest takes, by feed and by stage, beside the bare parse of the same files; and a day whose whole
files did not change.

    python -m benchmarks.ingest [--customers 2000] [--days 20] [--seed 7]

Stages, each with all before it: `bare` reads every line by orjson or csv and keeps nothing; `read` gives
records with line, raw text and normal form; `plain` types those that are plain, in the same process, and
tells their share; `typed` is Spark's typing of all, written nowhere: what records cost that are not plain.
`ingest` is the step itself into an empty home. Then the last day's customer file and catalogue land again
as the next day's, and the step runs once more. CPU seconds are those of this process and all it started.
"""

import argparse
import csv
import gzip
import io
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import orjson
import psutil

from sample_shop.shop import Shop
from spark_jobs.ingest import job
from spark_jobs.ingest.column_normalisation import make_column_normaliser
from spark_jobs.ingest.deliveries import Delivery
from spark_jobs.ingest.parted_deliveries import read_few_deliveries
from spark_jobs.ingest.read_files import (
    batch_records,
    build_record_schema,
    make_arrow_batch,
    normalise_records,
    read_deliveries,
)
from spark_jobs.ingest.sources.sample_shop import SOURCE
from spark_jobs.lake.session import start_spark_session
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import LandingDates, RunContext
from spark_jobs.settings import Settings
from spark_jobs.sources.declaration import Feed, SourceContext
from spark_jobs.sources.landed_files import LandedFile, list_landed_files

Result = TypeVar("Result")
WHOLE_FILES = tuple(feed.entity for feed in SOURCE.feeds if feed.is_full_export)


def read_cpu_seconds() -> float:
    """What this process and all it started have taken so far, those that ended among them."""
    every = (psutil.Process(), *psutil.Process().children(recursive=True))
    return sum(sum(each.cpu_times()[:4]) for each in every)


def measure(work: Callable[[], Result]) -> tuple[Result, float, float]:
    """What the work returns, and its seconds by the wall and of CPU."""
    began, cpu = time.monotonic(), read_cpu_seconds()
    result = work()
    return result, time.monotonic() - began, read_cpu_seconds() - cpu


def parse_lines(content: io.BufferedIOBase) -> Iterator[object]:
    """Each line of JSON as an object, or None."""
    for line in content:
        try:
            yield orjson.loads(line)
        except ValueError:
            yield None


def parse_barely(files: list[LandedFile]) -> int:
    """Parse every file by the fastest library at hand; how many records."""
    n_records = 0
    for file in files:
        if file.name.endswith(".csv"):
            with file.path.open(newline="") as rows:
                n_records += sum(1 for _ in csv.reader(rows)) - 1
        else:
            with gzip.open(file.path) if file.name.endswith(".gz") else file.path.open("rb") as content:
                n_records += sum(1 for _ in parse_lines(content))
    return n_records


def read_records(feed: Feed, files: list[LandedFile]) -> int:
    """Read every file as ingest's tasks do; how many records."""
    normalise, schema, n_records = (
        make_column_normaliser(feed.columns, feed.id_fields),
        build_record_schema(feed),
        0,
    )
    for file in files:
        with file.path.open("rb") as content:
            for some in batch_records(feed.read_records(content)):
                origin = (file.name, "d", str(file.day), file.path.name)
                normal = normalise_records(some, normalise)
                n_records += make_arrow_batch(some, normal, origin, schema, [False] * len(some)).num_rows
    return n_records


def land_again(landing: Path, last: date) -> date:
    """Land the last day's whole files as the next day's; that day."""
    following = last + timedelta(1)
    for entity in WHOLE_FILES:
        folder = landing / SOURCE.name / entity
        shutil.copytree(folder / str(last), folder / str(following))
    return following


def print_line(name: str, n_records: int | None, wall: float, cpu: float) -> None:
    """One stage's figures."""
    speed = f"{n_records / wall:>10,.0f} records/s" if n_records else ""
    print(f"{name:<22} {wall:8.1f} s {cpu:8.1f} CPU s {speed}", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--customers", type=int, default=2000)
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_environment({"CONCIERGE_HOME": folder, "CONCIERGE_SOURCES": SOURCE.name})
        landing = settings.landing
        shop = Shop(args.seed, args.customers, landing / SOURCE.name, Path(folder) / "truth", write_from=0)
        shop.trade_until(args.days - 1)
        files = list_landed_files(landing, date.max)
        spark = start_spark_session("ingest", "local[2]", settings.spark_memory)
        context, n_all, bare = SourceContext(SOURCE.name, SOURCE.time_zone, settings.identity_key), 0, 0.0
        for feed in SOURCE.feeds:
            mine = [file for file in files if file.entity == feed.entity]
            deliveries = [Delivery(f"d{number}", file) for number, file in enumerate(mine)]

            def type_records(feed: Feed = feed, deliveries: list[Delivery] = deliveries) -> None:
                frame = feed.transform(read_deliveries(spark, feed, deliveries), context)
                frame.write.format("noop").mode("overwrite").save()

            n_records, *took = measure(lambda mine=mine: parse_barely(mine))
            n_all, bare = n_all + n_records, bare + took[0]
            print_line(f"{feed.entity} bare", n_records, *took)
            print_line(f"{feed.entity} read", *measure(lambda feed=feed, mine=mine: read_records(feed, mine)))
            if feed.plain_typer:
                (_, odd, _), *took = measure(
                    lambda feed=feed, of=deliveries: read_few_deliveries(feed, context, of)
                )
                print_line(f"{feed.entity} plain {1 - odd.num_rows / n_records:.1%}", n_records, *took)
            print_line(f"{feed.entity} typed", n_records, *measure(type_records)[1:])

        def ingest(day: date) -> None:
            run = RunContext(f"of {day}", LandingDates(day, day), settings, datetime(2026, 1, 1, tzinfo=UTC))
            job.run(run, Lake(settings.lake, spark))

        last = max(file.day for file in files)
        print_line("all, bare", n_all, bare, bare)
        print_line("all, ingest", n_all, *measure(lambda: ingest(last))[1:])
        following = land_again(landing, last)
        print_line("whole files unchanged", None, *measure(lambda: ingest(following))[1:])


if __name__ == "__main__":
    main()
