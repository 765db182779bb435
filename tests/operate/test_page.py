"""The page after `make run` says what the rows and columns of its leaderboard mean, once each, and nothing
without one.
"""

import json
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from rich.console import Console

from expectations.contracts.lake import (
    CORE_IDENTIFIERS,
    CORE_IDENTITIES,
    CORE_IDENTITY_REVIEWS,
    CORE_ITEMS,
    FEAT_CUSTOMERS,
)
from expectations.contracts.published import Published
from expectations.contracts.shop_clock import set_next_landing_day
from operate import next_steps, page
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.tables import Lake
from spark_jobs.publish.summary import collect_file_notes, pick_example_customer

ROW = {
    "quality": {"mean": 0.3, "low": 0.2, "high": 0.4},
    **{task: {"ndcg": {"mean": 0.3, "low": 0.2, "high": 0.4}} for task in ("discover", "next")},
}


def test_every_column_and_every_row_that_is_no_recommender_is_explained(capsys):
    summary = {
        "model": {"n_test_customers": 1278, "leaderboard": {"item_knn": ROW, "found": ROW, "served": ROW}}
    }
    Console(width=110).print(page.tabulate_model(summary))
    said = capsys.readouterr().out
    assert "(1,278 customers)" in said and "served" in said
    lines = page.describe_legend(summary).splitlines()
    assert [line.split(":")[0].strip() for line in lines[:-1]] == [
        "served",
        "found",
        "quality",
        "discover",
        "next",
    ]
    assert "recommender alone" in lines[-1]
    assert page.describe_legend({"model": {}}) == ""


def test_the_first_items_reason_is_told_as_the_service_says_it():
    item = {
        "item_id": "i-1",
        "title": "Wild Jar",
        "reason": "chosen for this customer (by ease); wanted i-7 on 2026-02-11",
    }
    assert (
        page.format_reason({"who": "known, 9 orders", "before": {"items": [item]}})
        == "Why Wild Jar is first for the visitor known, 9 orders: chosen for this customer (by ease); wanted"
        " i-7 on 2026-02-11."
    )


def test_what_files_lack_is_told_once_each():
    short = {"day": "2026-01-09", "n_keys": 310, "n_before": 1000}
    details = {
        "core_items": {"n_ended": 2, "suspicious_whole_files": [short]},
        "core_order_lines": {
            "n_files_without_records": 1,
            "files_without_records": ["shop/orders/2026-01-09/1.csv"],
        },
        "core_people": {"n_ended": 0},
    }
    rows = [
        {"step": "ingest", "table_name": name, "detail": json.dumps(detail)}
        for name, detail in details.items()
    ]
    assert page.describe_files({"files": collect_file_notes(rows)}) == [
        "core_items: 2 ended, because a whole file no longer names them.",
        "core_items: the file of 2026-01-09 names 310, the one before 1,000; nothing it lacks was ended.",
        "core_order_lines: 1 files hold no record: shop/orders/2026-01-09/1.csv.",
    ]
    assert page.describe_files({"files": collect_file_notes(rows[2:])}) == []


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Four users; `u-2` and `u-3` have two orders each, `u-4` has nine and is held back until a person has
    decided.
    """
    monkeypatch.setenv("CONCIERGE_HOME", str(tmp_path))
    lake, at = Lake(tmp_path / "lake"), datetime(2026, 1, 5, tzinfo=UTC)
    users = [
        {
            "identifier_id": f"i_{n}",
            "kind": "user_id",
            "source": "sample_shop",
            "value": f"u-{n}",
            "value_normalised": f"u-{n}",
            "first_seen_at": at + timedelta(days=n),
        }
        for n in (1, 2, 3, 4)
    ]
    for kind, value in (("crm_id", "c-3"), ("email", "a@shop.example")):
        users.append(users[2] | {"identifier_id": f"i_{value}", "kind": kind, "value": value})
    flags = dict.fromkeys(("is_in_stock", "is_consumable", "is_goods", "is_recommendable"), True)
    owners = {f"i_{n}": f"c_{9 - n}" for n in (1, 2, 3, 4)} | {"i_c-3": "c_6", "i_a@shop.example": "c_6"}
    orders = {"c_8": 1, "c_7": 2, "c_6": 2, "c_5": 9}
    review = {"review_id": "r_1", "kind": "giant", "customer_id": "c_5", "score": 1.0, "is_held_back": True}
    rows = (
        (CORE_IDENTIFIERS, users),
        (
            CORE_IDENTITIES,
            [{"identifier_id": name, "customer_id": customer} for name, customer in owners.items()],
        ),
        (
            CORE_ITEMS,
            [
                {"item_id": item_id, "first_seen_at": at, "updated_at": at, **flags}
                for item_id in ("i-2", "i-1")
            ],
        ),
        (CORE_IDENTITY_REVIEWS, [review]),
        (FEAT_CUSTOMERS, [{"customer_id": customer_id, "n_orders": n} for customer_id, n in orders.items()]),
    )
    for table, lines in rows:
        whole = [dict.fromkeys(table.columns) | line for line in lines]
        write_deltalake(lake.path(table), pa.Table.from_pylist(whole, schema=build_arrow_schema(table)))
    return tmp_path


def test_what_to_try_can_be_pasted_as_it_is(home, capsys, monkeypatch):
    with pytest.raises(SystemExit, match="No night has been published"):
        next_steps.main()
    Published("n", "2026-02-20", "2026-02-21T03:00:00Z", "n", "", "none", "").write(home)
    monkeypatch.setenv("CONCIERGE_HTTP_PORT", "8099")
    next_steps.main()
    shown = capsys.readouterr().out
    assert "curl 'http://127.0.0.1:8099/v1/recommendations?user_id=u-3&n=5'" in shown, (
        "of the two with most orders the one whose customer id comes first"
    )
    assert "8080" not in shown
    assert "make explain A=user_id:u-3 B=crm_id:c-3 " in shown, "the same customer's, and nobody's e-mail"
    assert "make segments ARGS='explain lapsed user_id:u-3'\n" in shown
    assert "make insights " in shown
    assert "make quarantine DAY=2026-02-20 SAMPLES=1" in shown
    event = '{"event": "Product Viewed", "anonymousId": "b-77", "properties": {"product_id": "i-1"}}'
    assert f"curl http://127.0.0.1:8099/v1/track -d '{event}'" in shown
    assert "of the shop's" not in shown, "this shop keeps the clock's time"
    set_next_landing_day(home, date(2026, 11, 29), date(2026, 2, 20), date(2026, 1, 5))
    next_steps.main()
    assert "of the shop's 2026-02-21, whose night make airflow runs" in capsys.readouterr().out
    assert pick_example_customer(Lake(home / "lake")) == {
        "customer_id": "c_6",
        "n_orders": 2,
    }, "the same one in summary.json"
