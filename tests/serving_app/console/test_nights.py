"""The pages of nights: what shoppers see now, whatever was published last; a night that there is not."""

import json
from dataclasses import replace
from types import SimpleNamespace

from filelock import FileLock

from expectations.contracts.published import Published
from serving_app.app import create_app
from tests.serving_app.conftest import publish
from tests.serving_app.console.hostile_home import write_home


def test_the_first_page_says_what_shoppers_see(shop, sign_in, written_nights):
    reader = sign_in()
    assert "No night has run yet" in reader.get("/console/").text
    write_home(written_nights, shop.home)
    page = reader.get("/console/").text
    assert "Shoppers see lists of everything up to <strong>2026-02-20</strong>" in page
    assert "An earlier night was brought back" not in page
    record = Published.read(shop.home)
    replace(record, inputs=f"rolled back from {record.run_id}", landing_date="2026-02-18").write(shop.home)
    page = reader.get("/console/").text
    assert "up to <strong>2026-02-18</strong>" in page and "An earlier night was brought back" in page


def test_the_console_knows_a_rollback_by_the_mark_that_the_batch_side_sets():
    from serving_app.console.model_service import ROLLED_BACK
    from spark_jobs.publish.deployments import ROLLED_BACK_FROM

    assert ROLLED_BACK == ROLLED_BACK_FROM


def test_a_run_has_one_name_on_both_sides():
    from datetime import UTC, datetime

    from serving_app.console.night_records import Night
    from spark_jobs.run.context import slugify_run_id

    at = datetime(2026, 2, 22, tzinfo=UTC)
    for run_id in ("scheduled__2026-02-22T03:00:00+00:00", "by hand/..", "a.b_c-1", "ü"):
        assert Night(run_id, at, at).slug == slugify_run_id(run_id)


def test_a_night_that_there_is_not(shop, sign_in):
    publish(shop.home, "night-1")
    reader = sign_in()
    for path in ("/console/nights/night-1", "/console/nights/..%2f..", "/console/nights/x/identities"):
        answer = reader.get(path)
        assert answer.status_code == 404 and "no" in answer.text


def test_what_waits_waits_through_a_night_without_files(shop, sign_in, written_nights):
    write_home(written_nights, shop.home)
    line = {
        "at": shop.clock().isoformat(),
        "level": "INFO",
        "message": "nothing new (x)",
        "run": "n3",
        "step": "land",
    }
    with (shop.home / "logs" / "steps.jsonl").open("a") as log:
        log.write(json.dumps(line) + "\n")
    page = sign_in().get("/console/").text
    assert (
        "No new file had come" in page and "was refused" in page and "A whole file was not believed" in page
    )


def test_no_key_is_logged(shop, keys, tmp_path):
    lines = []
    log = SimpleNamespace(write=lines.append)
    app = create_app(shop.settings, shop.stores, clock=shop.clock, access_log=log)
    client = app.test_client()
    client.post("/console/sign-in", data={"key": keys["admin"]})
    client.get("/console/")
    client.get(f"/console/{keys['admin']}")
    assert [line["route"] for line in lines] == ["/console/sign-in", "/console/", "/console/<path:anything>"]
    key_id, secret = keys["admin"].split("_")[1:]
    assert secret not in repr(lines) and [line["key"] for line in lines[:2]] == [key_id, key_id]


def test_a_night_that_is_at_work_is_followed(shop, sign_in, written_nights):
    """While a step holds the lock of the home; a step that was killed leaves its name behind, and no lock."""
    write_home(written_nights, shop.home)
    (shop.home / ".step.txt").write_text("dbt of night-2 (process 1)")
    (shop.home / ".step.lock").touch()
    reader = sign_in()
    with FileLock(shop.home / ".step.lock"):
        page = reader.get("/console/").text
        assert "It is working now: dbt." in page and 'hx-trigger="every 5s"' in page
    page = reader.get("/console/").text
    assert "It was stopped before" in page and "every 5s" not in page
