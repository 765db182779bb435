"""How good the lists as served are on Online Retail, by the published protocol; one command:

    python -m benchmarks.online_retail_quality [--data ../shared/data/online_retail] [--home FOLDER]

The `train` and `score` steps run on a lake that ends where the test begins, and what they wrote is measured,
beside recent popularity. What every recommender comes to alone is `make leaderboard DATA=online_retail`.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.leaderboard.datasets import SHARED, Dataset, TestWindow, online_retail
from benchmarks.leaderboard.datasets.order import shuffle_items
from expectations.contracts.home import HomePaths
from expectations.contracts.identifiers import derive_customer_id
from expectations.contracts.lake import (
    FCT_INTERACTIONS,
    FEAT_CUSTOMERS,
    FEAT_ITEMS,
    REC_AUDIENCE_ITEMS,
    REC_CUSTOMER_ITEMS,
)
from expectations.contracts.tables import Table
from models.evaluation import (
    TASKS,
    EvaluationOptions,
    MetricResults,
    bootstrap_interval,
    evaluate_lists,
    evaluate_scores_in_blocks,
)
from models.recommenders import build_recommender
from spark_jobs.lake.tables import Lake, build_arrow_schema

K = 10


def fill_lake(rows: pd.DataFrame, home: Path) -> None:
    """The three tables that training reads, as a shop of these rows would have them."""
    lake = Lake(HomePaths(home).lake)
    at = rows["at"].dt.tz_localize("Europe/London").dt.tz_convert("UTC")
    customer = rows["customer"].map(
        {name: derive_customer_id(name) for name in rows["customer"].dropna().unique()}
    )
    write_rows(
        lake,
        FCT_INTERACTIONS,
        pd.DataFrame(
            {
                "interaction_id": "p" + rows.index.astype(str),
                "customer_id": customer,
                "item_id": rows["item"],
                "interaction_type": "purchase",
                "occurred_at": at,
                "quantity": rows["quantity"],
                "order_id": rows["order"],
            }
        ),
    )
    known = rows.assign(at=at, customer=customer)[rows["customer"].notna()].groupby("customer")
    write_rows(
        lake,
        FEAT_CUSTOMERS,
        pd.DataFrame(
            {
                "customer_id": list(known.groups),
                "country": known["country"].first().to_numpy(),
                "n_orders": known["order"].nunique().to_numpy(),
                "last_order_at": known["at"].max().to_numpy(),
            }
        ),
    )
    items = rows.assign(at=at).groupby("item")
    median = items["price"].median()
    write_rows(
        lake,
        FEAT_ITEMS,
        pd.DataFrame(
            {
                "item_id": list(items.groups),
                "title": items["title"].first().to_numpy(),
                "first_seen_at": items["at"].min().to_numpy(),
                "price_band": pd.qcut(median, 3, labels=["low", "middle", "high"]).astype(str).to_numpy(),
                "is_recommendable": True,
                "is_in_stock": True,
                "is_consumable": True,
            }
        ),
    )


def write_rows(lake: Lake, table: Table, rows: pd.DataFrame) -> None:
    """Rows into a table; columns that are not given are null."""
    arrays = {name: pa.array(rows[name], from_pandas=True) for name in rows.columns}
    schema = build_arrow_schema(table)
    columns = [
        arrays[f.name].cast(f.type) if f.name in arrays else pa.nulls(len(rows), f.type) for f in schema
    ]
    data = pa.Table.from_arrays(columns, schema=schema)
    lake.overwrite(data.to_reader(), table)


def run_step(name: str, home: Path, day: str, run_id: str = "benchmark") -> float:
    """One step of the night, as the DAG would start it; its seconds."""
    root = Path(__file__).resolve().parents[1]
    command = [
        sys.executable,
        "spark_jobs/run/launcher.py",
        name,
        "--from",
        day,
        "--to",
        day,
        "--run-id",
        run_id,
    ]
    start = time.monotonic()
    subprocess.run(command, cwd=root, check=True, env={**os.environ, "CONCIERGE_HOME": str(home)})
    seconds = time.monotonic() - start
    print(f"{name}: {seconds:.0f} s with the JVM's start", flush=True)
    return seconds


def measure_served_lists(data: Dataset, home: Path) -> tuple[MetricResults, dict[str, float]]:
    """What was written, measured: a customer's list, or the popular one for a customer without."""
    lake, test = Lake(HomePaths(home).lake), data.test.asked
    place = {item: n for n, item in enumerate(data.item_ids)}
    lists = {row["customer_id"]: row["items"] for row in lake.read_arrow(REC_CUSTOMER_ITEMS).to_pylist()}
    popular = next(
        row["items"]
        for row in lake.read_arrow(REC_AUDIENCE_ITEMS).to_pylist()
        if row["audience"] == "popular"
    )
    names = [derive_customer_id(data.customer_ids[customer]) for customer in test.customers]
    # What only guests ever bought is in no test; it takes its place in a list, and is a miss there.
    ranked = [[place.get(item["item_id"], -1) for item in lists.get(name, popular)] for name in names]
    had = [set(test.seen[row].indices) for row in range(len(test))]
    fresh = [[item for item in row if item not in seen] for row, seen in zip(ranked, had, strict=True)]
    orders = lake.read_arrow(FEAT_CUSTOMERS, ["customer_id", "n_orders"]).to_pylist()
    regular = [row["customer_id"] for row in orders if row["n_orders"] >= 3]
    top = {item["item_id"] for item in popular[:K]}
    shared = [len(top & {item["item_id"] for item in items[:K]}) / K for items in lists.values()]
    facts = {
        "personal lists": len(lists),
        "share of customers with 3 or more orders who have one": float(
            np.mean([name in lists for name in regular])
        ),
        "mean overlap of the first 10 with the popular list's": float(np.mean(shared)),
    }
    return evaluate_lists(
        {"discover": pad_to_k(fresh), "next": pad_to_k(ranked)}, test, len(data.item_ids)
    ), facts


def pad_to_k(rows: list[list[int]]) -> np.ndarray:
    """The first K of each row, -1 where it has fewer."""
    return np.array([(row + [-1] * K)[:K] for row in rows], np.int32)


def format_metrics(name: str, metrics: MetricResults) -> str:
    """`name   discover NDCG/recall   next NDCG/recall`."""
    figures = [
        f"{task} {np.nanmean(metrics.ndcg[task]):.4f}/{np.nanmean(metrics.recall[task]):.4f}"
        for task in TASKS
    ]
    return f"{name:<44} {'   '.join(figures)}"


def measure_single_recommender(window: TestWindow, name: str) -> MetricResults:
    """One recommender with its defaults, fitted before the cut and measured behind it."""
    fitted = build_recommender(name).fit(window.training, seed=1)
    everything = np.ones(window.asked.n_items, bool)
    return evaluate_scores_in_blocks(
        lambda places: fitted.score(window.customers(places)),
        window.asked,
        everything,
        EvaluationOptions((K,)),
    )


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=SHARED / "online_retail")
    parser.add_argument(
        "--home", type=Path, default=None, help="kept afterwards; a temporary one when left out"
    )
    args = parser.parse_args()
    rows = online_retail.read_sold_lines(args.data)
    data, cut = shuffle_items(online_retail.build_dataset(rows), seed=1), online_retail.find_test_start(rows)
    recent = measure_single_recommender(data.test, "recent_popularity")
    with tempfile.TemporaryDirectory() as temporary:
        home = args.home or Path(temporary)
        fill_lake(rows[rows["at"] < cut], home)
        for name in ("train", "score"):
            run_step(name, home, str(cut.date()))
        lists, facts = measure_served_lists(data, home)
    print(
        format_metrics("recent_popularity (14 days)", recent),
        format_metrics("the lists as served", lists),
        sep="\n",
    )
    for task in TASKS:
        lift, low, high = bootstrap_interval(lists.ndcg[task] - recent.ndcg[task])
        print(f"  {task}: NDCG@{K} over recent popularity's {lift:+.4f} [{low:+.4f}, {high:+.4f}]")
    for name, value in facts.items():
        print(f"  {name}: {value:,.3f}")


if __name__ == "__main__":
    main()
