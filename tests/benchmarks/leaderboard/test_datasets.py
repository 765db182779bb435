"""Each loader on files of a few lines: who is asked what, what may be known, and that nothing behind a cut is
read before it.
"""

import gzip
import json

import numpy as np
import pandas as pd
import pytest

from benchmarks.leaderboard.datasets import read_dataset
from benchmarks.leaderboard.datasets.gowalla import draw_holdout
from models.evaluation import evaluate_lists
from models.training_data import KINDS, Behaviour


def wanted(window):
    """What is asked of whom: (customer, item) pairs."""
    rows, items = window.asked.wanted.nonzero()
    return sorted(zip(window.asked.customers[rows].tolist(), items.tolist(), strict=True))


@pytest.fixture
def retail(tmp_path):
    """Three known customers and a guest; the last known purchase is on 29 March at noon, so the test begins
    on 1 March.
    """
    lines = [
        ("1", "A", "LAMP RED", "2011-01-10 09:00", 2.0, "10", "Spain"),
        ("1", "A", "LAMP RED", "2011-01-10 09:00", 2.0, "10", "Spain"),
        ("2", "A", "LAMP RED", "2011-01-20 09:00", 2.0, "11", "Spain"),
        ("1", "K", "LAMP BLUE", "2011-02-10 09:00", 3.0, "12", "Spain"),
        ("2", "k", "LAMP BLUE", "2011-03-01 11:59", 5.0, "13", "Spain"),
        ("1", "Z", "ROPE", "2011-03-01 12:00", 9.0, "14", "France"),
        ("2", "A", "LAMP PINK", "2011-03-29 12:00", 7.0, "15", "Spain"),
        ("3", "A", "LAMP RED", "2011-03-20 09:00", 2.0, "16", "Spain"),
        (None, "A", "LAMP RED", "2011-03-29 13:00", 2.0, "17", "Spain"),
        ("1", "POST", "POSTAGE", "2011-03-02 09:00", 2.0, "18", "Spain"),
        ("1", "K", "LAMP BLUE", "2011-03-02 09:00", 2.0, "C19", "Spain"),
    ]
    columns = ["CustomerID", "StockCode", "Description", "InvoiceDate", "UnitPrice", "InvoiceNo", "Country"]
    (tmp_path / "online_retail").mkdir()
    pd.DataFrame(lines, columns=columns).assign(Quantity=1).to_csv(
        tmp_path / "online_retail" / "2011.csv", index=False
    )
    return read_dataset("online_retail", tmp_path)


def test_online_retail(retail):
    """The cut is to the minute, the last purchase of all is in the test, customer 3 bought nothing before it
    and is not asked.
    """
    assert retail.item_ids.tolist() == ["A", "K", "Z"]
    assert wanted(retail.test) == [(0, 2), (1, 0)]
    assert retail.test.asked.seen.toarray().tolist() == [[True, True, False], [True, True, False]]
    assert wanted(retail.validation) == [(0, 1), (1, 1)]
    assert len(retail.test.training.behaviour) == 4  # the line twice in one invoice is one cell
    assert retail.test.training.behaviour.until == 0 and retail.validation.training.behaviour.until == -28


def test_online_retail_reads_prices_titles_and_countries_before_the_cut(retail):
    assert retail.test.training.price.tolist() == pytest.approx([2.0, 4.0, np.nan], nan_ok=True)
    assert retail.validation.training.price.tolist() == pytest.approx([2.0, np.nan, np.nan], nan_ok=True)
    assert retail.test.titles == ("LAMP RED", "LAMP BLUE", "")
    assert retail.validation.titles == ("LAMP RED", "", "")
    assert retail.labels["country"].tolist() == ["Spain", "Spain", ""]


def test_gowalla(tmp_path):
    (tmp_path / "gowalla").mkdir()
    train = [(0, item) for item in range(10)] + [(1, 3), (1, 4)]
    for name, rows in (("train", train), ("test", [(0, 10), (1, 0), (1, 10)])):
        with gzip.open(tmp_path / "gowalla" / f"{name}.csv.gz", "wt") as file:
            file.write("user_id,item_id\n" + "".join(f"{user},{item}\n" for user, item in rows))
    data = read_dataset("gowalla", tmp_path)
    assert wanted(data.test) == [(0, 10), (1, 0), (1, 10)]
    assert len(data.test.training.behaviour) == 12
    [(user, item)] = wanted(data.validation)  # a tenth of ten; of two, rounded down, none
    known = data.validation.training.behaviour
    assert user == 0 and item < 10 and item not in known.item[known.customer == 0]
    assert len(known) == 11


def test_a_tenth_of_each_users_items_is_held_out():
    n = np.array([30, 9, 25])
    customer = np.repeat(np.arange(3, dtype=np.int32), n)
    item = np.concatenate([np.arange(each, dtype=np.int32) for each in n])
    nothing = np.zeros(len(item), np.int32)
    out = draw_holdout(
        Behaviour(3, 30, customer, item, nothing, nothing.astype(np.int8), 1), np.random.default_rng(0)
    )
    assert np.bincount(customer[out], minlength=3).tolist() == [3, 0, 2]


def test_beauty(tmp_path):
    """Fitted on all but the last two; the item before the last is known when asked, and is the validation's
    answer.
    """
    (tmp_path / "beauty").mkdir()
    (tmp_path / "beauty" / "Beauty.txt").write_text("7 5 6 8 9\n8 6 5 9 8\n")
    (tmp_path / "beauty" / "Beauty_item2attributes.json").write_text(json.dumps({"5": [1, 2], "6": [1]}))
    data = read_dataset("beauty", tmp_path)
    assert data.item_ids.tolist() == [5, 6, 8, 9] and data.customer_ids.tolist() == [7, 8]
    assert wanted(data.test) == [(0, 3), (1, 2)] and wanted(data.validation) == [(0, 2), (1, 3)]
    fitted = data.test.training.behaviour
    assert sorted(zip(fitted.customer.tolist(), fitted.item.tolist(), fitted.day.tolist(), strict=True)) == [
        (0, 0, -3),
        (0, 1, -2),
        (1, 0, -2),
        (1, 1, -3),
    ]
    assert data.test.customers(np.array([0])).behaviour.item.tolist() == [0, 1, 2]
    assert data.test.asked.seen.toarray()[0].tolist() == [True, True, True, False]
    assert data.validation.customers(np.array([0])).behaviour.item.tolist() == [0, 1]
    assert data.validation.training.behaviour.day.max() == -3, (
        "the item before it is known and was not fitted, as in the test"
    )
    # what one item alone has says nothing
    assert data.test.training.item_features.toarray().sum(axis=1).tolist() == [
        1,
        1,
        0,
        0,
    ]


def test_retailrocket(tmp_path):
    """Visitor 0 has two purchases left: the last is the validation's answer, all they did with it and later
    is taken out.
    """
    (tmp_path / "retailrocket").mkdir()
    day = 86_400
    events = [
        (1 * day, 0, "view", 1),
        (2 * day, 0, "transaction", 1),
        (3 * day, 0, "view", 2),
        (4 * day, 0, "transaction", 2),
        (5 * day, 0, "view", 3),
        (6 * day, 1, "view", 2),
        (7 * day, 1, "transaction", 2),
    ]
    pd.DataFrame(events, columns=["timestamp", "visitor_id", "event", "item_id"]).to_csv(
        tmp_path / "retailrocket" / "events.csv", index=False
    )
    (tmp_path / "retailrocket" / "test_purchases.csv").write_text(
        "timestamp,visitor_id,item_id\n1,0,9\n1,1,1\n"
    )
    data = read_dataset("retailrocket", tmp_path)
    assert data.item_ids.tolist() == [1, 2, 3, 9]
    assert wanted(data.test) == [(0, 3), (1, 0)]
    assert data.test.asked.seen.toarray().tolist() == [[True, True, True, False], [False, True, False, False]]
    assert wanted(data.validation) == [(0, 1)]
    known = data.validation.customers(np.array([0])).behaviour
    assert [(int(item), KINDS[kind]) for item, kind in zip(known.item, known.kind, strict=True)] == [
        (0, "view"),
        (0, "purchase"),
    ]
    assert (data.validation.training.behaviour.customer == 1).sum() == 2


def test_an_unknown_name_is_said():
    with pytest.raises(ValueError, match="unknown data 'nonsense'; there are online_retail, gowalla"):
        read_dataset("nonsense")


@pytest.mark.real_data
def test_gowalla_popularity_comes_out_as_published(real_data):
    """NDCG@20 .0317 over 29,858 users; the lists are made here, by walking down the order, so that only
    figures are ours.
    """
    data = read_dataset("gowalla", real_data)
    asked, behaviour = data.test.asked, data.test.training.behaviour
    assert (len(behaviour), asked.wanted.nnz, len(asked)) == (810_128, 217_242, 29_858)
    order = np.argsort(-np.bincount(behaviour.item, minlength=behaviour.n_items), kind="stable")
    lists = np.full((len(asked), 20), -1, np.int32)
    for row in range(len(asked)):
        seen = asked.seen.indices[asked.seen.indptr[row] : asked.seen.indptr[row + 1]]
        first = order[: 20 + len(seen)]
        lists[row] = first[~np.isin(first, seen)][:20]
    found = evaluate_lists({"discover": lists}, asked, behaviour.n_items)
    assert np.mean(found.ndcg["discover"]) == pytest.approx(0.0317, abs=5e-5)
