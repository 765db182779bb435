"""Online Retail as a history of customers: what known customers bought and brought back, day by day."""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.leaderboard.datasets.online_retail import read_goods_lines
from models.predictions.history import PURCHASE, RETURN, UNKNOWN_CATEGORY, CustomerHistory


def load_history(folder: Path) -> CustomerHistory:
    """The history of every customer with a number; the shop names no categories and logs no visits."""
    lines = read_goods_lines(folder)
    lines = lines[lines["customer"].notna()]
    customer_ids, customer = np.unique(lines["customer"].to_numpy(str), return_inverse=True)
    rows = pd.DataFrame(
        {
            "customer": customer,
            "day": (lines["at"].dt.normalize() - pd.Timestamp(0)).dt.days.to_numpy(),
            "kind": np.where(lines["quantity"] > 0, PURCHASE, RETURN),
            "n": 1,
            "amount": (lines["quantity"] * lines["price"]).abs().to_numpy(),
        }
    )
    rows = rows.groupby(["customer", "day", "kind"], as_index=False).sum()
    return CustomerHistory(
        len(customer_ids),
        rows["customer"].to_numpy(np.int32),
        rows["day"].to_numpy(np.int32),
        rows["kind"].to_numpy(np.int8),
        rows["n"].to_numpy(np.int32),
        rows["amount"].to_numpy(np.float64),
        np.full(len(rows), UNKNOWN_CATEGORY, np.int32),
        until=int(rows["day"].max()) + 1,
    )


def summarise_customers(history: CustomerHistory, cut: int) -> pd.DataFrame:
    """What BG/NBD and Gamma-Gamma read at a cut: frequency (days with a repeat purchase), recency, T and the
    mean amount of such a day; in days, as Fader et al. (2005) count them.
    """
    past = history.before(cut)
    past = past.where(past.kind == PURCHASE)
    days = pd.DataFrame({"customer_id": past.customer, "day": past.day, "amount": past.amount})
    days = days.groupby(["customer_id", "day"], as_index=False)["amount"].sum()
    of = days.groupby("customer_id")
    first = of["day"].min()
    repeats = days[days["day"] > days["customer_id"].map(first)]
    return pd.DataFrame(
        {
            "customer_id": first.index,
            "frequency": (of["day"].count() - 1).to_numpy(),
            "recency": (of["day"].max() - first).to_numpy(),
            "T": (cut - first).to_numpy(),
            "monetary_value": repeats.groupby("customer_id")["amount"]
            .mean()
            .reindex(first.index)
            .fillna(0.0),
        }
    ).reset_index(drop=True)
