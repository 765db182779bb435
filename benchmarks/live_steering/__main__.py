"""What it is worth that live behaviour steers a list:

    python -m benchmarks.live_steering retail_rocket [--data ../shared/data/retailrocket]
    python -m benchmarks.live_steering sample_shop --home FOLDER --as-of 2026-02-18 [--days 7 --picture FILE]

`retail_rocket`: the next item of a session after one to three items, by what is popular, by STAN alone, by
what sessions go on with alone, and by the popular list steered. The weights are learned on the 28 days before
the test's 28, all inputs fitted before the days that are asked about.

`sample_shop`: the sample shop trades on for some days behind a home's last night; every session of theirs is
replayed, and at every moment the ten items of the list as the night made it and of the list steered are
judged by the purchases truly to be expected of this person in the coming week, of items that the session has
not touched yet. Nothing is known of the truth but by the judge.
"""

import argparse
from datetime import date
from pathlib import Path

from benchmarks.leaderboard.datasets import SHARED
from benchmarks.live_steering import retail_rocket, sample_shop


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data_set", choices=("retail_rocket", "sample_shop"))
    parser.add_argument("--data", type=Path, default=SHARED / "retailrocket")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--as-of", type=date.fromisoformat, help="the home's last landing day")
    parser.add_argument("--days", type=int, default=3, help="on which the sample shop trades on")
    parser.add_argument("--picture", type=Path, help="an SVG file, of the sample shop's comparison")
    args = parser.parse_args()
    if args.data_set == "retail_rocket":
        lines = retail_rocket.compare(args.data)
    elif args.home and args.as_of:
        lines = sample_shop.compare(args.home, args.as_of, args.days, args.picture)
    else:
        parser.error("sample_shop needs --home and --as-of")
    print(*lines, sep="\n")


if __name__ == "__main__":
    main()
