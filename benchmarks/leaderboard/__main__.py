"""Print the leaderboard of a data set: `python -m benchmarks.leaderboard online_retail [--only
item_knn,popularity]`.
"""

import argparse
from pathlib import Path

from benchmarks.leaderboard import page, table
from benchmarks.leaderboard.datasets import LOADERS, SHARED, load_dataset
from benchmarks.leaderboard.lifts import compute_lifts
from benchmarks.leaderboard.published import PUBLISHED
from benchmarks.leaderboard.run import ROOT, RunOptions, run_rows, select_rows

SECONDS = 1800.0


def main() -> None:
    """Print each row as it is measured, then the published ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", help=f"{', '.join(LOADERS)}, or a folder with interactions.csv")
    parser.add_argument("--shared", type=Path, default=SHARED, help="where the named data sets lie")
    parser.add_argument("--only", default="", help="names of rows, by commas")
    parser.add_argument(
        "--window", choices=("test", "validation"), default="test", help="validation: what one may choose on"
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--seed", type=int, default=1, help="of the fits, and of the order that decides between equals"
    )
    parser.add_argument(
        "--seconds",
        type=float,
        help=f"all rows end within these; {SECONDS:g} for a folder, no limit for others",
    )
    parser.add_argument(
        "--pages", type=Path, default=ROOT / "reports" / "leaderboard", help="where the page and picture go"
    )
    args = parser.parse_args()
    only = tuple(name for name in args.only.split(",") if name)
    try:
        select_rows(args.data, only)
        data = load_dataset(args.data, args.shared, args.seed)
        if not len(getattr(data, args.window).asked):
            raise ValueError(
                f"nobody to ask in the {args.window} window: none of its customers wanted anything before"
            )
    except ValueError as error:
        parser.exit(1, f"make leaderboard: {error}\n")
    print(
        data.protocol,
        table.describe_test_size(data, getattr(data, args.window)),
        table.format_header(data),
        sep="\n",
        flush=True,
    )
    collected = []
    seconds = args.seconds if args.seconds is not None or args.data in LOADERS else SECONDS
    options = RunOptions(args.window, args.threads, args.seed, seconds)
    for result in run_rows(data, args.data, only, options):
        print(table.format_row(data, result), flush=True)
        collected.append(result)
    for task, metric in (column for column in data.columns if column[1].startswith("ndcg")):
        blends = {result.row.name for result in collected if not result.row.single}
        for lift in compute_lifts(collected, task, metric):
            if lift.name in blends:
                print(f"paired, {lift}")
    others = PUBLISHED.get(args.data, ()) if args.window == "test" else ()
    if others:
        print("published, and measured before:", *table.format_published_rows(others), sep="\n")
    print(
        "what the columns mean:",
        *(f"  {name}: {words}" for name, words in table.describe_columns(data).items()),
        sep="\n",
    )
    name = data.name if args.window == "test" else f"{data.name}-{args.window}"
    print(page.write_page(args.pages, data, getattr(data, args.window), name, collected, others))


if __name__ == "__main__":
    main()
