"""What Prometheus is told."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from expectations.contracts.home import HomePaths
from serving_app.metrics import shared_folder
from tests.serving_app.keys.made_keys import bearer, make_keys, server_key

SECRET = "somebody@shop.example"
ROOT = Path(__file__).resolve().parents[3]


def read(client, **sent):
    answer = client.get("/metrics", **sent)
    assert answer.status_code == 200 and answer.mimetype == "text/plain"
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_requests_are_counted_by_declared_route(shop):
    before = read(shop.client)
    for _ in range(3):
        shop.client.get("/v1/items/item-05/similar")
    shop.client.get("/v1/popular?n=0")
    shop.client.get(f"/{SECRET}")
    shop.client.open("/v1/popular", method="BREW")
    after = read(shop.client)
    changed = {
        key: after[key] - before.get(key, 0) for key in after if key[0] == "concierge_http_requests_total"
    }
    assert {key[1:]: n for key, n in changed.items() if n} == {
        ("/v1/items/<anything:item_id>/similar", "200", "GET"): 3,
        ("/v1/popular", "400", "GET"): 1,
        ("404", "GET", "unmatched"): 1,
        ("405", "other", "unmatched"): 1,
        ("/metrics", "200", "GET"): 1,
    }


def test_lists_are_counted_by_source(shop):
    before = read(shop.client)
    for path in (
        "/v1/recommendations?user_id=u-regular",
        "/v1/recommendations",
        "/v1/popular",
        "/v1/popular",
    ):
        assert shop.client.get(path).status_code == 200
    shop.client.head("/v1/popular")
    after = read(shop.client)
    changed = {key[1]: after[key] - before.get(key, 0) for key in after if key[0] == "concierge_lists_total"}
    assert {source: n for source, n in changed.items() if n} == {"personal": 1, "popular": 3}


def test_no_value_of_a_request_is_a_label(shop):
    shop.client.get("/v1/recommendations", query_string={"user_id": SECRET, "placement": "home-secret"})
    shop.client.get(f"/v1/customers/{SECRET}", headers={"X-Request-Id": "id-secret"})
    text = shop.client.get("/metrics").text
    assert SECRET not in text and "secret" not in text


def test_ages_are_those_of_now(shop):
    assert read(shop.client)[("concierge_snapshot_age_seconds",)] == 9 * 3600  # from 3 to 12 o'clock
    shop.clock.move(hours=1)
    assert read(shop.client)[("concierge_snapshot_age_seconds",)] == 10 * 3600
    shop.snapshots.publish(None)
    counts = read(shop.client)
    assert ("concierge_snapshot_age_seconds",) not in counts and counts[("concierge_problems",)] == 1


def test_how_far_nights_lag_behind_events(shop):
    folder, lag = HomePaths(shop.settings.home).event_log, ("concierge_event_log_lag_seconds",)
    folder.mkdir(parents=True, exist_ok=True)
    assert read(shop.client)[lag] == 0
    (folder / "20260221T113000-b.jsonl.open").touch()
    assert read(shop.client)[lag] == 30 * 60
    for name in ("20260220T120000-a.jsonl", "2026.jsonl", "20260101T000000-a.torn", ".20260101T000000.jsonl"):
        (folder / name).touch()
    assert read(shop.client)[lag] == 24 * 3600


def test_refusals_are_counted_by_reason(shop):
    keys, (text,) = make_keys(server_key("read", rate="1/hour"))
    shop.settings = replace(shop.settings, workers=1, admin_token="t")
    shop.use_stores(keys=keys)
    before = read(shop.client, headers=bearer("t"))
    for path, headers in (
        ("/v1/popular", {}),
        ("/v1/overrides", bearer(text)),
        ("/v1/popular", bearer(text)),
    ):
        assert shop.client.get(path, headers=headers).status_code in (401, 403, 429)
    after = read(shop.client, headers=bearer("t"))
    for reason in ("not-allowed", "scope-missing", "too-many-requests"):
        key = ("concierge_http_refused_total", reason)
        assert after[key] - before.get(key, 0) == 1


@pytest.fixture
def memory_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(shared_folder, "MEMORY_FOLDER", tmp_path)
    return tmp_path


def test_the_folder_of_a_killed_server_is_deleted_and_a_living_ones_is_not(memory_folder):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = memory_folder / f"{shared_folder.PREFIX}{ended.pid}-abc"
    living = memory_folder / f"{shared_folder.PREFIX}{os.getppid()}-abc"
    for folder in (left, living):
        folder.mkdir()
    made = shared_folder.make_shared_folder()
    assert made.is_dir() and living.is_dir() and not left.exists()


def test_a_worker_that_died_says_nothing_of_the_present(memory_folder):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    names = [f"gauge_livemax_{ended.pid}.db", f"counter_{ended.pid}.db", f"gauge_livemax_{os.getpid()}.db"]
    for name in names:
        (memory_folder / name).touch()
    shared_folder.forget_dead_workers(memory_folder)
    assert {path.name for path in memory_folder.iterdir()} == set(names[1:])


def test_the_server_sets_the_folder_before_the_library_is_imported():
    """Workers are forks: what the main process has imported of it counts in its own memory for ever."""
    code = "import sys, serving_app.__main__; print('prometheus_client' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
