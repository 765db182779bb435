"""Random definitions over the whole language, asked of random histories by SQL on DuckDB, by
the evaluator and by the reference:

    python -m benchmarks.segment_agreement [--definitions 2000] [--seed 1]

The long form of tests/segments/test_hosts_agree.py. Ends with 1 on the first batch that differs, and prints
the definitions and customers that do.
"""

import argparse
import sys
from collections import Counter

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.segments.hosts import Question, ask_duckdb, ask_evaluator, ask_reference
from tests.segments.test_hosts_agree import N_RULES, questions


def main() -> None:
    """Batches until so many definitions were asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--definitions", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    counts: Counter = Counter()

    @seed(args.seed)
    @settings(
        max_examples=-(-args.definitions // N_RULES),
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=False,
        deadline=None,
    )
    @given(questions())
    def compare(question: Question) -> None:
        expected = ask_reference(question)
        differing = (ask_duckdb(question) ^ expected) | (ask_evaluator(question) ^ expected)
        counts["definitions"] += N_RULES
        counts["decisions"] += len(question.definitions) * len(question.customers) * len(question.moments)
        counts["members"] += len(expected)
        if differing:
            report(question, sorted(differing))
            sys.exit(1)

    compare()
    print(
        f"{counts['definitions']:,} definitions, {counts['decisions']:,} decisions, {counts['members']:,} of"
        " them members: SQL, evaluator and reference agree on each"
    )


def report(question: Question, differing: list[tuple]) -> None:
    """Print the first decisions on which the two differ, with all that they were made of."""
    rules = {segment.segment_id: segment.members for segment in question.definitions}
    customers = {customer.customer_id: customer for customer in question.customers}
    for customer_id, segment_id, now in differing[:3]:
        print(now, rules[segment_id], *customers[customer_id].history, sep="\n  ")


if __name__ == "__main__":
    main()
