"""Print the leaderboard of a data set: `python -m benchmarks.leaderboard online_retail [--only item_knn,popularity]`."""

import argparse
from pathlib import Path

from benchmarks.leaderboard import table
from benchmarks.leaderboard.datasets import LOADERS, SHARED, load
from benchmarks.leaderboard.published import PUBLISHED
from benchmarks.leaderboard.run import results


def main() -> None:
    """Print each row as it is measured, then the published ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", help=f"{', '.join(LOADERS)}, or a folder with interactions.csv")
    parser.add_argument("--shared", type=Path, default=SHARED, help="where the named data sets lie")
    parser.add_argument("--only", default="", help="names of rows, by commas")
    parser.add_argument("--window", choices=("test", "validation"), default="test", help="validation: what one may choose on")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    data = load(given.data, given.shared)
    print(data.protocol, table.counts(data, getattr(data, given.window)), table.header(data), sep="\n", flush=True)
    only = tuple(name for name in given.only.split(",") if name)
    for result in results(data, given.data, only, given.window, given.threads, given.seed):
        print(table.line(data, result), flush=True)
    if given.window == "test" and PUBLISHED.get(given.data):
        print("published, and measured before:", *table.published_lines(PUBLISHED[given.data]), sep="\n")


if __name__ == "__main__":
    main()
