"""How good the lists are on Online Retail, by the published protocol; one command:

    python -m benchmarks.online_retail_quality [--data ../shared/data/online_retail] [--home FOLDER]

Known customers' purchases (no `C` invoice, quantity and price above zero), goods only; the test is the last 28 days to the
minute. First every recommender alone, to set beside the published rows; then the lists as served: the `train` and `score` steps
run on a lake that ends where the test begins, and what they wrote is measured.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from expectations.contracts.identifiers import customer_id
from expectations.contracts.lake import FCT_INTERACTIONS, FEAT_CUSTOMERS, FEAT_ITEMS, REC_AUDIENCE_ITEMS, REC_CUSTOMER_ITEMS
from expectations.contracts.tables import Table
from models import features
from models.base import PURCHASE, Behaviour, Customers, Training
from models.evaluation import TASKS, Measured, interval, measure, measure_lists
from models.recommenders import make
from models.split import Case, case
from spark_jobs.tables import Lake, arrow_schema

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "online_retail"
NOT_GOODS = ("POST", "DOT", "M", "C2", "D", "S", "BANK CHARGES", "AMAZONFEE", "CRUK", "B", "PADS")
TEST = pd.Timedelta(days=28)
K = 10


def purchases(folder: Path) -> pd.DataFrame:
    """Every line sold of every customer, guests included: customer, item, at, quantity, price, order, title, country."""
    rows = pd.concat([pd.read_csv(path, dtype=str) for path in sorted(folder.glob("*.csv"))], ignore_index=True)
    rows = pd.DataFrame({
        "customer": rows["CustomerID"], "item": rows["StockCode"].str.upper(), "at": pd.to_datetime(rows["InvoiceDate"]),
        "quantity": rows["Quantity"].astype(int), "price": rows["UnitPrice"].astype(float), "order": rows["InvoiceNo"],
        "title": rows["Description"], "country": rows["Country"],
    })  # fmt: skip
    goods = ~rows["item"].isin(NOT_GOODS) & ~rows["item"].str.startswith("GIFT")
    return rows[goods & ~rows["order"].str.startswith("C") & (rows["quantity"] > 0) & (rows["price"] > 0)]


@dataclass(frozen=True)
class Split:
    """The protocol's split: days are counted back from the last purchase, so that day 0 is the first of the test."""

    training: Training
    test: Case
    customer_ids: list[str]
    item_ids: list[str]
    cut: pd.Timestamp


def split(rows: pd.DataFrame) -> Split:
    """Known customers' purchases, cut 28 days before the last."""
    known = rows[rows["customer"].notna()]
    cut = known["at"].max() - TEST
    customer_ids, customer = np.unique(known["customer"].to_numpy(str), return_inverse=True)
    item_ids, item = np.unique(known["item"].to_numpy(str), return_inverse=True)
    day = np.floor((known["at"] - cut) / pd.Timedelta(days=1)).to_numpy(np.int32)
    cells = np.unique(np.stack([customer, item, day]), axis=1).astype(np.int32)
    kind = np.full(cells.shape[1], PURCHASE, np.int8)
    whole = Behaviour(len(customer_ids), len(item_ids), *cells, kind, until=int(day.max()) + 1)
    before = known[known["at"] < cut]
    titles = before.groupby("item")["title"].agg(lambda texts: texts.mode().iloc[0]).reindex(item_ids).fillna("")
    words = [[f"word={word}" for word in dict.fromkeys(re.findall(r"[^\W\d_]{3,}", title.lower()))] for title in titles]
    few = [tokens[:4] for tokens in words]
    countries = known.groupby("customer")["country"].first().reindex(customer_ids)
    people = [[f"country={country}"] for country in countries]
    coded = [features.encode(tokens, features.vocabulary(tokens)) for tokens in (people, few)]
    content = features.encode(words, features.vocabulary(words, features.SHARED))
    everything = np.ones(len(item_ids), bool)
    test = case(whole.before(0), whole.since(0), everything)
    return Split(Training(whole.before(0), *coded, item_content=content), test, customer_ids.tolist(), item_ids.tolist(), cut)


def alone(found: Split, name: str, **parameters: object) -> Measured:
    """One recommender fitted before the cut and measured behind it."""
    fitted = make(name, parameters).fit(found.training, seed=1)
    scores = fitted.score(Customers.of(found.training, found.test.customers))
    return measure(scores, found.test, np.ones(len(found.item_ids), bool), k=K)


def fill_lake(rows: pd.DataFrame, home: Path) -> None:
    """The three tables that training reads, as a shop of these rows would have them."""
    lake = Lake(home / "lake")
    at = rows["at"].dt.tz_localize("Europe/London").dt.tz_convert("UTC")
    customer = rows["customer"].map({name: customer_id(name) for name in rows["customer"].dropna().unique()})
    put(lake, FCT_INTERACTIONS, pd.DataFrame({
        "interaction_id": "p" + rows.index.astype(str), "customer_id": customer, "item_id": rows["item"],
        "interaction_type": "purchase", "occurred_at": at, "quantity": rows["quantity"], "order_id": rows["order"],
    }))  # fmt: skip
    known = rows.assign(at=at, customer=customer)[rows["customer"].notna()].groupby("customer")
    put(lake, FEAT_CUSTOMERS, pd.DataFrame({
        "customer_id": list(known.groups), "country": known["country"].first().to_numpy(),
        "n_orders": known["order"].nunique().to_numpy(), "last_order_at": known["at"].max().to_numpy(),
    }))  # fmt: skip
    items = rows.assign(at=at).groupby("item")
    median = items["price"].median()
    put(lake, FEAT_ITEMS, pd.DataFrame({
        "item_id": list(items.groups), "title": items["title"].first().to_numpy(), "first_seen_at": items["at"].min().to_numpy(),
        "price_band": pd.qcut(median, 3, labels=["low", "middle", "high"]).astype(str).to_numpy(),
        "is_recommendable": True, "is_in_stock": True, "is_consumable": True,
    }))  # fmt: skip


def put(lake: Lake, table: Table, rows: pd.DataFrame) -> None:
    """Rows into a table; columns that are not given are null."""
    held = {name: pa.array(rows[name], from_pandas=True) for name in rows.columns}
    schema = arrow_schema(table)
    columns = [held[f.name].cast(f.type) if f.name in held else pa.nulls(len(rows), f.type) for f in schema]
    data = pa.Table.from_arrays(columns, schema=schema)
    lake.overwrite(data.to_reader(), table)


def step(name: str, home: Path, day: str) -> None:
    """One step of the night, as the DAG would start it."""
    root = Path(__file__).resolve().parents[1]
    command = [sys.executable, "spark_jobs/run_step.py", name, "--from", day, "--to", day, "--run-id", "benchmark"]
    began = time.monotonic()
    subprocess.run(command, cwd=root, check=True, env={**os.environ, "CONCIERGE_HOME": str(home)})
    print(f"{name}: {time.monotonic() - began:.0f} s with the JVM's start", flush=True)


def served(found: Split, home: Path) -> tuple[Measured, dict[str, float]]:
    """What was written, measured: a customer's list, or the popular one for a customer without."""
    lake = Lake(home / "lake")
    place = {item: n for n, item in enumerate(found.item_ids)}
    lists = {row["customer_id"]: row["items"] for row in lake.read_arrow(REC_CUSTOMER_ITEMS).to_pylist()}
    popular = next(row["items"] for row in lake.read_arrow(REC_AUDIENCE_ITEMS).to_pylist() if row["audience"] == "popular")
    names = [customer_id(found.customer_ids[customer]) for customer in found.test.customers]
    ranked = [[place[item["item_id"]] for item in lists.get(name, popular)] for name in names]
    fresh = [[item for item in row if not seen[item]] for row, seen in zip(ranked, found.test.seen, strict=True)]
    listed = {
        "discover": (first(fresh), found.test.wanted & ~found.test.seen),
        "next": (first(ranked), found.test.wanted),
    }
    orders = lake.read_arrow(FEAT_CUSTOMERS, ["customer_id", "n_orders"]).to_pylist()
    regular = [row["customer_id"] for row in orders if row["n_orders"] >= 3]
    top = {item["item_id"] for item in popular[:K]}
    shared = [len(top & {item["item_id"] for item in items[:K]}) / K for items in lists.values()]
    facts = {
        "personal lists": len(lists),
        "share of customers with 3 or more orders who have one": float(np.mean([name in lists for name in regular])),
        "mean overlap of the first 10 with the popular list's": float(np.mean(shared)),
    }
    return measure_lists(listed, found.test.known_share, len(found.item_ids)), facts


def first(rows: list[list[int]]) -> np.ndarray:
    """The first K of each row, -1 where it has fewer."""
    return np.array([(row + [-1] * K)[:K] for row in rows], np.int32)


def line(name: str, found: Measured) -> str:
    """`name   discover NDCG/recall   next NDCG/recall`."""
    figures = [f"{task} {np.nanmean(found.ndcg[task]):.4f}/{np.nanmean(found.recall[task]):.4f}" for task in TASKS]
    return f"{name:<44} {'   '.join(figures)}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--home", type=Path, default=None, help="kept afterwards; a temporary one when left out")
    given = parser.parse_args()
    rows = purchases(given.data)
    found = split(rows)
    counts = [int((found.test.wanted & keep).any(axis=1).sum()) for keep in (~found.test.seen, True)]
    print(f"{counts[1]:,} customers, {counts[0]:,} with an item that is new to them; NDCG@{K}/Recall@{K}")
    recent = alone(found, "recent_popularity")
    print(line("popularity", alone(found, "popularity")), line("recent_popularity (14 days)", recent), sep="\n")
    for name, parameters in (
        ("item_knn", {}), ("user_knn", {}), ("own_history", {}), ("content", {}), ("lightfm", {"components": 64, "epochs": 12}),
    ):  # fmt: skip
        print(line(f"{name} {parameters or ''}", alone(found, name, **parameters)), flush=True)
    with tempfile.TemporaryDirectory() as aside:
        home = given.home or Path(aside)
        fill_lake(rows[rows["at"] < found.cut], home)
        for name in ("train", "score"):
            step(name, home, str(found.cut.date()))
        lists, facts = served(found, home)
    print(line("the lists as served", lists))
    for task in TASKS:
        lift, low, high = interval(lists.ndcg[task] - recent.ndcg[task])
        print(f"  {task}: NDCG@{K} over recent popularity's {lift:+.4f} [{low:+.4f}, {high:+.4f}]")
    for name, value in facts.items():
        print(f"  {name}: {value:,.3f}")


if __name__ == "__main__":
    main()
