"""Traits of a small shop from the lake to the table: who has a score, when it is fitted anew, and that two
runs write the same.
"""

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
    PRED_CUSTOMER_SCORES,
)
from expectations.contracts.restrictions import CONSENTS, Permission
from expectations.contracts.restrictions_store import RestrictionDatabase
from models.model_version import PREDICTIONS
from spark_jobs.lake.tables import Lake
from spark_jobs.learning_data.behaviour import open_learning_data
from spark_jobs.run.checks import check_tables
from spark_jobs.run.model_registry import open_registry
from spark_jobs.score.predictions import write_predictions
from spark_jobs.score.scorable_customers import read_scorable_customers
from spark_jobs.train.predictions import read_history, train_predictions
from tests.spark_jobs.conftest import OPENED, Shop, item

N_DAYS, N_CUSTOMERS = 60, 400
DENIED, HELD_BACK, SAID_NO = 0, 1, 2  # regular buyers, all three


def person(n):
    return derive_customer_id(f"customer {n}")


def interactions():
    """A third buy every fourth day and go on, a third stop for good by the thirtieth, a third only look."""
    generator, rows = np.random.default_rng(4), []
    for n in range(N_CUSTOMERS):
        end = generator.integers(10, 30) if n % 3 == 1 else N_DAYS
        for day in range(int(end)):
            if generator.random() < 0.25:
                kind = "view" if n % 3 == 2 else "purchase"
                at = datetime(OPENED.year, OPENED.month, OPENED.day, 12, tzinfo=UTC) + timedelta(days=day)
                rows.append(
                    {
                        "interaction_id": f"x{len(rows):06}",
                        "customer_id": person(n),
                        "item_id": "item-00",
                        "interaction_type": kind,
                        "occurred_at": at,
                        "quantity": 1,
                        "amount": Decimal(10 + n % 7),
                        "order_id": f"o{len(rows)}" if kind == "purchase" else None,
                    }
                )
    return rows


@pytest.fixture
def shop(tmp_path, empty_registry):
    (tmp_path / "mlflow").mkdir()
    (tmp_path / "mlflow" / "mlflow.db").write_bytes(empty_registry.read_bytes())
    shop = Shop(tmp_path, Lake(tmp_path / "lake"), interactions())
    shop.put(FCT_INTERACTIONS, shop.rows)
    shop.put(FEAT_ITEMS, [item(0)])
    shop.put(
        FEAT_CUSTOMERS,
        [
            {"customer_id": person(n), "has_analytics_consent": False if n == DENIED * 3 else None}
            for n in range(N_CUSTOMERS)
        ],
    )
    return shop


def train(shop, run_id="one"):
    run = shop.night(run_id)
    return train_predictions(run, shop.lake, read_history(run, shop.lake))


def score(shop, run_id="night"):
    with open_learning_data(shop.lake) as con:
        scorable = read_scorable_customers(shop.night(run_id), shop.lake, con)
    result = write_predictions(shop.night(run_id), shop.lake, scorable)
    rows = shop.lake.read_arrow(PRED_CUSTOMER_SCORES).to_pylist()
    return result, {(row["customer_id"], row["trait"]): row for row in rows}


def test_a_night_fits_once_scores_whom_it_may_and_writes_nothing_twice(shop):
    report = train(shop)
    assert report.detail["because"] == "nothing has been fitted yet"
    assert report.detail["purchase_7d"].startswith("accepted: auc")
    assert "history is too short: 60 days" in report.detail["spend_60d"]
    first, rows = score(shop)
    assert {trait for _, trait in rows} == {"purchase_7d"}
    buyer, gone = rows[person(3), "purchase_7d"], rows[person(4), "purchase_7d"]
    assert buyer["probability"] > 0.7 > 0.1 > gone["probability"] and buyer["decile"] > gone["decile"]
    assert buyer["scored_date"] == OPENED + timedelta(days=N_DAYS) and buyer["expected_spend"] is None
    assert buyer["model_version"] == "concierge_predictions/1" and buyer["reasons"]
    assert (person(DENIED * 3), "purchase_7d") not in rows
    assert [result.passed for result in check_tables(shop.lake, ["pred_customer_scores"])] == [True]
    assert train(shop).detail == {"verdict": "kept: no fit is due"}
    again, same = score(shop)
    assert same == rows and again.version_after == first.version_after
    registry = open_registry(shop.night("looks"), PREDICTIONS)
    assert registry.champion().tags["seed"] == "11"
    assert "certificate" in registry.download_file(registry.champion(), "predictions.json").read_text()
    assert open_registry(shop.night("looks")).champion() is None, "recommenders have a model of their own"


def test_nobody_is_scored_whom_a_review_or_a_restriction_names(shop):
    train(shop)
    held, no = person(HELD_BACK * 3), person(SAID_NO * 3)
    _, before = score(shop)
    assert (held, "purchase_7d") in before and (no, "purchase_7d") in before
    review = {"review_id": "r", "kind": "giant", "customer_id": held, "score": 1.0, "is_held_back": True}
    shop.put(CORE_IDENTITY_REVIEWS, [review])
    shop.put(CORE_IDENTITIES, [{"identifier_id": "i_" + "0" * 32, "customer_id": no}])
    shop.night("x").settings.paths.restrictions.parent.mkdir(parents=True)
    store = RestrictionDatabase.create(shop.night("x").settings.paths.restrictions)
    word = Permission(False, datetime(2026, 2, 20, tzinfo=UTC), "live", is_live=True)
    store.record_permission(CONSENTS, ["i_" + "0" * 32], word)
    _, after = score(shop)
    assert {customer for customer, _ in before} - {customer for customer, _ in after} == {held, no}


def test_restrictions_that_cannot_be_read_leave_nobody_with_a_score(shop):
    train(shop)
    assert score(shop)[1]
    folder = shop.night("x").settings.paths.restrictions
    folder.mkdir(parents=True)
    (folder / "data.mdb").write_bytes(b"not a database")
    assert score(shop)[1] == {}


def test_without_an_accepted_predictor_the_table_is_empty(shop):
    shop.put(FCT_INTERACTIONS, shop.rows[:50])
    report = train(shop)
    assert all("refused" in verdict for trait, verdict in report.detail.items() if trait != "because")
    assert score(shop)[1] == {}


def test_a_newer_refusal_takes_the_champion_away(shop):
    train(shop)
    later = [row for row in shop.rows if row["occurred_at"].date() < OPENED + timedelta(days=50)]
    last = next(row for row in later if row["customer_id"] == person(3))
    late = datetime(2026, 5, 1, tzinfo=UTC)  # the shop closed for two months
    shop.put(FCT_INTERACTIONS, [*later, {**last, "interaction_id": "z", "occurred_at": late}])
    report = train(shop, "two")
    assert "days old" in report.detail["because"] and "refused" in report.detail["purchase_7d"]
    assert open_registry(shop.night("looks"), PREDICTIONS).champion() is None
    assert score(shop)[1] == {}


def test_the_same_lake_and_seed_give_the_same_files(shop):
    train(shop)
    registry = open_registry(shop.night("looks"), PREDICTIONS)
    first = registry.champion()
    shop.put(FEAT_CUSTOMERS, [{"customer_id": person(n)} for n in range(N_CUSTOMERS // 2)])
    shop.put(
        FEAT_CUSTOMERS,
        [
            {"customer_id": person(n), "has_analytics_consent": False if n == DENIED * 3 else None}
            for n in reversed(range(N_CUSTOMERS))
        ],
    )
    registry.client.delete_registered_model("concierge_predictions")
    train(shop)
    assert registry.champion().digests == first.digests


def test_nobody_did_anything_yet(shop):
    shop.put(FCT_INTERACTIONS, [])
    assert "nobody did anything" in train(shop).detail["verdict"]
    assert score(shop)[1] == {}
