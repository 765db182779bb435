"""What the service reads to steer: the snapshot's weights and next-item lists against the tables."""

import lmdb
import pytest

from expectations.contracts import snapshot
from expectations.contracts.published import Published
from spark_jobs.publish.job import run

COHORT = {
    "is_personal": False,
    "most_events": 2,
    "base": 1.5,
    "neighbours": [0.1, 0.2, 0.3],
    "transitions": [0.4, 0.5, 0.6],
    "fold_in": 0.7,
}


def steering(model_version):
    return {"model_version": model_version, "half_life_places": 2.0, "cohorts": [COHORT]}


def read(shop):
    """The record, and a function that reads a list of next items."""
    folder = shop.home / "serving" / "snapshots" / Published.read(shop.home).snapshot
    with lmdb.open(str(folder), readonly=True, lock=False) as env, env.begin() as txn:
        vocabulary = snapshot.ListVocabulary.of_bytes(txn.get(snapshot.CATALOGUE))
        packed, listed = txn.get(snapshot.STEERING), txn.get(snapshot.get_next_list_key("item-00"))
        record = snapshot.unpack_record(snapshot.SteeringRecord, packed) if packed else None
        return record, [(item.item_id, item.score) for item in vocabulary.unpack(listed)] if listed else None


def test_weights_and_next_items_are_those_of_the_tables(shop):
    shop.rows["rec_steering_v1"] = [steering(shop.model_version)]
    items = [
        {"item_id": item_id, "score": score, "sources": ["transitions"]}
        for item_id, score in (("item-03", 0.8), ("item-01", 0.4))
    ]
    shop.rows["rec_item_next_v1"] = [
        {"item_id": "item-00", "items": items, "model_version": shop.model_version}
    ]
    run(shop.night("one"), shop.land())
    record, listed = read(shop)
    assert record.kinds == ("view", "cart", "purchase") and record.half_life_places == 2.0
    assert record.cohorts == ((False, 2, 1.5, (0.1, 0.2, 0.3), (0.4, 0.5, 0.6), 0.7),)
    assert listed == [("item-03", pytest.approx(0.8)), ("item-01", pytest.approx(0.4))]


def test_weights_of_another_model_than_the_lists_are_left_out(shop):
    shop.rows["rec_steering_v1"] = [steering("concierge/999")]
    run(shop.night("one"), shop.land())
    assert read(shop) == (None, None)
