"""Items are numbered in a drawn order: nothing but their numbers changes, and a tie tells nothing of the
future.
"""

from types import SimpleNamespace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from benchmarks.leaderboard.datasets.order import renumber_items, shuffle_items
from benchmarks.leaderboard.datasets.window import Dataset, TestWindow
from models.evaluation import EvaluationOptions, evaluate_scores_in_blocks
from models.time_split import build_holdout_case
from models.training_data import PURCHASE, Behaviour, Training

N_CUSTOMERS, N_ITEMS, CUT = 60, 200, 10
COLUMNS = (("discover", "hit@10"),)


def a_data_set(generator):
    """Items come onto the shelf in the order of their numbers; a customer takes a new one every day."""
    day = np.repeat(np.arange(CUT + 1), N_CUSTOMERS)
    customer = np.tile(np.arange(N_CUSTOMERS), CUT + 1)
    item = np.minimum(
        day * N_ITEMS // (CUT + 1) + generator.integers(0, N_ITEMS // (CUT + 1), len(day)), N_ITEMS - 1
    )
    cells = np.unique(np.stack([customer, item, day]), axis=1).astype(np.int32)
    whole = Behaviour(N_CUSTOMERS, N_ITEMS, *cells, np.full(cells.shape[1], PURCHASE, np.int8), until=CUT + 1)
    features = sparse.random(N_ITEMS, 5, 0.3, "csr", np.float32, random_state=1)
    known = Training(
        whole.before(CUT),
        sparse.csr_matrix((N_CUSTOMERS, 0), dtype=np.float32),
        features,
        price=np.arange(N_ITEMS, dtype=np.float32),
        category=np.arange(N_ITEMS, dtype=np.int32) % 7,
        item_content=features,
    )
    asked = build_holdout_case(known.behaviour, whole.since(CUT), np.ones(N_ITEMS, bool), most=None)
    window = TestWindow(known, asked, known, tuple(f"title {n}" for n in range(N_ITEMS)))
    ids = np.array([f"i{n}" for n in range(N_ITEMS)])
    return Dataset("made", "", window, window, ("discover",), (10,), COLUMNS, np.arange(N_CUSTOMERS), ids)


def facts(data):
    """Everything that is known of the test, by the names of items instead of their numbers."""
    window, names = data.test, data.item_ids
    behaviour, asked = window.training.behaviour, window.asked
    rows = zip(
        behaviour.customer.tolist(),
        names[behaviour.item],
        behaviour.day.tolist(),
        behaviour.kind.tolist(),
        strict=True,
    )
    pairs = [
        {(row, names[item]) for row, item in zip(*held.nonzero(), strict=True)}
        for held in (asked.seen, asked.wanted)
    ]
    order = np.argsort(names)
    training = window.training
    of_items = (training.item_features, training.item_content)
    return SimpleNamespace(
        rows=sorted(rows),
        seen=pairs[0],
        wanted=pairs[1],
        price=training.price[order].tolist(),
        category=training.category[order].tolist(),
        features=[held[order].toarray().tolist() for held in of_items],
        share=asked.known_share[order].tolist(),
        titles=[window.titles[n] for n in order],
    )


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_nothing_but_numbers_changes(seed):
    data = a_data_set(np.random.default_rng(0))
    moved = shuffle_items(data, seed)
    assert facts(moved) == facts(data)
    behaviour = moved.test.training.behaviour
    keys = list(zip(behaviour.customer, behaviour.item, behaviour.day, behaviour.kind, strict=True))
    assert keys == sorted(keys), "sorted as behaviour promises"
    assert moved.item_ids.tolist() != data.item_ids.tolist()
    assert shuffle_items(data, seed).item_ids.tolist() == moved.item_ids.tolist()


def test_a_recommender_without_an_opinion_knows_no_future():
    """All items are equal to it. With the files' numbers, the unseen ones of a low number are what nobody
    wants next.
    """
    data = a_data_set(np.random.default_rng(0))

    def hits(held):
        window = held.test
        equal = evaluate_scores_in_blocks(
            lambda rows: np.ones((len(rows), N_ITEMS), np.float32),
            window.asked,
            np.ones(N_ITEMS, bool),
            EvaluationOptions(tasks=("discover",)),
        )
        return float(np.nanmean(equal.figures["discover"]["hit@10"]))

    backwards = renumber_items(data, np.arange(N_ITEMS)[::-1])
    assert hits(backwards) > 0.3 and hits(data) < 0.01, "the control: numbers tell"
    chance = 10 / (N_ITEMS - CUT)
    drawn = np.mean([hits(shuffle_items(data, seed)) for seed in range(20)])
    assert abs(drawn - chance) < 0.03
