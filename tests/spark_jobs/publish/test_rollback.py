"""Going back: readers see an earlier night whole, it is logged, and the next night publishes again."""

from datetime import date, timedelta

import pytest

from expectations.contracts.lake import OPS_RUNS
from expectations.contracts.published import Published
from spark_jobs.identify.said import Said
from spark_jobs.land.inputs import fingerprint
from spark_jobs.publish import rollback
from spark_jobs.publish.job import run


@pytest.fixture
def three_nights(shop, monkeypatch):
    for n in range(3):
        shop.rows["rec_customer_items_v1"][0]["items"][0]["score"] += 0.001
        lake = shop.land(*(["rec_customer_items_v1"] if n else []))
        run(shop.night(f"night-{n}", date(2026, 2, 1) + timedelta(days=n)), lake)
    monkeypatch.setenv("CONCIERGE_HOME", str(shop.home))
    monkeypatch.setenv("CONCIERGE_IDENTITY_KEY", "test-key")
    return shop


def seen(shop):
    record = Published.read(shop.home)
    assert shop.warehouse_run() == record.run_id, "the warehouse goes with the lists"
    return record.run_id


def test_back_by_one_then_one_more_then_to_a_run(three_nights):
    assert seen(three_nights) == "night-2"
    assert rollback.main([]) == 0
    assert seen(three_nights) == "night-1"
    assert rollback.main([]) == 0
    assert seen(three_nights) == "night-0"
    assert rollback.main(["--to", "night-2"]) == 0
    assert seen(three_nights) == "night-2"


def test_it_is_logged_and_the_next_night_publishes_again(three_nights):
    rollback.main([])
    lake = three_nights.land("rec_customer_items_v1")
    [logged] = [row for row in lake.read_arrow(OPS_RUNS).to_pylist() if row["step"] == "rollback"]
    assert '"from": "night-2", "snapshot": "night-1", "to": "night-1"' in logged["detail"]
    night = three_nights.night("night-3", date(2026, 2, 3))
    assert Published.read(three_nights.home).inputs != fingerprint(night, night.days.last, Said(frozenset(), ""))
    run(night, lake)
    assert seen(three_nights) == "night-3"


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        pytest.param(["--to", "night-9"], "no kept night night-9; readers see night-2; kept: night-1, night-0", id="unknown"),
        pytest.param(["--to", "night-0"], "the files of night-0 are gone", id="its warehouse file was deleted"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(three_nights, capsys, argv, sentence):
    (three_nights.home / "warehouse" / "builds" / "night-0.duckdb").unlink()
    assert rollback.main(argv) == 1
    assert sentence in capsys.readouterr().err
    assert seen(three_nights) == "night-2"


def test_before_the_first_night(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CONCIERGE_HOME", str(tmp_path))
    assert rollback.main([]) == 1
    assert "nothing has been published yet" in capsys.readouterr().err
