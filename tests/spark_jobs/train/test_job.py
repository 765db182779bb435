"""Nights of training on a small shop: what is registered, what is accepted, and that nothing new makes
nothing new.
"""

import json
import shutil
from dataclasses import replace

import pytest

from expectations.contracts.lake import FCT_INTERACTIONS, FEAT_CUSTOMERS
from models.artifact import DigestError
from models.search import read_search_space
from spark_jobs.run.model_registry import open_registry
from spark_jobs.train import job, search
from spark_jobs.train.configuration_search import SearchResult


def report_of(shop, run_id):
    return json.loads((shop.home / "reports" / run_id / "model.json").read_text())


def digests(version):
    return {name: value for name, value in version.tags.items() if name.startswith("sha256.")}


def runs_of(registry):
    """Every run MLflow holds of this registry."""
    return registry.client.search_runs([registry._experiment])


# Over 10 s: a whole search of configurations, whose report is compared.
def test_the_first_night_searches_and_reports_the_result(trained):
    registry = open_registry(trained.night("looks"))
    champion, report = registry.champion(), report_of(trained, "first")
    assert (report["verdict"], report["kind"], report["model_version"]) == (
        "accepted",
        "search",
        "concierge/1",
    )
    assert "lift over popularity" in report["reason"]
    assert {"popularity", "recent_popularity", "item_knn", "lightfm", "served"} <= set(report["leaderboard"])
    for figures in report["leaderboard"].values():
        for task in ("discover", "next"):
            spread = figures[task]["ndcg"]
            assert spread["low"] <= spread["mean"] <= spread["high"]
    assert report["windows"] == {
        "validate_from": "2026-01-29",
        "test_from": "2026-02-04",
        "until": "2026-02-10",
    }
    assert (
        report["leaderboard"]["served"]["quality"]["mean"]
        > report["leaderboard"]["popularity"]["quality"]["mean"]
    )
    assert champion.tags["seed"] == "11"
    assert champion.tags["table.fct_interactions"] == str(trained.lake.version(FCT_INTERACTIONS))
    assert champion.tags["code_hash"] == "c0de"
    assert report["because"] == ["no model has been accepted yet"]
    assert (report["window"]["from"], report["window"]["until"]) == ("2026-01-05", "2026-02-10")
    assert (champion.tags["window.until"], champion.until) == ("2026-02-10", 20494)
    assert report["consent"]["feat_customers_version"] == trained.lake.version(FEAT_CUSTOMERS)
    assert (
        report["consent"]["n_days_of_behaviour_left_out"]
        == int(champion.tags["consent.n_days_of_behaviour_left_out"])
        > 0
    )
    assert report["digests"] == champion.digests
    spanish = report["slices"]["country: Spain"]
    assert spanish["served"]["low"] <= spanish["served"]["mean"] <= spanish["served"]["high"]
    runs = runs_of(registry)
    parent = next(run for run in runs if run.info.run_id == champion.run_id)
    trials = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == champion.run_id]
    assert len(trials) == report["n_trials"] >= 10
    for run in trials:
        assert "quality" in run.data.metrics
        assert {
            "seed",
            "code_hash",
            "table.fct_interactions",
            "table.feat_customers",
            "table.feat_items",
        } <= set(run.data.tags)
    assert parent.data.metrics["served.next.ndcg"] == pytest.approx(
        report["leaderboard"]["served"]["next"]["ndcg"]["mean"]
    )
    assert parent.data.metrics["slice.country_spain.quality"] == pytest.approx(spanish["served"]["mean"])
    for picture in ("leaderboard.png", "slices.png"):
        assert registry.download_file(champion, picture).stat().st_size > 1000


def test_customers_without_consent_are_not_in_the_model(trained):
    registry = open_registry(trained.night("looks"))
    artifact = registry.load(registry.champion())
    allowed = set(trained.lake.read_arrow(FEAT_CUSTOMERS, ["customer_id"])["customer_id"].to_pylist())
    active = {row["customer_id"] for row in trained.rows if row["customer_id"]}
    assert set(artifact.customer_ids.astype(str)) == allowed & active
    assert active - allowed, "the shop has customers who said no"


def test_the_same_again_trains_nothing(trained):
    registry = open_registry(trained.night("looks"))
    before = len(runs_of(registry))
    job.run(trained.night("again"), trained.lake)
    assert len(runs_of(registry)) == before
    assert {**report_of(trained, "again")} == {**report_of(trained, "first")}


def test_the_same_tables_seed_and_code_give_the_same_bytes(trained, fill, spark, tmp_path):
    other = fill(tmp_path, spark)
    job.run(other.night("elsewhere"), other.lake)
    mine, theirs = (open_registry(shop.night("looks")).champion() for shop in (trained, other))
    assert digests(mine) == digests(theirs)
    assert len(digests(mine)) == 2


# Over 10 s: four nights of training and a search, each upon what the one before left.
def test_nights_after_the_first(fill, spark, tmp_path, monkeypatch):
    """A refit on more days is accepted; one on days gone wrong is refused and the accepted one stays; a
    search compares.
    """
    rows = sorted(fill(tmp_path, spark).rows, key=lambda row: row["interaction_id"])
    days = sorted({row["occurred_at"] for row in rows})
    shop = fill(tmp_path, spark, [row for row in rows if row["occurred_at"] < days[-2]])
    registry = open_registry(shop.night("looks"))
    job.run(shop.night("one"), shop.lake)
    shop.put(FCT_INTERACTIONS, [row for row in rows if row["occurred_at"] < days[-1]])
    job.run(shop.night("two"), shop.lake)
    report = report_of(shop, "two")
    assert (report["kind"], report["verdict"], report["model_version"]) == (
        "refit",
        "accepted",
        "concierge/2",
    )
    assert report["configuration"] == report_of(shop, "one")["configuration"]
    assert any("new data: fct_interactions version" in why for why in report["because"])
    # Rolled back, the same tables train nothing and do not bring back what was left.
    registry.set_champion(1)
    job.run(shop.night("two again"), shop.lake)
    again = json.loads((shop.home / "reports" / "two-again" / "model.json").read_text())
    assert (again["model_version"], again["candidate"], again["verdict"]) == (
        "concierge/1",
        "concierge/2",
        "withdrawn",
    )
    assert (again["served"]["model_version"], registry.champion().number) == ("concierge/1", 1)
    registry.set_champion(2)
    # The last third of the history with customers exchanged: tastes learned before say nothing about it.
    names = sorted({row["customer_id"] for row in rows if row["customer_id"]})
    next_one = dict(zip(names, names[1:] + names[:1], strict=True)) | {None: None}
    spoiled = [
        row
        | {"item_id": f"item-{37 - int(row['item_id'][-2:]):02}", "customer_id": next_one[row["customer_id"]]}
        if row["occurred_at"] >= days[24]
        else row
        for row in rows
    ]
    shop.put(
        FCT_INTERACTIONS, [row for row in spoiled if row["occurred_at"] < days[30] or row["customer_id"]]
    )
    job.run(shop.night("three"), shop.lake)
    report = report_of(shop, "three")
    assert (report["verdict"], report["candidate"], report["model_version"]) == (
        "refused",
        "concierge/3",
        "concierge/2",
    )
    assert report["reason"]
    assert registry.champion().number == 2
    # two recipes of each part, or this Sunday alone would take as long as all these nights
    space = read_search_space()
    monkeypatch.setattr(
        search,
        "read_search_space",
        lambda: space | {"parts": {name: two[:2] for name, two in space["parts"].items()}},
    )
    search.run(shop.night("sunday"), shop.lake)
    report = report_of(shop, "sunday")
    assert registry.champion().number == (4 if report["verdict"] == "accepted" else 2)
    assert "accepted before" in report["leaderboard"] or report["candidate"] == "concierge/3"


def test_too_short_a_window_leaves_the_champion(fill, trained, spark, tmp_path):
    """Nights and searches on five days of behaviour: the model of the great days is served on, and nothing is
    registered.
    """
    shutil.copytree(trained.home, tmp_path / "home")
    days = sorted({row["occurred_at"] for row in trained.rows})
    shop = fill(tmp_path / "home", spark, [row for row in trained.rows if row["occurred_at"] >= days[-5]])
    registry = open_registry(shop.night("looks"))
    for name, task in (("short night", job), ("short search", search)):
        line, *_ = task.run(shop.night(name), shop.lake)  # the night's second is of predictors
        report = report_of(shop, name.replace(" ", "-"))
        assert (report["verdict"], report["model_version"], report["candidate"]) == (
            "refused",
            "concierge/1",
            None,
        )
        assert (
            report["reason"].startswith("nothing to test on")
            and report["served"]["model_version"] == "concierge/1"
        )
        assert (line.version_before, line.version_after) == (1, None)
    assert [each.number for each in registry.list_versions_after(None)] == [
        1
    ] and registry.champion().number == 1


def test_popularity_as_a_fallback_retains_the_measured_fold_in_trust(trained, tmp_path, monkeypatch):
    shutil.copytree(trained.home, tmp_path / "home")
    night = trained.night("poor")
    night = replace(
        night,
        settings=replace(night.settings, home=tmp_path / "home", mlflow_uri=f"sqlite:///{tmp_path}/m.db"),
    )
    popular = {"parts": {"popularity": {}}, "weights": {"popularity": 1.0}}
    monkeypatch.setattr(job, "search_configuration", lambda *_: SearchResult(popular, []))
    job.run(night, trained.lake)
    registry = open_registry(night)
    model = registry.load(registry.champion())
    assert model.configuration == popular and [most for most, _ in model.fold_in.trust] == [2, 5, 20]


def test_a_refit_is_refused_when_the_champion_changes_meanwhile(trained, tmp_path, monkeypatch):
    """While the refit is under way somebody rolls back, here to none: the version stays, refused, in tags and
    both reports.
    """
    shutil.copytree(trained.home, tmp_path / "home")
    night = trained.night("overtaken", "0ther code")
    settings = replace(
        night.settings, home=tmp_path / "home", mlflow_uri=f"sqlite:///{tmp_path}/home/mlflow/mlflow.db"
    )
    night, evaluate = replace(night, settings=settings), job.evaluate_configuration
    registry = open_registry(night)
    monkeypatch.setattr(
        job, "evaluate_configuration", lambda *values: (registry.set_champion(None), evaluate(*values))[1]
    )
    job.run(night, trained.lake)
    made = registry.list_versions_after(None)[-1]
    assert (made.number, made.accepted, registry.champion()) == (2, False, None)
    said = json.loads((tmp_path / "home" / "reports" / "overtaken" / "model.json").read_text())
    kept = json.loads(registry.download_file(made, "report.json").read_text())
    assert said["reason"] == kept["reason"] == made.tags["reason"]
    assert said["reason"] == "the champion was concierge/1 when this was compared with it and is none now"
    assert (said["verdict"], kept["verdict"], said["model_version"]) == ("refused", "refused", None)


def test_too_short_a_history_serves_popularity(fill, spark, tmp_path):
    rows = fill(tmp_path, spark).rows
    days = sorted({row["occurred_at"] for row in rows})
    shop = fill(tmp_path, spark, [row for row in rows if row["occurred_at"] < days[4]])
    job.run(shop.night("young"), shop.lake)
    report = report_of(shop, "young")
    assert (report["verdict"], report["configuration"]["weights"], report["leaderboard"]) == (
        "accepted",
        {"popularity": 1.0},
        {},
    )
    assert "too short" in report["reason"]


def test_a_model_with_changed_files_is_not_loaded(trained):
    registry = open_registry(trained.night("looks"))
    champion = registry.champion()
    factors = trained.home / "mlflow" / "artifacts" / champion.run_id / "artifacts" / "model" / "factors.npz"
    content = factors.read_bytes()
    try:
        factors.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        with pytest.raises(DigestError):
            registry.load(champion)
    finally:
        factors.write_bytes(content)
    assert registry.load(champion).configuration
