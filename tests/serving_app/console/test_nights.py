"""The pages of nights: what shoppers see now, whatever was published last; a night that there is not."""

from dataclasses import replace

from expectations.contracts.published import Published
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
