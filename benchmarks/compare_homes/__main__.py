"""Compare two homes row by row: `python -m benchmarks.compare_homes BEFORE AFTER [--code-before CHECKOUT]`.

Every table of the lake and of the warehouse file (marts, intermediate, staging), `summary.json`, and what
the service answers from the published snapshot to some 900 requests, each home asked through its own
checkout. Tables are multisets of rows: their order does not count, how often a row occurs does. What is left
out stands, with the reason, in `exceptions.py`. Prints a line a table: rows before, rows after, equal or the
first differing rows, which it shows as they are, personal values too; ends with 1 when anything differs.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.compare_homes.answers import compare_answers
from benchmarks.compare_homes.exceptions import SUMMARY
from benchmarks.compare_homes.rows import Comparison, compare_tables, tabulate_json
from benchmarks.compare_homes.stores import compare_lakes, compare_warehouses
from expectations.contracts.home import HomePaths

ROOT = Path(__file__).resolve().parents[2]


def compare_summaries(before: Path, after: Path) -> Comparison:
    """The two nights' `summary.json`, a row a field that is compared."""
    documents = [json.loads(HomePaths(home).summary.read_text("utf-8")) for home in (before, after)]
    return compare_tables(
        "summary.json", *(tabulate_json([("summary", each)], SUMMARY) for each in documents)
    )


def compare_homes(args: argparse.Namespace) -> Iterator[Comparison]:
    """Everything that is compared, one after the other."""
    yield from compare_lakes(args.before, args.after)
    yield from compare_warehouses(args.before, args.after)
    yield compare_summaries(args.before, args.after)
    if not args.without_answers:
        yield from compare_answers(
            (args.before, args.after), (args.code_before, args.code_after), args.sources, args.seed
        )


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare_homes", description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument(
        "--code-before", type=Path, default=ROOT, help="checkout whose service answers for BEFORE"
    )
    parser.add_argument(
        "--code-after", type=Path, default=ROOT, help="checkout whose service answers for AFTER"
    )
    parser.add_argument("--sources", default="sample_shop", help="CONCIERGE_SOURCES of both homes")
    parser.add_argument("--seed", type=int, default=14, help="of the customers and items that are asked for")
    parser.add_argument("--without-answers", action="store_true", help="tables and summary.json alone")
    args = parser.parse_args(argv)
    for name in ("before", "after", "code_before", "code_after"):
        setattr(args, name, getattr(args, name).resolve())
    comparisons = []
    for comparison in compare_homes(args):
        comparisons.append(comparison)
        print(comparison.as_text(), flush=True)
    differing = [each.name for each in comparisons if not each.is_equal]
    n_rows = sum(each.n_before or 0 for each in comparisons)
    verdict = f"differ: {', '.join(differing)}" if differing else "all equal"
    print(f"{len(comparisons)} tables and kinds of answers, {n_rows:,} rows before: {verdict}")
    return int(bool(differing))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
