"""What readers find after a publish that is repeated or refused, and what is retained to roll back to."""

import json
from dataclasses import replace
from datetime import date, timedelta

import duckdb
import pytest

from expectations.contracts.published import Published
from spark_jobs.publish import job
from spark_jobs.publish.gate import ListsRefused
from spark_jobs.publish.job import run
from spark_jobs.publish.retention import N_RETAINED
from spark_jobs.publish.snapshot_tables import NothingToPublish
from spark_jobs.warehouse.build_inputs import prepare_build
from tests.spark_jobs.publish.conftest import published


def tree(home):
    """Every file under what readers see, with what it holds."""
    paths = [*home.glob("*.json"), *(home / "serving").rglob("*"), *(home / "warehouse").rglob("*")]
    return {str(path): path.read_bytes() for path in paths if path.is_file()}


def test_nothing_new_touches_nothing(shop):
    lake = shop.land()
    run(shop.night("one"), lake)
    before = tree(shop.home)
    (shop.home / "warehouse" / "concierge.duckdb").unlink()  # as if killed before its link was made
    [report] = run(shop.night("one"), lake)
    assert report.detail["switched"] is False
    assert tree(shop.home) == before


def test_a_night_of_other_inputs_and_equal_lists_keeps_the_snapshot(shop):
    lake = shop.land()
    run(shop.night("one"), lake)
    (shop.home / "landing" / "shop" / "orders" / "2026-02-02").mkdir(parents=True)
    (shop.home / "landing" / "shop" / "orders" / "2026-02-02" / "orders.csv").write_text("none\n")
    run(shop.night("two", date(2026, 2, 2)), lake)
    record = Published.read(shop.home)
    assert (record.run_id, record.snapshot, record.warehouse_file) == ("two", "one", "two.duckdb")
    assert shop.warehouse_run() == "two"


def test_a_run_repeated_with_new_content_gets_a_new_snapshot(shop):
    run(shop.night("one"), shop.land())
    first = published(shop)
    shop.rows["rec_customer_items_v1"][0]["items"].pop()
    run(shop.night("one"), shop.land("rec_customer_items_v1"))
    second = published(shop)
    assert (first[0].snapshot, second[0].snapshot) == ("one", "one.2")
    assert first[1] != second[1]


def test_a_refused_night_leaves_yesterday_and_says_why(shop):
    lake = shop.land()
    run(shop.night("good"), lake)
    before = tree(shop.home)
    shop.rows["rec_audience_items_v1"][0]["items"] = []
    with pytest.raises(ListsRefused, match="items in the popular list: 0, must be at least one"):
        run(shop.night("bad"), shop.land("rec_audience_items_v1"))
    after = tree(shop.home)
    assert {path: after[path] for path in before} == before
    assert [path for path in after if path not in before] == [
        str(shop.home / "warehouse" / "builds" / "bad.duckdb")
    ]
    told = json.loads((shop.home / "reports" / "bad" / "lists.json").read_text())
    assert told["passed"] is False
    assert [check["name"] for check in told["checks"] if not check["passed"]] == ["items in the popular list"]


def test_a_published_run_built_again_and_refused_leaves_analysts_their_file(shop):
    night, lake = shop.night("one"), shop.land()
    run(night, lake)
    record, bytes_before = (
        Published.read(shop.home),
        (shop.home / "warehouse" / "concierge.duckdb").read_bytes(),
    )

    def build_again(name):
        beginning = prepare_build(night, lake)
        with duckdb.connect(str(beginning.file)) as file:
            file.execute(
                "create or replace table dim_segments as select 'all' as segment_id, ? as name, 4 as"
                " n_customers",
                [name],
            )
        beginning.file.rename(beginning.finished)  # as `dbt` ends

    build_again("again")
    popular = shop.rows["rec_audience_items_v1"][0]
    items, popular["items"] = popular["items"], []
    with pytest.raises(ListsRefused):
        run(night, shop.land("rec_audience_items_v1"))
    assert Published.read(shop.home) == record
    assert (shop.home / "warehouse" / "concierge.duckdb").read_bytes() == bytes_before

    popular["items"] = items[:20]
    build_again("and again")
    run(night, shop.land("rec_audience_items_v1"))
    assert Published.read(shop.home).warehouse_file == "one.3.duckdb"
    assert shop.warehouse_run() == "and again"


def test_seven_nights_are_kept(shop):
    for n in range(N_RETAINED + 3):
        shop.rows["rec_customer_items_v1"][0]["items"][0]["score"] += 0.001
        night = shop.night(f"night-{n}", date(2026, 2, 1) + timedelta(days=n))
        run(night, shop.land(*(["rec_customer_items_v1"] if n else [])))
    kept = {f"night-{n}" for n in range(3, N_RETAINED + 3)}
    assert {path.name for path in (shop.home / "serving" / "snapshots").iterdir()} == kept
    assert {path.stem for path in (shop.home / "warehouse" / "builds").iterdir()} == kept
    assert {path.stem for path in (shop.home / "serving" / "history").iterdir()} == kept


def test_snowflake_has_no_warehouse_file_but_a_schema_to_swap(shop, monkeypatch):
    night, swapped = shop.night("one"), []
    night = replace(night, settings=replace(night.settings, warehouse="snowflake"))
    monkeypatch.setattr(job.summary, "read_segment_sizes", lambda settings, file: [])
    monkeypatch.setattr(
        job, "swap_in_build", lambda settings, run_id: swapped.append((settings.warehouse, run_id))
    )
    run(night, shop.land())
    assert swapped == [("snowflake", "one")]
    assert Published.read(shop.home).warehouse_file == ""
    assert not (shop.home / "warehouse" / "concierge.duckdb").exists()


def test_what_is_missing_is_named(shop):
    lake = shop.land(*[name for name in shop.rows if name != "rec_item_items_v1"])
    with pytest.raises(NothingToPublish, match="rec_item_items_v1"):
        run(shop.night("one"), lake)
    night = shop.night("two")
    (shop.home / "warehouse" / "builds" / "two.duckdb").unlink()
    with pytest.raises(FileNotFoundError, match=r"two\.duckdb was not built"):
        run(night, shop.land())
    assert Published.read(shop.home) is None
