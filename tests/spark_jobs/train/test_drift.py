"""What a night looks at for drift, when a search is due because of it, and that a window of days is kept to
the day.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from expectations.contracts.lake import CORE_EVENTS, OPS_RUNS
from expectations.contracts.settings import SettingsError
from models.model_version import ModelVersion
from spark_jobs.run.context import LandingDates, NothingNew, TableReport, hash_config
from spark_jobs.run.manifest import record_reports
from spark_jobs.run.model_registry import open_registry
from spark_jobs.settings import Settings
from spark_jobs.train import drift, search_schedule
from spark_jobs.train.provenance import date_to_day
from spark_jobs.train.training_run import read_training_data


def report_of(shop, run_id):
    return json.loads((shop.home / "reports" / run_id / "model.json").read_text())


def test_the_profile_counts_values_and_half_octaves_of_prices(trained):
    found = drift.count_feature_values(trained.lake)
    assert found["feat_items.category"] == {"cat-0": 20, "cat-1": 20}
    assert found["feat_items.price"] == {"2.0": 40}, "2.50 lies between 2 and 2.83"
    assert found["feat_customers.country"] == {"France": 30, "Spain": 56, "Malta": 4}


def test_the_first_night_checks_its_newest_day_and_stores_a_profile(trained):
    said = report_of(trained, "first")
    assert said["drift"]["days"] == ["2026-02-09"] and said["drift"]["alarms"] == []
    assert {"label: kinds of behaviour (PSI)", "feature: categories (PSI)"} <= {
        each["name"] for each in said["drift"]["signals"]
    }
    assert said["profile"] == drift.count_feature_values(trained.lake)


def test_tables_that_moved_since_the_accepted_model_are_an_alarm(trained):
    found, _ = read_training_data(trained.lake)
    registry = open_registry(trained.night("looks"))
    champion, now = registry.champion(), drift.count_feature_values(trained.lake)
    calm = drift.detect_drift(trained.lake, registry, found, champion, now)
    assert calm["alarms"] == [] and calm["days"] == [], "no day is newer than what it learned from"
    cents = now | {"feat_items.price": {"15.0": 60}}  # somebody exported cents
    before = {"feat_items.price": {"2.0": 60}}
    champion_said = report_of(trained, "first") | {"profile": before}
    registry.download_run_file = lambda run_id, name: written(trained.home / "said.json", champion_said)
    [alarm] = drift.detect_drift(trained.lake, registry, found, champion, cents)["alarms"]
    assert alarm.startswith("feature: feat_items.price (PSI)") and alarm.endswith(
        "(since the accepted model)"
    )


def version(number, kind, verdict="accepted", **more):
    return ModelVersion(number, f"run {number}", {"kind": kind, "verdict": verdict, "until": "100", **more})


@pytest.mark.parametrize(
    ("versions", "champion", "compared"),
    [
        pytest.param([version(1, "search")], 1, {"since the accepted model": 1}, id="the first"),
        pytest.param(
            [version(1, "search"), version(2, "refit")],
            2,
            {"since the accepted model": 2, "since the search": 1},
            id="and a refit",
        ),
        pytest.param(
            [version(1, "search"), version(2, "refit"), version(3, "search", "refused")],
            2,
            {"since the search": 3},
            id="a search that was refused has seen it",
        ),
        pytest.param(
            [version(1, "search"), version(2, "search", "refused"), version(3, "refit")],
            3,
            {"since the accepted model": 3, "since the search": 2},
            id="and the refit after it",
        ),
        pytest.param(
            [version(1, "search"), version(2, "refit"), version(3, "refit", "refused", found_again="yes")],
            2,
            {"since the search": 3},
            id="a search that came to what a night had made",
        ),
    ],
)
def test_tables_are_compared_with_the_last_search_accepted_or_not(tmp_path, versions, champion, compared):
    def download_run_file(run_id, name):
        return written(tmp_path / "said.json", {"profile": run_id})

    registry = SimpleNamespace(list_versions_after=lambda _: versions, download_run_file=download_run_file)
    served = versions[champion - 1]
    found = drift.load_earlier_profiles(registry, served, drift.find_last_search(registry, served))
    assert found == {words: f"run {number}" for words, number in compared.items()}


def test_days_that_a_search_was_fitted_on_are_not_checked_again(trained):
    found, _ = read_training_data(trained.lake)
    until = found.training.behaviour.until
    champion = version(1, "search", until=str(until - 3))
    refused = version(2, "search", "refused", until=str(until))

    def days(*versions):
        download_run_file = lambda run_id, name: written(trained.home / "said.json", {})  # noqa: E731
        return drift.detect_drift(
            trained.lake,
            SimpleNamespace(list_versions_after=lambda _: versions, download_run_file=download_run_file),
            found,
            champion,
            {},
        )["days"]

    assert days(champion) == ["2026-02-07", "2026-02-08", "2026-02-09"] and days(champion, refused) == []


def written(path, said):
    path.write_text(json.dumps(said))
    return path


def test_answered_events_are_counted_by_day(lake, upsert):
    day = datetime(2026, 2, 9, tzinfo=UTC)
    rows = []
    for n in range(12):
        on = (day - timedelta(n // 4)).date()
        told = {"item_id": "i" if n % 4 else None, "request_id": "r" if n % 4 == 2 else None}
        rows.append(
            {
                "event_id": str(n),
                "source": "s",
                "event_type": "view",
                "occurred_at": day,
                "occurred_date": on,
                **told,
            }
        )
    upsert(lake, CORE_EVENTS, rows)
    newest = date_to_day(day.date())
    assert drift.count_answered_events_by_day(lake, newest - 1) == {newest: (3, 1), newest - 1: (3, 1)}


def line(step, **detail):
    return step, detail


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param([], [], id="no night yet"),
        pytest.param(
            [line("train", kind="search", drift=[], n_interactions=100)], [], id="the first night searched"
        ),
        pytest.param(
            [
                line("train", kind="search"),
                line("train", kind="refit", drift=["a", "b"]),
                line("train", drift=["a"]),
            ],
            ["drift: a", "drift: b"],
            id="drift since, each once",
        ),
        pytest.param(
            [line("train", kind="refit", drift=["a"]), line("search", kind="search", n_interactions=5)],
            [],
            id="searched since",
        ),
        pytest.param(
            [line("search", n_interactions=100), line("train", n_interactions=149)],
            [],
            id="less than half as much again",
        ),
        pytest.param(
            [line("search", n_interactions=100), line("train", n_interactions=150)],
            ["new data: 150 days of behaviour, 1.5 times those of the last search"],
            id="half as much again",
        ),
    ],
)
def test_when_a_search_is_due(told, expected):
    assert search_schedule.find_reasons_in_reports(told) == expected


def test_a_search_is_due_by_schedule_and_by_drift(trained, lake):
    saturday = trained.night("asks").days.last - timedelta(days=2)  # Monday 2026-02-09 less two
    night = replace(trained.night("asks"), days=LandingDates(saturday, saturday))
    assert search_schedule.find_search_reasons(night, lake) == ["schedule: it is Sunday"]
    monday = trained.night("asks")
    with pytest.raises(NothingNew):
        search_schedule.run(monday, lake)
    record_reports(
        lake,
        monday,
        "train",
        [TableReport("model", detail={"kind": "refit", "drift": ["prices"], "n_interactions": 9})],
        1.0,
    )
    [report] = search_schedule.run(monday, lake)
    assert report.detail == {"because": ["drift: prices"]} and lake.exists(OPS_RUNS)


@pytest.mark.parametrize("days", [1, 30, 400])
def test_training_days_are_counted_exactly(trained, fill, tmp_path, days):
    """The same matrices as from tables that never held anything older; the newest of 36 days is
    2026-02-09.
    """
    first = datetime(2026, 2, 10, tzinfo=UTC) - timedelta(days=days)
    whole, cut = read_training_data(trained.lake, days)
    assert whole.training.behaviour.day.min() >= date_to_day(first.date())
    assert len(np.unique(whole.training.behaviour.day)) == min(days, 36)
    kept = fill(tmp_path, trained.lake.spark, [row for row in trained.rows if row["occurred_at"] >= first])
    alone, cut_alone = read_training_data(kept.lake)
    assert cut == cut_alone
    for name in ("customer_ids", "item_ids"):
        assert getattr(whole, name).tolist() == getattr(alone, name).tolist()
    for name in ("customer", "item", "day", "kind"):
        assert np.array_equal(
            getattr(whole.training.behaviour, name), getattr(alone.training.behaviour, name)
        )


def test_training_days_are_part_of_the_configuration_hash(tmp_path):
    home = {"CONCIERGE_HOME": str(tmp_path)}
    everything, month = (
        Settings.from_environment(home | more) for more in ({}, {"CONCIERGE_TRAINING_DAYS": "30"})
    )
    assert (everything.training_days, month.training_days) == (None, 30)
    assert hash_config(everything) != hash_config(month)
    assert Settings.from_environment(home | {"CONCIERGE_TRAINING_DAYS": "12"}).training_days == 12
    for few in ("0", "5", "11"):
        with pytest.raises(SettingsError, match="from 12 to"):
            Settings.from_environment(home | {"CONCIERGE_TRAINING_DAYS": few})
