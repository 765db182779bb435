"""A shop's own data: a folder with `interactions.csv`, split by the rule that the nightly training is tested by."""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.leaderboard.datasets.window import Data, Window, nothing_known
from models import features
from models.base import KINDS, PURCHASE, Behaviour, Training
from models.split import case, windows

FILE = "interactions.csv"
COLUMNS = ("customer_id", "item_id", "occurred_at")
PROTOCOL = (
    "The last window (a sixth of the history, at most 28 days) is the test, asked of customers who wanted something "
    "before and in it. discover: what they had is masked and does not count; next: repeats count. Parameters are "
    "chosen on the window before it."
)


def load(folder: Path) -> Data:
    """Columns customer_id, item_id, occurred_at; where given, interaction_type (else purchase), price and category.

    Raises:
        ValueError: a column is missing, or there are fewer than six days.
    """
    rows = pd.read_csv(folder / FILE, dtype={"customer_id": str, "item_id": str, "category": str})
    missing = [name for name in COLUMNS if name not in rows]
    if missing:
        raise ValueError(f"{folder / FILE} has no column {', '.join(missing)}")
    at = pd.to_datetime(rows["occurred_at"], utc=True)
    kind = rows["interaction_type"].map({name: n for n, name in enumerate(KINDS)}) if "interaction_type" in rows else PURCHASE
    rows = rows.assign(day=(at - pd.Timestamp(0, tz="UTC")).dt.days, kind=kind).dropna(subset=["kind"])
    cut = windows(int(rows["day"].min()), int(rows["day"].max()) + 1)
    if cut is None:
        raise ValueError(f"{folder / FILE} has fewer than six days, too few to test anything")
    customer_ids, customer = np.unique(rows["customer_id"].to_numpy(str), return_inverse=True)
    item_ids, item = np.unique(rows["item_id"].to_numpy(str), return_inverse=True)
    cells = np.unique(np.stack([customer, item, rows["day"], rows["kind"].astype(int)]), axis=1).astype(np.int32)
    bought = bool((rows["kind"] == PURCHASE).any())
    whole = Behaviour(len(customer_ids), len(item_ids), *cells[:3], cells[3].astype(np.int8), cut.until, bought)

    def window(first: int, until: int) -> Window:
        before = rows[rows["day"] < first]
        last = before.sort_values("day", kind="stable").groupby("item_id").last().reindex(item_ids)
        price = last["price"].to_numpy(np.float32) if "price" in last else None
        category = [name if isinstance(name, str) else None for name in last["category"]] if "category" in last else None
        tokens = [[] if name is None else [f"category={name}"] for name in category or [None] * len(item_ids)]
        training = Training(
            whole.before(first), nothing_known(len(customer_ids)), features.encode(tokens, features.vocabulary(tokens)), price,
            None if category is None else features.numbered(category),
        )  # fmt: skip
        asked = case(training.behaviour, whole.before(until).since(first), np.ones(len(item_ids), bool), most=None)
        return Window(training, asked, training)

    columns = tuple((task, f"{metric}@10") for task in ("discover", "next") for metric in ("ndcg", "recall"))
    return Data(
        folder.name, PROTOCOL, window(cut.test_from, cut.until), window(cut.validate_from, cut.test_from), ("discover", "next"),
        (10, 20), columns, customer_ids, item_ids,
    )  # fmt: skip
