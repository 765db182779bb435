"""Large catalogues: when an index is made, and that lists through it are those of comparing with all, as far
as it says.
"""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from models import base, training_data
from models.artifact import ModelArtifact
from models.blending.weighted import WeightedBlend
from models.listing import retrieval
from models.recommenders import build_recommender
from spark_jobs.score import partitions
from spark_jobs.score.scoring_model import ScoringModel, build_item_index

N_CUSTOMERS, N_ITEMS = 300, 3000
LETTER = "\u05e9"  # ids of items are not ASCII everywhere


def scoring(*weights):
    draw = np.random.default_rng(3)
    tastes = draw.standard_normal((30, 9))
    near = {
        n: tastes[draw.integers(0, 30, n)] + 0.4 * draw.standard_normal((n, 9))
        for n in (N_CUSTOMERS, N_ITEMS)
    }
    factors = {
        "customer_factors": near[N_CUSTOMERS],
        "item_factors": near[N_ITEMS],
        "attribute_factors": np.zeros((0, 9)),
    }
    part = build_recommender("lightfm", {"components": 8}).restore(
        {name: held.astype(np.float32) for name, held in factors.items()}
    )
    ids = {
        count: training_data.encode_ids(f"{name}{n:05}" for n in range(count))
        for count, name in ((N_CUSTOMERS, ""), (N_ITEMS, LETTER))
    }
    parts = [part, build_recommender("popularity").restore({"counts": np.ones(N_ITEMS, np.float32)})][
        : len(weights)
    ]
    blend = WeightedBlend(parts, dict(zip((part.name for part in parts), weights, strict=True)))
    allowed = np.arange(N_ITEMS) % 10 != 0
    return ScoringModel(
        ModelArtifact({}, blend, ids[N_ITEMS], ids[N_CUSTOMERS]), allowed, allowed, 10, True, "concierge/1"
    )


def lists(made):
    rows = pa.table(
        {
            "customer_id": pa.array([f"{n:05}" for n in range(N_CUSTOMERS)]),
            "tokens": pa.array([[]] * N_CUSTOMERS, pa.list_(pa.string())),
            "item_ids": pa.array([[f"{LETTER}{7 * n:05}"] for n in range(N_CUSTOMERS)]),
            "days": pa.array([[3]] * N_CUSTOMERS, pa.list_(pa.int32())),
            "kinds": pa.array([[2]] * N_CUSTOMERS, pa.list_(pa.int32())),
        }
    )
    found = pa.Table.from_batches(
        partitions.score_customer_partition(made, iter(rows.to_batches()))
    ).to_pylist()
    return {row["customer_id"]: [item["item_id"] for item in row["items"]] for row in found}


def test_lists_by_an_index_equal_lists_by_comparing_all(monkeypatch):
    made = scoring(1.0)
    assert build_item_index(made) is None, "few enough to compare with all"
    monkeypatch.setattr(retrieval, "FROM_ITEMS", 2000)
    index = build_item_index(made)
    assert index.recall >= retrieval.LEAST_RECALL
    exact, near = lists(made), lists(replace(made, index=index))
    shares = [len(set(exact[one]) & set(near[one])) / len(exact[one]) for one in exact]
    assert np.mean(shares) == pytest.approx(index.recall, abs=0.03)
    assert exact.keys() == near.keys() and not any(
        item.endswith("0") for listed in near.values() for item in listed
    )


def test_a_blend_of_more_than_factors_is_compared_with_all(monkeypatch):
    monkeypatch.setattr(retrieval, "FROM_ITEMS", 2000)
    assert build_item_index(scoring(1.0, 0.5)) is None


def test_lists_do_not_depend_on_the_size_of_blocks(monkeypatch):
    made = scoring(1.0, 0.5)
    whole = lists(made)
    monkeypatch.setattr(base, "SCORES_AT_ONCE", 3000 * 40)
    assert partitions.count_customers_per_block(made) == 40 and lists(made) == whole
