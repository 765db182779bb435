"""The lake as matrices: consent is applied, days are counted once, rare attributes are dropped."""

import numpy as np
import pytest

from expectations.contracts.lake import FEAT_CUSTOMERS
from models.training_data import KINDS
from spark_jobs.learning_data.behaviour import open_learning_data
from spark_jobs.train.matrices import build_training_matrices


@pytest.fixture(scope="module")
def matrices(trained):
    with open_learning_data(trained.lake) as con:
        return build_training_matrices(con)


def test_matrices_equal_the_lake_by_hand(matrices, trained):
    """Against sets of Python: who may be personalised for, and what they did on which day."""
    consented = {
        row["customer_id"] for row in trained.lake.read_arrow(FEAT_CUSTOMERS, ["customer_id"]).to_pylist()
    }
    expected = {
        (
            row["customer_id"],
            row["item_id"],
            row["occurred_at"].date().toordinal() - 719163,
            KINDS.index(row["interaction_type"]),
        )
        for row in trained.rows
        if row["customer_id"] in consented
    }
    behaviour = matrices.training.behaviour
    customers, items = matrices.customer_ids.astype(str), matrices.item_ids.astype(str)
    got = {
        (customers[c], items[i], int(d), int(k))
        for c, i, d, k in zip(behaviour.customer, behaviour.item, behaviour.day, behaviour.kind, strict=True)
    }
    assert got == expected
    assert len(behaviour) == len(expected)
    assert customers.tolist() == sorted({row[0] for row in expected})
    assert sorted(items) == [f"item-{n:02}" for n in range(40)]
    assert behaviour.until == max(row[2] for row in expected) + 1
    known = [row for row in trained.rows if row["customer_id"]]
    everyone = {
        (row["customer_id"], row["item_id"], row["occurred_at"], row["interaction_type"]) for row in known
    }
    assert matrices.n_left_out == len(everyone) - len(expected)
    assert matrices.allowed.tolist() == [item != "item-04" for item in items], (
        "out of stock today says nothing of what was wanted"
    )
    assert matrices.consumable.tolist() == [int(item[-2:]) % 3 == 0 for item in items]


def test_the_order_of_items_says_nothing_of_their_ids(matrices):
    """Shops count their items up, so a tie that went to the lower id would go to the older item."""
    position = np.argsort(matrices.item_ids)
    assert abs(np.corrcoef(position, np.arange(40))[0, 1]) < 0.4
    assert (np.diff(position) == 1).mean() < 0.2


def test_tokens_are_frequent_and_independent_of_behaviour(matrices):
    assert set(matrices.customer_vocabulary) == {"country=France", "country=Spain"}, "Malta has too few"
    per_item = np.asarray(matrices.training.item_features.sum(axis=1)).ravel()
    # category, brand, price band, two levels of path, and the title's first four words of three letters or
    # more
    assert per_item.tolist() == [9.0] * 40


def test_a_shop_without_interactions_has_no_matrices(trained):
    with open_learning_data(trained.lake) as con:
        con.execute("delete from behaviour")
        assert build_training_matrices(con) is None
