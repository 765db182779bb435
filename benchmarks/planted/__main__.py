"""What a sample shop plants, against what a home made of it: planted, right and wrong, kind by kind.

    python -m benchmarks.planted --home FOLDER --to 2026-02-18 [--ingested]

Refused records are compared one by one, by file and line, with the reason they were planted for; facts by the
tables of the lake, the warehouse and the lists. `--ingested` asks only what needs no more than ingest and
identify. Ends with 1 when anything is wrong.
"""

import argparse
from datetime import date
from pathlib import Path

from benchmarks.planted.facts import LAKE, PUBLISHED, judge_consents_of_all, judge_evening_orders, judge_facts
from benchmarks.planted.home import Home
from benchmarks.planted.records import judge_refused_records, judge_repeated_records
from benchmarks.planted.score import PlantScore, format_scores
from expectations.contracts.home import HomePaths
from spark_jobs.settings import Settings


def score_all_kinds(home: Home, truth: Path, last: date, is_published: bool = True) -> list[PlantScore]:
    """Every kind there is, of a home whose last landing day is `last`."""
    scores = (
        judge_refused_records(home.lake, truth, last)
        + judge_repeated_records(home.lake, truth, last)
        + judge_facts(home, truth, last, LAKE)
    )
    if is_published:
        scores += (
            judge_facts(home, truth, last, PUBLISHED)
            + judge_consents_of_all(home, truth, last)
            + judge_evening_orders(home, truth, last)
        )
    return scores


def main() -> int:
    """Print the comparison; 1 when anything is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--to", type=date.fromisoformat, required=True, help="the last landing day")
    parser.add_argument(
        "--ingested", action="store_true", help="ask only what needs no more than ingest and identify"
    )
    args = parser.parse_args()
    home = Home(args.home, Settings.from_environment().identity_key)
    scores = score_all_kinds(home, HomePaths(args.home).truth, args.to, not args.ingested)
    print(format_scores(scores))
    return int(any(score.n_wrong for score in scores))


if __name__ == "__main__":
    raise SystemExit(main())
