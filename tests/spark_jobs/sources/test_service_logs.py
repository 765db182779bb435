"""Up to which of the shop's days a night has read what the service received. No Spark."""

import json
from datetime import date, datetime

import pytest

from spark_jobs.sources.service_logs import find_absorbed_date, find_last_whole_day, find_spooled_date

SUNDAY, MONDAY, TUESDAY = date(2026, 1, 4), date(2026, 1, 5), date(2026, 1, 6)
MARTINIQUE = "America/Martinique"  # four hours behind UTC
TUESDAY_MORNING = "2026-01-06T07:00:00+00:00"


def absorbed(logs, landing_date=MONDAY, now=TUESDAY_MORNING):
    return find_absorbed_date(logs, landing_date, datetime.fromisoformat(now), MARTINIQUE, "receivedAt")


@pytest.mark.parametrize(
    ("now", "whole"), [("2026-01-07T03:00:00+00:00", MONDAY), ("2026-01-07T04:00:00+00:00", TUESDAY)]
)
def test_a_day_is_whole_when_the_shop_has_closed_it(now, whole):
    """At 03:00 UTC, when the night begins, it is eleven in the evening in Martinique."""
    assert find_last_whole_day(datetime.fromisoformat(now), MARTINIQUE) == whole


def test_a_night_over_whole_days_absorbs_its_landing_date(tmp_path):
    assert absorbed(tmp_path / "nothing was ever sent") == MONDAY
    assert absorbed(tmp_path, now="2026-02-01T07:00:00+00:00") == MONDAY, "not more than has landed"


def test_a_day_that_goes_on_is_not_absorbed(tmp_path):
    assert absorbed(tmp_path, now="2026-01-06T03:20:00+00:00") == SUNDAY


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.open"])
@pytest.mark.parametrize(
    ("received_at", "expected"),
    [
        ("2026-01-06T03:59:59Z", SUNDAY),
        ("2026-01-06T04:00:00Z", MONDAY),
        ("2026-01-03T12:00:00Z", date(2026, 1, 2)),
    ],
    ids=["of the landing date", "of the day after", "of a worker that died days ago"],
)
def test_a_log_that_did_not_land_holds_its_day_back(tmp_path, suffix, received_at, expected):
    (tmp_path / f"1{suffix}").write_text(json.dumps({"receivedAt": received_at}) + "\n")
    (tmp_path / ".2.jsonl.open").write_text(json.dumps({"receivedAt": "2026-01-01T12:00:00Z"}) + "\n")
    (tmp_path / "3.jsonl.open").touch()
    assert absorbed(tmp_path) == expected


def test_what_waits_for_the_broker_is_of_its_first_records_day(tmp_path):
    assert find_spooled_date(tmp_path / "none was ever away", "receivedAt", MARTINIQUE) is None
    for number, received_at in ((3, "2026-01-06T03:59:59Z"), (12, "2026-01-07T12:00:00Z")):
        record = json.dumps({"receivedAt": received_at})
        (tmp_path / f"{number:020}.spool").write_text(f"00ff\t{record}\n00ff\ttorn")
    (tmp_path / "position").write_text("3 0")
    assert find_spooled_date(tmp_path, "receivedAt", MARTINIQUE) == MONDAY
