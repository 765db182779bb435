"""What a night pays for bringing texts and ids into their normal form: ingest's reading and typing of
sample-shop events.

    python -m benchmarks.normal_form [days]

Prints the CPU seconds that Spark and its Python workers take with the normal form, and with values left as
received, in turns.
"""

import sys
import tempfile
from datetime import date
from pathlib import Path
from unittest import mock

import psutil

from expectations.contracts.settings import SETTINGS
from sample_shop.shop import Shop
from spark_jobs.ingest import read_files
from spark_jobs.ingest.column_normalisation import transpose_rows
from spark_jobs.ingest.deliveries import Delivery
from spark_jobs.ingest.sources.sample_shop import SOURCE
from spark_jobs.lake.session import start_spark_session
from spark_jobs.sources.declaration import SourceContext
from spark_jobs.sources.landed_files import list_landed_files

ROUNDS = 3
DAYS = 10


def skip_normalisation(columns: tuple, ids: tuple):
    """In the place of `make_column_normaliser`: nothing is done."""
    return lambda rows, wrong_kinds: (
        transpose_rows([(None,) * len(columns) if row is None else row for row in rows], len(columns)),
        [None] * len(rows),
        [None] * len(rows),
    )


def read_cpu_seconds() -> float:
    """What this process and all it started have taken so far, those that ended among them."""
    every = (psutil.Process(), *psutil.Process().children(recursive=True))
    return sum(sum(each.cpu_times()[:4]) for each in every)


def main(n_days: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        landing = Path(folder) / "landing"
        shop = Shop(7, 2000, landing / SOURCE.name, Path(folder) / "truth", write_from=0)
        shop.trade_until(n_days - 1)
        feed = SOURCE.find_feed("events")
        files = [file for file in list_landed_files(landing, date.max) if file.entity == feed.entity]
        deliveries = [Delivery(f"d{number}", file) for number, file in enumerate(files)]
        spark = start_spark_session("normal form", "local[2]", "2g")
        context = SourceContext(SOURCE.name, SOURCE.time_zone, SETTINGS["CONCIERGE_IDENTITY_KEY"].default)

        def seconds(normaliser) -> float:
            with mock.patch.object(read_files, "make_column_normaliser", normaliser):
                began = read_cpu_seconds()
                feed.transform(read_files.read_deliveries(spark, feed, deliveries), context).write.format(
                    "noop"
                ).mode("overwrite").save()
                return read_cpu_seconds() - began

        ways = {"as received": skip_normalisation, "normal form": read_files.make_column_normaliser}
        took = {name: [] for name in ways}
        for _ in range(ROUNDS + 1):
            for name, normaliser in ways.items():
                took[name].append(seconds(normaliser))
        best = {name: min(each[1:]) for name, each in took.items()}  # the first warms up
        n_rows = read_files.read_deliveries(spark, feed, deliveries).count()
        print(f"{n_rows:,} events: " + ", ".join(f"{name} {each:.2f} s" for name, each in best.items()))
        print(f"ratio {best['normal form'] / best['as received']:.3f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else DAYS)
