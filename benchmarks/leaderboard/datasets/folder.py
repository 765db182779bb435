"""A shop's own data: a folder with `interactions.csv`, split as the nightly training is, or by a test file of
its own.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.leaderboard.datasets import folder_files as files
from benchmarks.leaderboard.datasets.gowalla import draw_holdout
from benchmarks.leaderboard.datasets.window import Dataset, TestWindow, build_empty_features
from models import features
from models.time_split import HoldoutCase, build_holdout_case, split_into_windows
from models.training_data import PURCHASE, Behaviour, Training

FILE = files.FILE
SEED = 20261128
PROTOCOL = (
    "The last window (a sixth of the history, at most 28 days) is the test, asked of customers who wanted"
    " something before and in it. discover: what they had is masked and does not count; next: repeats count."
    " Parameters are chosen on the window before it."
)
OWN_TEST = (
    "Everything in interactions.csv is fitted, test.csv is asked for: {asked:,} customers. Of its {rows:,}"
    " rows {unknown:,} are of customers who wanted nothing before, who are not asked; {new:,} are of items"
    " that interactions.csv does not have, which count. Parameters are chosen on a tenth of each customer's"
    " items, held out at random."
)


def load_folder(folder: Path) -> Dataset:
    """The data set of a folder; benchmarks/README.md has the files, their columns and what is allowed in
    them.

    Raises:
        ValueError: something cannot be read, or leaves nobody to ask; says what.
    """
    test_rows = files.read_test_rows(folder)
    rows = files.read_interactions(folder, times_wanted=test_rows is None)
    protocol = files.read_protocol(folder)
    return (
        split_by_time(folder, rows, protocol)
        if test_rows is None
        else split_by_test_file(folder, rows, test_rows, protocol)
    )


def split_by_time(folder: Path, rows: pd.DataFrame, protocol: dict[str, list]) -> Dataset:
    """Split where the nightly training would be."""
    first, last = int(rows["day"].min()), int(rows["day"].max())
    cut = split_into_windows(first, last + 1)
    if cut is None:
        raise ValueError(
            f"{folder / FILE} has {last - first + 1} days, fewer than six days, too few to test anything"
        )
    customer_ids, item_ids, whole = build_behaviour(rows, until=cut.until)

    def window(begins: int, until: int) -> TestWindow:
        training = build_training(whole.before(begins), rows[rows["day"] < begins], item_ids)
        test_case = build_holdout_case(
            training.behaviour, whole.before(until).since(begins), np.ones(len(item_ids), bool), most=None
        )
        return TestWindow(training, test_case, training)

    test, validation = window(cut.test_from, cut.until), window(cut.validate_from, cut.test_from)
    there = np.unique(whole.since(cut.test_from).wanted().customer)
    refuse_empty_test(
        folder, test.asked, f"the days {format_day(cut.test_from)} to {format_day(cut.until - 1)}", len(there)
    )
    return build_dataset(
        folder, PROTOCOL, (test, validation), protocol, (customer_ids, item_ids), ("discover", "next")
    )


def split_by_test_file(
    folder: Path, rows: pd.DataFrame, test_rows: pd.DataFrame, protocol: dict[str, list]
) -> Dataset:
    """Split as the folder's own test file says."""
    until = int(rows["day"].max()) + 1
    after = test_rows.assign(day=until, kind=PURCHASE if (rows["kind"] == PURCHASE).any() else 0)
    customer_ids, item_ids, whole = build_behaviour(pd.concat([rows, after], ignore_index=True), until + 1)
    known, later, allowed = whole.before(until), whole.since(until), np.ones(len(item_ids), bool)
    of = build_holdout_case(known, later, allowed, most=None)
    refuse_empty_test(folder, of, files.TEST_FILE, test_rows["customer_id"].nunique())
    before = known.wanted()
    protocol_text = OWN_TEST.format(
        asked=len(of),
        rows=len(test_rows),
        new=int((~test_rows["item_id"].isin(rows["item_id"])).sum()),
        unknown=int((~test_rows["customer_id"].isin(customer_ids[before.customer])).sum()),
    )
    out = draw_holdout(before, np.random.default_rng(SEED))
    earlier = known.where(~np.isin(number_pairs(known), number_pairs(before)[out]))
    hidden = move_to_day(before.where(out), until)
    windows_of = [
        TestWindow(build_training(held, rows, item_ids), asks, build_training(held, rows, item_ids))
        for held, asks in ((known, of), (earlier, build_holdout_case(earlier, hidden, allowed, most=None)))
    ]
    return build_dataset(
        folder, protocol_text, tuple(windows_of), protocol, (customer_ids, item_ids), ("discover",)
    )


def number_pairs(behaviour: Behaviour) -> np.ndarray:
    """int64: a number for each entry's customer and item, equal for equal pairs."""
    return behaviour.customer.astype(np.int64) * behaviour.n_items + behaviour.item


def move_to_day(behaviour: Behaviour, day: int) -> Behaviour:
    """The same behaviour, all of it on this day."""
    return replace(behaviour, day=np.full(len(behaviour), day, np.int32), until=day + 1)


def build_behaviour(rows: pd.DataFrame, until: int) -> tuple[np.ndarray, np.ndarray, Behaviour]:
    """Ids of customers and of items, sorted, and what was done with what."""
    customer_ids, customer = np.unique(rows["customer_id"].to_numpy(str), return_inverse=True)
    item_ids, item = np.unique(rows["item_id"].to_numpy(str), return_inverse=True)
    cells = np.unique(np.stack([customer, item, rows["day"], rows["kind"].astype(int)]), axis=1).astype(
        np.int32
    )
    has_purchases = bool((rows["kind"] == PURCHASE).any())
    behaviour = Behaviour(
        len(customer_ids), len(item_ids), *cells[:3], cells[3].astype(np.int8), until, has_purchases
    )
    return customer_ids, item_ids, behaviour


def build_training(behaviour: Behaviour, rows: pd.DataFrame, item_ids: np.ndarray) -> Training:
    """The behaviour with what these rows, the latest of each item, say of prices and categories."""
    last = rows.sort_values("day", kind="stable").groupby("item_id").last().reindex(item_ids)
    price = last["price"].to_numpy(np.float32) if "price" in last else None
    if "category" not in last:
        return Training(
            behaviour, build_empty_features(behaviour.n_customers), build_empty_features(len(item_ids)), price
        )
    categories = [text.split(files.BETWEEN) if isinstance(text, str) else [] for text in last["category"]]
    categories = [[name.strip() for name in names if name.strip()] for names in categories]
    tokens = [[f"category={name}" for name in names] for names in categories]
    numbers = features.number_names([names[0] if names else None for names in categories])
    content = features.encode_tokens(tokens, features.build_vocabulary(tokens, features.SHARED))
    few = features.encode_tokens(tokens, features.build_vocabulary(tokens))
    return Training(
        behaviour, build_empty_features(behaviour.n_customers), few, price, numbers, item_content=content
    )


def refuse_empty_test(folder: Path, test_case: HoldoutCase, where: str, n_there: int) -> None:
    """Refuse a test that asks nobody: it would be a table of dashes."""
    if not len(test_case):
        raise ValueError(
            f"{folder}: nobody to ask: {n_there:,} customers wanted something in {where}, none of them wanted"
            " anything before"
        )


def build_dataset(
    folder: Path,
    protocol_text: str,
    windows: tuple[TestWindow, TestWindow],
    protocol: dict[str, list],
    ids: tuple[np.ndarray, np.ndarray],
    usual_tasks: tuple[str, ...],
) -> Dataset:
    """The data set with the folder's own cuts, figures and tasks, or the usual ones.

    Args:
        windows: of the test and of the validation.
        ids: of customers and of items.
    """
    cuts = tuple(protocol.get("cuts", (10, 20)))
    tasks = tuple(protocol.get("tasks", usual_tasks))
    figures = protocol.get("figures", ["ndcg", "recall"])
    shown_cuts = cuts if "cuts" in protocol else cuts[:1]
    columns = tuple((task, f"{figure}@{cut}") for task in tasks for cut in shown_cuts for figure in figures)
    return Dataset(folder.resolve().name, protocol_text, *windows, tasks, cuts, columns, *ids)


def format_day(day: int) -> str:
    """A day counted from 1970-01-01, as text."""
    return str(np.datetime64(day, "D"))
