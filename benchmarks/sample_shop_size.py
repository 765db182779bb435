"""How long the sample shop takes at a size, what it writes, and how much memory it needs.

`make bench NAME=sample_shop_size ARGS="--customers 100000 --days 60"`; writes into a temporary folder and
deletes it.
"""

import argparse
import gzip
import json
import resource
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from expectations.contracts.home import HomePaths
from sample_shop.__main__ import main as trade
from sample_shop.shop_calendar import OPENING_DAY


def measure_shop(customers: int, days: int, seed: int, home: Path) -> dict[str, float]:
    """Trade once and count: seconds, lines of each feed, bytes, peak memory in MB."""
    start = time.monotonic()
    last = OPENING_DAY + timedelta(days=days - 1)
    trade(
        [
            "--landing",
            str(HomePaths(home).landing),
            "--truth",
            str(HomePaths(home).truth),
            "--customers",
            str(customers),
            "--seed",
            str(seed),
            "--to",
            last.isoformat(),
        ]
    )
    figures: dict[str, float] = {
        "customers": customers,
        "days": days,
        "seconds": round(time.monotonic() - start, 1),
    }
    for feed in ("events", "orders", "people", "catalogue"):
        files = [path for path in (HomePaths(home).landing / feed).rglob("*") if path.is_file()]
        figures[f"{feed}_lines"] = sum(_lines(path) for path in files)
        figures[f"{feed}_mb"] = round(sum(path.stat().st_size for path in files) / 1e6, 1)
    figures["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return figures


def _lines(path: Path) -> int:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        json.dump(measure_shop(args.customers, args.days, args.seed, Path(folder)), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
