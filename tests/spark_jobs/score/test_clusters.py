"""Clusters of a small shop from the lake to the table: fitted on Spark when due, the same twice, newcomers
placed between fits, and nobody in them who may not be.
"""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from expectations.contracts.identifiers import derive_customer_id
from expectations.contracts.lake import (
    CORE_IDENTITIES,
    CORE_IDENTITY_REVIEWS,
    FCT_INTERACTIONS,
    FEAT_CUSTOMERS,
    FEAT_ITEMS,
    PRED_CUSTOMER_CLUSTERS,
)
from expectations.contracts.restrictions import CONSENTS, Permission
from expectations.contracts.restrictions_store import RestrictionDatabase
from models.groups import clusters as scaled
from models.groups.cluster_artifact import load_clustering
from models.groups.clusters import build_cluster_table
from models.model_version import CLUSTERS
from spark_jobs.lake.tables import Lake
from spark_jobs.learning_data.behaviour import open_learning_data
from spark_jobs.run.checks import check_tables
from spark_jobs.run.model_registry import open_registry
from spark_jobs.score.clusters import write_clusters
from spark_jobs.score.scorable_customers import read_scorable_customers
from spark_jobs.train import clusters
from spark_jobs.train.predictions import read_history
from tests.spark_jobs.conftest import OPENED, Shop, item

N_DAYS, N_CUSTOMERS = 60, 240
NO_ANALYTICS, HELD_BACK, SAID_NO, NEWCOMER = 0, 3, 6, 900


def person(n):
    return derive_customer_id(f"customer {n}")


def interactions(n_customers=N_CUSTOMERS):
    """A third buy every third day, a third bought twice in the first week, a third only look."""
    rows = []
    for n in range(n_customers):
        days = ((n // 3) % 3 + np.arange(0, N_DAYS - 3, 3), (1 + n % 4, 6), np.arange(n % 5, N_DAYS, 7))[
            n % 3
        ]
        rows += [build_row(len(rows) + k, n, int(day)) for k, day in enumerate(days)]
    return rows


def build_row(number, n, day):
    kind = "view" if n % 3 == 2 else "purchase"
    return {
        "interaction_id": f"x{number:06}",
        "customer_id": person(n),
        "item_id": "item-00",
        "interaction_type": kind,
        "occurred_at": datetime(OPENED.year, OPENED.month, OPENED.day, 12, tzinfo=UTC) + timedelta(days=day),
        "quantity": 1,
        "amount": Decimal(10 + n % 7),
        "order_id": f"o{number}" if kind == "purchase" else None,
    }


@pytest.fixture(scope="module")
def fitted(spark, empty_registry, tmp_path_factory):
    """The shop behind its first fit, of three to five clusters, and what the step reported."""
    home = tmp_path_factory.mktemp("clusters")
    (home / "mlflow").mkdir()
    (home / "mlflow" / "mlflow.db").write_bytes(empty_registry.read_bytes())
    shop = Shop(home, Lake(home / "lake", spark), interactions())
    shop.put(FEAT_ITEMS, [item(0)])
    put_customers(shop, shop.rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clusters, "MOST_K", 4)
        report = train(shop)
    return shop, report


@pytest.fixture
def shop(fitted):
    put_customers(fitted[0], fitted[0].rows)
    fitted[0].put(CORE_IDENTITY_REVIEWS, [])
    return fitted[0]


def put_customers(shop, rows):
    shop.put(FCT_INTERACTIONS, rows)
    ids = sorted({row["customer_id"] for row in rows})
    denied = person(NO_ANALYTICS)
    shop.put(
        FEAT_CUSTOMERS,
        [{"customer_id": each, "has_analytics_consent": False if each == denied else None} for each in ids],
    )


def train(shop, run_id="one"):
    run = shop.night(run_id)
    return clusters.train_clusters(run, shop.lake, read_history(run, shop.lake))


def score(shop):
    run = shop.night("night")
    with open_learning_data(shop.lake) as con:
        scorable = read_scorable_customers(run, shop.lake, con)
    result = write_clusters(run, shop.lake, scorable)
    rows = shop.lake.read_arrow(PRED_CUSTOMER_CLUSTERS).to_pylist()
    return result, {row["customer_id"]: row for row in rows}


def test_the_fit_finds_the_three_kinds_and_says_what_they_are(fitted, shop):
    _, report = fitted
    assert report.detail["because"] == "nothing has been fitted yet"
    assert report.detail["verdict"].startswith("accepted: silhouette 0.")
    _, rows = score(shop)
    kinds = {
        kind: {rows[person(n)]["cluster_id"] for n in range(kind + 3, N_CUSTOMERS, 3)} for kind in range(3)
    }
    assert all(len(labels) == 1 for labels in kinds.values()) and len(set.union(*kinds.values())) == 3
    assert "often" in rows[person(9)]["cluster_name"] and "Never bought" in rows[person(2)]["cluster_name"]
    assert rows[person(9)]["scored_date"] == OPENED + timedelta(days=N_DAYS)
    assert [result.passed for result in check_tables(shop.lake, ["pred_customer_clusters"])] == [True]


def test_the_run_tells_what_was_tried(fitted, shop):
    registry = open_registry(shop.night("looks"), CLUSTERS)
    champion = registry.champion()
    run = registry.client.get_run(champion.run_id)
    assert run.data.params["k"] == "3" and run.data.metrics["silhouette"] > 0.5
    tried = registry.client.search_runs(
        [run.info.experiment_id], f"tags.`mlflow.parentRunId` = '{champion.run_id}'"
    )
    assert {each.data.params["k"] for each in tried} == {"3", "4"}
    assert all(each.data.metrics["inertia"] > 0 for each in tried)
    told = json.loads(registry.download_file(champion, "clusters.json").read_text())
    assert set(told["silhouettes"]) == {"3", "4"} and sum(each["share"] for each in told["clusters"]) == 1
    assert all({"recency", "frequency", "money"} <= set(each["centre"]) for each in told["clusters"])


def test_unchanged_data_is_not_fitted_again_and_nothing_is_written_twice(shop):
    assert train(shop).detail == {"verdict": "kept: no fit is due"}
    first, rows = score(shop)
    again, same = score(shop)
    assert same == rows and again.version_after == first.version_after


def test_newcomers_are_placed_without_a_fit(shop):
    newcomer = [build_row(900_000 + n, NEWCOMER, day) for n, day in enumerate(range(0, N_DAYS - 3, 3))]
    put_customers(shop, shop.rows + newcomer)
    assert train(shop).detail == {"verdict": "kept: no fit is due"}
    _, rows = score(shop)
    assert rows[person(NEWCOMER)]["cluster_id"] == rows[person(9)]["cluster_id"]


def test_a_fit_anew_of_the_same_lake_is_the_same_to_the_byte(shop, monkeypatch):
    monkeypatch.setattr(clusters, "MOST_K", 4)
    registry = open_registry(shop.night("looks"), CLUSTERS)
    first = registry.champion()
    monkeypatch.setattr(clusters, "find_due_reason", lambda *_: "asked for")
    assert train(shop, "two").version_after == first.number + 1
    assert registry.champion().digests == first.digests


@pytest.fixture
def registry(fitted, shop):
    """The registry, which has after the test the champion that it had before."""
    registry = open_registry(shop.night("looks"), CLUSTERS)
    before = registry.champion()
    yield registry
    registry.set_champion(before.number)


def find_due_reason(shop, registry, champion):
    run = shop.night("one")
    history = read_history(run, shop.lake)
    clustering = load_clustering(registry.download_file(champion, "model"), champion.digests)
    table = build_cluster_table(history, history.until)
    return clusters.find_due_reason(registry, champion, clustering, history, table)


def register_copy(registry, champion, accepted, **tags):
    """A version of the champion's files, with other tags."""
    kept = {key: value for key, value in champion.tags.items() if not key.startswith("sha256.")}
    return registry.register(champion.run_id, champion.digests, kept | tags, accepted, champion)


def test_what_was_refused_is_not_fitted_again_the_next_night(shop, registry):
    first = registry.champion()
    last_night = json.loads(first.tags["fitted"]) | {"until": json.loads(first.tags["fitted"])["until"] - 1}
    far = {"shares": "[1.0, 0.0, 0.0]"}
    drifted = register_copy(registry, first, True, fitted=json.dumps(last_night), **far)
    assert "spread otherwise" in find_due_reason(shop, registry, drifted), "the control"
    register_copy(registry, drifted, False, fitted=json.dumps(last_night | {"n_away": 1}), verdict="refused")
    assert find_due_reason(shop, registry, drifted) is None
    other = json.dumps(last_night | {"features": "others"})
    register_copy(registry, drifted, False, fitted=other, verdict="refused")
    assert "other features" in find_due_reason(shop, registry, drifted)


def test_code_that_clusters_by_other_features_goes_on_by_the_accepted_ones(shop, registry, monkeypatch):
    _, before = score(shop)
    monkeypatch.setattr(scaled, "CLUSTERED", scaled.CLUSTERED[:-1])
    assert score(shop)[1] == before
    gone = [each for each in scaled.list_features() if each.name != "carts_90"]
    monkeypatch.setattr(scaled, "list_features", lambda: gone)
    assert score(shop)[1] == {}


def test_too_few_customers_have_no_clusters(shop):
    report = clusters.train_clusters(shop.night("one"), shop.lake, None)
    assert "0 customers did anything yet, 200 are needed" in report.detail["verdict"]


def test_nobody_is_in_a_cluster_who_may_not_be(shop):
    held, no = person(HELD_BACK), person(SAID_NO)
    _, before = score(shop)
    assert person(NO_ANALYTICS) not in before and held in before and no in before
    review = {"review_id": "r", "kind": "giant", "customer_id": held, "score": 1.0, "is_held_back": True}
    shop.put(CORE_IDENTITY_REVIEWS, [review])
    shop.put(CORE_IDENTITIES, [{"identifier_id": "i_" + "0" * 32, "customer_id": no}])
    folder = shop.night("x").settings.paths.restrictions
    folder.parent.mkdir(parents=True, exist_ok=True)
    store = RestrictionDatabase.create(folder)
    word = Permission(False, datetime(2026, 2, 20, tzinfo=UTC), "live", is_live=True)
    store.record_permission(CONSENTS, ["i_" + "0" * 32], word)
    _, after = score(shop)
    assert set(before) - set(after) == {held, no}
