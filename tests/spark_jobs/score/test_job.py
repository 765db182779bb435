"""The list tables of a small shop, against the rules read item by item and against the model applied without
Spark.
"""

from collections import Counter
from datetime import timedelta

import numpy as np
import pytest

from expectations.contracts.lake import (
    FEAT_CUSTOMERS,
    FEAT_ITEMS,
    REC_AUDIENCE_ITEMS,
    REC_CUSTOMER_ITEMS,
    REC_FOLD_IN,
    REC_ITEM_ITEMS,
    REC_ITEM_NEXT,
    REC_STEERING,
)
from models.artifact import DigestError
from models.blending.blend_lists import build_personal_lists
from models.training_data import Customers
from spark_jobs.learning_data.behaviour import open_learning_data
from spark_jobs.run.model_registry import open_registry
from spark_jobs.score import job
from spark_jobs.train.matrices import build_training_matrices

TABLES = (REC_CUSTOMER_ITEMS, REC_ITEM_ITEMS, REC_AUDIENCE_ITEMS)


@pytest.fixture(scope="module")
def scored(trained):
    job.run(trained.night("first"), trained.lake)
    return {
        table.name: {row[table.key[0]]: row for row in trained.lake.read_arrow(table).to_pylist()}
        for table in TABLES
    }


@pytest.fixture(scope="module")
def shown(trained):
    rows = trained.lake.read_arrow(FEAT_ITEMS).to_pylist()
    return {row["item_id"] for row in rows if row["is_recommendable"] and row["is_in_stock"]}


def ids(row):
    return [item["item_id"] for item in row["items"]]


def test_every_list_holds_only_items_that_may_be_shown(scored, shown):
    for name, lists in scored.items():
        assert lists, name
        for key, row in lists.items():
            listed, scores = ids(row), [item["score"] for item in row["items"]]
            assert set(listed) <= shown, f"{name} {key}"
            assert len(set(listed)) == len(listed) > 0, f"{name} {key}"
            assert scores == sorted(scores, reverse=True), f"{name} {key}: descending"
            assert all(item["sources"] for item in row["items"])
            assert row["model_version"] == "concierge/1"


def test_personal_lists_equal_the_model_applied_without_spark(scored, trained, shown):
    """Also what was bought is listed again only when it is consumed."""
    registry = open_registry(trained.night("looks"))
    artifact = registry.load(registry.champion())
    with open_learning_data(trained.lake) as con:
        found = build_training_matrices(con)
    items = found.item_ids.astype(str)
    allowed = np.isin(items, sorted(shown))
    everyone = Customers.from_training(found.training, np.arange(len(found.customer_ids)))
    expected = build_personal_lists(artifact.blend, everyone, allowed, found.consumable)
    bought = {
        (row["customer_id"], row["item_id"]) for row in trained.rows if row["interaction_type"] == "purchase"
    }
    consumable = dict(zip(items, found.consumable, strict=True))
    for n, customer in enumerate(found.customer_ids.astype(str)):
        row = scored["rec_customer_items_v1"][customer]
        assert ids(row) == [items[item] for item in expected.items[n] if item >= 0]
        assert all(consumable[item] for item in ids(row) if (customer, item) in bought)


def test_reason_items_are_the_customers_own_purchases(scored, trained):
    """Every piece of evidence is a purchase of this customer, and of several of that item the last."""
    last = {}
    for row in trained.rows:
        if row["interaction_type"] == "purchase":
            pair = (row["customer_id"], row["item_id"])
            last[pair] = max(row["occurred_at"].date(), last.get(pair, row["occurred_at"].date()))
    n_said = 0
    for customer, row in scored["rec_customer_items_v1"].items():
        for one in row["because"]:
            assert one["wanted_date"] == last[customer, one["item_id"]]
            listed = ids(row)[one["place"]]
            assert one["item_id"] == listed or (customer, listed) not in last, (
                "what was bought before speaks for itself"
            )
            n_said += 1
    assert n_said > 5 * len(scored["rec_customer_items_v1"])


def test_customers_with_behaviour_or_an_attribute_get_a_list(scored, trained):
    """Everybody of `feat_customers` of whom something is known: behaviour, or an attribute the
    model learned.
    """
    customers = {row["customer_id"]: row for row in trained.lake.read_arrow(FEAT_CUSTOMERS).to_pylist()}
    active = {row["customer_id"] for row in trained.rows}
    placed = {
        name for name, row in customers.items() if name in active or row["country"] in ("France", "Spain")
    }
    assert set(scored["rec_customer_items_v1"]) == placed < set(customers), (
        "one is new and of a country with too few"
    )
    new = next(name for name in sorted(placed) if name not in active)
    assert {
        source for item in scored["rec_customer_items_v1"][new]["items"] for source in item["sources"]
    } <= {
        "lightfm",
        "recent_popularity",
    }


def test_audiences_are_large_enough_and_popular_counts_guests(scored, trained, shown):
    lists = scored["rec_audience_items_v1"]
    assert set(lists) == {
        "popular",
        "new",
        "country:France",
        "country:Spain",
        "segment:regulars",
        "segment:regulars|country:France",
    }, "Malta has 3 customers, regulars in Spain are 10"
    last = max(row["occurred_at"] for row in trained.rows)
    allowed = {None, *trained.lake.read_arrow(FEAT_CUSTOMERS)["customer_id"].to_pylist()}
    bought = [
        row for row in trained.rows if row["interaction_type"] == "purchase" and row["customer_id"] in allowed
    ]
    recent = [row for row in bought if row["occurred_at"] > last - timedelta(days=14)]
    counts = Counter(
        item for item, _ in {(row["item_id"], row["customer_id"] or row["order_id"]) for row in recent}
    )
    popular = lists["popular"]["items"]
    assert [int(item["score"]) for item in popular] == [counts[item["item_id"]] for item in popular]
    assert popular[0]["item_id"] == "item-07", "a guest a day buys it"
    assert "item-39" in ids(lists["new"]), "seen first two days ago, bought by nobody"


def test_similar_items_are_bought_by_the_same_customers(scored):
    lists = {item: ids(row) for item, row in scored["rec_item_items_v1"].items()}
    right = [
        int(other[-2:]) % 2 == int(item[-2:]) % 2 for item, listed in lists.items() for other in listed[:5]
    ]
    assert np.mean(right) > 0.9
    assert all(item not in listed for item, listed in lists.items())


def test_scoring_again_writes_no_version(scored, trained):
    before = {table.name: trained.lake.version(table) for table in TABLES}
    reports = job.run(trained.night("again"), trained.lake)
    assert {table.name: trained.lake.version(table) for table in TABLES} == before
    assert all(report.n_inserted == report.n_updated == 0 for report in reports)


def test_a_model_with_changed_files_stops_scoring(scored, trained):
    champion = open_registry(trained.night("looks")).champion()
    about = trained.home / "mlflow" / "artifacts" / champion.run_id / "artifacts" / "model" / "model.json"
    content = about.read_text()
    try:
        about.write_text(content.replace("item_knn", "item_knm", 1))
        with pytest.raises(DigestError):
            job.run(trained.night("touched"), trained.lake)
    finally:
        about.write_text(content)


def test_without_an_accepted_model_only_audiences_get_lists(spark, fill, tmp_path):
    """As in a shop where nobody may be personalised for: guests bought item-07."""
    shop = fill(tmp_path, spark)
    shop.put(FEAT_CUSTOMERS, [])
    job.run(shop.night("early"), shop.lake)
    assert [shop.lake.read_arrow(table).num_rows for table in TABLES] == [0, 0, 2]
    lists = {row["audience"]: row for row in shop.lake.read_arrow(REC_AUDIENCE_ITEMS).to_pylist()}
    assert ids(lists["popular"]) == ["item-07"] and lists["new"]["model_version"] == "none"


def test_without_interactions_there_are_no_lists(spark, fill, tmp_path):
    shop = fill(tmp_path, spark, rows=[])
    reports = job.run(shop.night("early"), shop.lake)
    assert [report.table_name for report in reports] == [
        "model",
        "pred_customer_scores",
        "pred_customer_clusters",
        "pred_customer_segments",
    ]
    assert not any(shop.lake.exists(table) for table in TABLES)


def test_fold_in_factors_are_those_of_the_served_model(scored, trained):
    registry = open_registry(trained.night("looks"))
    champion = registry.champion()
    fold_in = registry.load(champion).fold_in
    [row] = trained.lake.read_arrow(REC_FOLD_IN).to_pylist()
    assert row["model_version"] == champion.model_version
    factors = np.array(row["factors"], np.float32).reshape(-1, row["n_components"])
    assert np.array_equal(factors, fold_in.als.item_factors[fold_in.als.placed])
    assert row["item_ids"] == registry.load(champion).item_ids[fold_in.als.placed].astype(str).tolist()
    assert [(one["most_events"], one["weight"]) for one in row["trust"]] == [
        tuple(one) for one in fold_in.trust
    ]
    assert [most for most, _ in fold_in.trust] == [
        2,
        5,
        20,
    ], "every night says how far fold-in is to be trusted"


def test_sessions_go_on_to_what_customers_did_beside_it(scored, trained, shown):
    """Everybody of the small shop does all of a day in one second, so what is listed is what was done beside
    it: by one kind of customer, from one half of the shelf.
    """
    rows = {row["item_id"]: row for row in trained.lake.read_arrow(REC_ITEM_NEXT).to_pylist()}
    consenting = {row["customer_id"] for row in trained.lake.read_arrow(FEAT_CUSTOMERS).to_pylist()}
    beside = {}
    for row in trained.rows:
        if row["customer_id"] in consenting:
            beside.setdefault((row["customer_id"], row["occurred_at"]), set()).add(row["item_id"])
    pairs = Counter(
        (one, other) for items in beside.values() for one in items for other in items if one != other
    )
    assert rows.keys() == {one for one, other in pairs if other in shown}
    for item_id, row in rows.items():
        assert {item["item_id"] for item in row["items"]} == {
            other for one, other in pairs if one == item_id and other in shown
        }
        assert all(0 < item["score"] <= 1 and item["sources"] == ["transitions"] for item in row["items"])
        counts = [pairs[item_id, item["item_id"]] for item in row["items"]]
        assert counts[0] == max(counts), "days hold two or three items, and all count much alike"


def test_nothing_steers_where_no_session_taught(scored, trained):
    """Nobody of the small shop goes on to anything after the first second."""
    assert trained.lake.read_arrow(REC_STEERING).num_rows == 0
