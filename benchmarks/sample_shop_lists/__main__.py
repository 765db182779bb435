"""What the lists of a sample shop's home are truly worth, by the shop's own truth:

    python -m benchmarks.sample_shop_lists --home FOLDER --as-of 2026-02-18 [--days 7]

For every customer who may be personalised for, and behind whom one person stands: the purchases truly to be
expected in the coming days of the ten items they are shown. The served list, that of every part of the model
alone (same rules of what may be listed, continued as the service continues a list that ends), the popular
list, and the best ten there are; by how well the customer is known, and of items in their first week. Run on
a home whose last landing day is `--as-of`.
"""

import argparse
import json
import os
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.sample_shop_lists import home, page, worth
from benchmarks.sample_shop_lists.report import ListComparison, format_report
from benchmarks.sample_shop_lists.worth import BEST, LISTED, POPULAR, SERVED, K
from models.registry import ModelRegistry
from sample_shop.judge import Judge
from spark_jobs.lake.session import start_spark_session
from spark_jobs.lake.tables import Lake
from spark_jobs.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def judge_home_lists(settings: Settings, as_of: date, days: int) -> ListComparison:
    """The comparison of a home's lists.

    Raises:
        SystemExit: none of the home's customers is known to its truth, or its lists are of another evening.
    """
    home.check_evening(Lake(settings.lake), as_of)
    lake = Lake(
        settings.lake, start_spark_session("sample_shop_lists", settings.spark_master, settings.spark_memory)
    )
    registry = ModelRegistry(settings.mlflow_uri, settings.paths.mlflow_artifacts)
    judge = Judge(settings.paths.truth, as_of)
    model, rows = home.build_scoring_inputs(lake, registry.load(registry.champion()), settings)
    person = home.map_customers_to_persons(judge, lake, settings.identity_key)
    customers = home.select_known_customers(lake, rows, person)
    if not customers.rows.num_rows:
        raise SystemExit(
            "nobody of this home is known to its truth: were its lists made under another"
            " CONCIERGE_IDENTITY_KEY?"
        )
    names = customers.customers
    expected = judge.compute_expected_purchases(days, [person[name] for name in names])
    own = home.read_served_lists(lake)

    def places(lists: home.Lists) -> np.ndarray:
        return worth.compact_rows(
            [
                worth.merge_ladder([lists.get(name, []), *customers.ladder[name]], judge.column_of)
                for name in names
            ]
        )

    listed = {SERVED: places(own)} | {
        name: places(lists) for name, lists in home.score_single_parts(model, customers.rows)
    }
    listed[POPULAR] = worth.compact_rows(
        [worth.merge_ladder(customers.ladder[name][-1:], judge.column_of) for name in names]
    )
    listed[BEST] = worth.find_best_items(expected)
    has_list = np.array([name in own for name in names])
    n_days, browsed = customers.habits()
    cohorts = worth.group_customers(n_days, browsed, has_list)

    first = home.find_first_week_items(lake, as_of)
    new = np.array([item in first for item in judge.item_ids])
    listable = set(model.artifact.item_ids[model.allowed].tolist())
    seed = json.loads((settings.paths.truth / "shop.json").read_text())["seed"]
    return ListComparison(
        f"Seed {seed}, the evening of {as_of}, {days} days ahead: {len(names):,} customers of one person"
        " each.",
        worth.build_board(
            {name: worth.compute_list_worth(expected, lists_of_row) for name, lists_of_row in listed.items()},
            cohorts,
        ),
        worth.build_board(
            {
                name: worth.compute_list_worth(expected, lists_of_row, new)
                for name, lists_of_row in listed.items()
            },
            {LISTED: has_list},
        ),
        (len(first), sum(item.encode() in listable for item in first)),
        float(expected[has_list][:, new].sum(axis=1).mean()),
        tuple(
            float((new[np.maximum(lists_of_row, 0)] & (lists_of_row >= 0))[has_list].sum(axis=1).mean())
            for lists_of_row in listed.values()
        ),
        home.trace_first_nights(lake, first, K),
    )


def main() -> None:
    """Print the comparison, and write it as a page and a picture."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True, help="the home's last landing day")
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument(
        "--pages", type=Path, default=ROOT / "reports" / "sample_shop_lists", help="where page and picture go"
    )
    args = parser.parse_args()
    settings = Settings.from_environment({**os.environ, "CONCIERGE_HOME": str(args.home)})
    comparison = judge_home_lists(settings, args.as_of, args.days)
    print(*format_report(comparison), sep="\n")
    print(page.write_page(args.pages, f"{args.home.resolve().name.strip('.')}-{args.as_of}", comparison))


if __name__ == "__main__":
    main()
