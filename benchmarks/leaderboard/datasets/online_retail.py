"""UCI Online Retail: known customers' purchases of goods, the last 28 days held out to the minute."""

import re
from errno import ENOENT
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.leaderboard.datasets.window import Dataset, TestWindow
from models import features
from models.time_split import build_holdout_case
from models.training_data import PURCHASE, Behaviour, Training

NOT_GOODS = ("POST", "DOT", "M", "C2", "D", "S", "BANK CHARGES", "AMAZONFEE", "CRUK", "B", "PADS")
DAYS = 28
TITLE_WORDS = 4
PROTOCOL = (
    "Known customers' purchases of goods (no C invoice, quantity and price above zero); the last 28 days are"
    " the test, asked of customers with purchases before and in it. discover: what was bought before is"
    " masked and does not count; next: repeats count. Parameters and blends are chosen on the 28 days before"
    " the test."
)


def read_sold_lines(folder: Path) -> pd.DataFrame:
    """The lines sold of `read_goods_lines`."""
    rows = read_goods_lines(folder)
    return rows[~rows["order"].str.startswith("C") & (rows["quantity"] > 0)]


def read_goods_lines(folder: Path) -> pd.DataFrame:
    """Every line of goods with a price of every customer, guests included: customer, item, at, quantity
    (negative where taken back), price, order, title, country.

    Raises:
        FileNotFoundError: the folder has no day file.
    """
    paths = sorted(folder.glob("*.csv"))
    if not paths:
        raise FileNotFoundError(ENOENT, "no day file", str(folder / "YYYY-MM-DD.csv"))
    rows = pd.concat([pd.read_csv(path, dtype=str) for path in paths], ignore_index=True)
    rows = pd.DataFrame(
        {
            "customer": rows["CustomerID"],
            "item": rows["StockCode"].str.upper(),
            "at": pd.to_datetime(rows["InvoiceDate"]),
            "quantity": rows["Quantity"].astype(int),
            "price": rows["UnitPrice"].astype(float),
            "order": rows["InvoiceNo"],
            "title": rows["Description"],
            "country": rows["Country"],
        }
    )
    goods = ~rows["item"].isin(NOT_GOODS) & ~rows["item"].str.startswith("GIFT")
    return rows[goods & (rows["price"] > 0)]


def find_test_start(rows: pd.DataFrame) -> pd.Timestamp:
    """28 days before a known customer's last purchase, to the minute."""
    return rows.loc[rows["customer"].notna(), "at"].max() - pd.Timedelta(days=DAYS)


def load_online_retail(folder: Path) -> Dataset:
    """Days are counted from the test's first minute: day 0 is its first, -28 that of the window before."""
    return build_dataset(read_sold_lines(folder))


def build_dataset(rows: pd.DataFrame) -> Dataset:
    """The data set of lines as `read_sold_lines` gives them."""
    known = rows[rows["customer"].notna()]
    cut = find_test_start(rows)
    customer_ids, customer = np.unique(known["customer"].to_numpy(str), return_inverse=True)
    item_ids, item = np.unique(known["item"].to_numpy(str), return_inverse=True)
    # The last purchase of all lies 28 days after the cut to the minute: it is the end of day 27, not a day of
    # its own.
    day = np.minimum(np.floor((known["at"] - cut) / pd.Timedelta(days=1)).to_numpy(np.int32), DAYS - 1)
    cells = np.unique(np.stack([customer, item, day]), axis=1).astype(np.int32)
    kind = np.full(cells.shape[1], PURCHASE, np.int8)
    whole = Behaviour(len(customer_ids), len(item_ids), *cells, kind, until=int(day.max()) + 1)
    test = build_window(whole, known[day < 0], customer_ids, item_ids, 0)
    validation = build_window(whole, known[day < -DAYS], customer_ids, item_ids, -DAYS)
    country = (
        known[day < 0].groupby("customer")["country"].last().reindex(customer_ids).fillna("").to_numpy(str)
    )
    columns = tuple((task, f"{metric}@10") for task in ("discover", "next") for metric in ("ndcg", "recall"))
    return Dataset(
        "online_retail",
        PROTOCOL,
        test,
        validation,
        ("discover", "next"),
        (10, 20),
        columns,
        customer_ids,
        item_ids,
        {"country": country},
    )


def build_window(
    whole: Behaviour, before: pd.DataFrame, customer_ids: np.ndarray, item_ids: np.ndarray, cut: int
) -> TestWindow:
    """The 28 days from day `cut` on; `before` holds the lines that attributes, titles and prices may be read
    from.
    """
    titles = (
        before.groupby("item")["title"].agg(lambda texts: texts.mode().iloc[0]).reindex(item_ids).fillna("")
    )
    words = [
        [f"word={word}" for word in dict.fromkeys(re.findall(r"[^\W\d_]{3,}", title.lower()))]
        for title in titles
    ]
    few = [tokens[:TITLE_WORDS] for tokens in words]
    country = before.groupby("customer")["country"].last().reindex(customer_ids)
    people = [[f"country={name}"] if isinstance(name, str) else [] for name in country]
    customers, items = (
        features.encode_tokens(tokens, features.build_vocabulary(tokens)) for tokens in (people, few)
    )
    runs = [
        features.extract_letter_runs([token.removeprefix("word=") for token in tokens]) for tokens in words
    ]
    content, letters = (
        features.encode_tokens(tokens, features.build_vocabulary(tokens, features.SHARED))
        for tokens in (words, runs)
    )
    price = before.groupby("item")["price"].median().reindex(item_ids).to_numpy(np.float32)
    training = Training(
        whole.before(cut), customers, items, price, item_content=content, item_letters=letters
    )
    test_case = build_holdout_case(
        training.behaviour, whole.before(cut + DAYS).since(cut), np.ones(len(item_ids), bool), most=None
    )
    return TestWindow(training, test_case, training, tuple(titles))
