"""What the service reads for fold-in: the snapshot's record against the factors that were learned."""

import lmdb
import numpy as np

from expectations.contracts import snapshot
from expectations.contracts.published import Published
from models.factor_space import FactorSpace, fold_in_customer
from models.training_data import KIND_WEIGHTS, PURCHASE
from spark_jobs.publish.job import run

FACTORS = np.random.default_rng(5).normal(0, 0.5, (4, 3)).astype(np.float32)


def row(model_version: str) -> dict:
    return {
        "model_version": model_version,
        "item_ids": [f"item-0{n}" for n in range(4)],
        "n_components": 3,
        "factors": FACTORS.ravel().tolist(),
        "confidence": 10.0,
        "regularisation": 5.0,
        "half_life_days": 45.0,
        "trust": [{"most_events": 2, "weight": 0.4}, {"most_events": 5, "weight": 0.8}],
    }


def record(shop) -> bytes | None:
    folder = shop.home / "serving" / "snapshots" / Published.read(shop.home).snapshot
    with lmdb.open(str(folder), readonly=True, lock=False) as env, env.begin() as txn:
        return txn.get(snapshot.FOLD_IN)


def test_a_snapshot_places_a_customer_as_training_would(shop):
    shop.rows["rec_fold_in_v1"] = [row(shop.model_version)]
    run(shop.night("one"), shop.land())
    held = snapshot.unpack_record(snapshot.FoldInFactors, record(shop))
    assert held.item_ids == ("item-00", "item-01", "item-02", "item-03")
    assert [held.trust_in(n) for n in (1, 4, 9)] == [0.4, 0.8, 0.8]
    kinds = dict(held.kinds)
    assert kinds == {"view": 1.0, "cart": 3.0, "purchase": 5.0}
    space = FactorSpace.read(
        held.factors,
        held.gram,
        held.confidence,
        held.regularisation,
        held.half_life_days,
        list(kinds.values()),
    )
    # A purchase of item 2 today, a view of item 0 one half-life ago: 1 and 1/5 × 1/2.
    placed = space.fold_in(np.array([2, 0]), space.weigh_events(np.array([PURCHASE, 0]), np.array([0, 45])))
    exact = fold_in_customer(
        FACTORS[[0, 2]], np.array([0.1, 1.0]), FACTORS.astype(float).T @ FACTORS.astype(float), 10.0, 5.0
    )
    assert np.allclose(placed, exact, atol=2e-3), "a float16 keeps three digits"
    assert np.allclose(space.score(placed), FACTORS @ exact, atol=4e-3)
    assert KIND_WEIGHTS.tolist() == list(kinds.values())


def test_factors_of_another_model_than_the_lists_are_left_out(shop):
    shop.rows["rec_fold_in_v1"] = [row("concierge/999")]
    run(shop.night("one"), shop.land())
    assert record(shop) is None


def test_a_home_that_never_had_any_is_published_all_the_same(shop):
    run(shop.night("one"), shop.land())
    assert record(shop) is None
