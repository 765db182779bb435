"""Logs of the service come to the day of their newest record; one of a past day is waited for. No Spark."""

import errno
import fcntl
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from spark_jobs.land import service_logs
from spark_jobs.land.collect_files import collect_files
from spark_jobs.land.service_logs import finish_abandoned_logs, move_finished_logs, wait_for_open_logs
from spark_jobs.run.context import LandingDates, RunContext
from spark_jobs.settings import Settings
from spark_jobs.sources.registry import load_sources

MONDAY = date(2026, 1, 5)
MARTINIQUE = "America/Martinique"  # four hours behind UTC


def write_log(folder: Path, name: str, *received_at: str, end: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("".join(json.dumps({"receivedAt": at}) + "\n" for at in received_at) + end)
    return folder / name


def test_a_log_moves_to_the_shops_day_of_its_newest_record(tmp_path):
    log, landing = tmp_path / "log", tmp_path / "landing"
    times = ("2026-01-05T23:59:00Z", "2026-01-06T00:30:00+01:00", "2026-01-06T00:10:00Z")
    write_log(log, "1.jsonl", *times, end='{"receivedAt": "2026-01-0')
    assert move_finished_logs(log, landing, "UTC", "receivedAt") == 1
    write_log(log, "2.jsonl", *times)
    assert move_finished_logs(log, landing, MARTINIQUE, "receivedAt") == 1
    write_log(log, "3.jsonl.open", *times)
    assert move_finished_logs(log, landing, "UTC", "receivedAt") == 0
    assert sorted(str(path.relative_to(landing)) for path in landing.rglob("*.jsonl")) == [
        "2026-01-05/2.jsonl",
        "2026-01-06/1.jsonl",
    ]


def test_a_service_that_never_ran_has_no_log(tmp_path):
    assert move_finished_logs(tmp_path / "log", tmp_path / "landing", "UTC", "receivedAt") == 0
    assert wait_for_open_logs(tmp_path / "log", MONDAY, "receivedAt", "UTC", sleep=pytest.fail) == []


def test_an_open_log_of_a_past_day_is_waited_for(tmp_path, caplog):
    log, slept = tmp_path / "log", []
    file = write_log(log, "1.jsonl.open", "2026-01-06T03:59:00Z")

    def finish_at_the_third(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            file.rename(log / "1.jsonl")

    assert wait_for_open_logs(log, MONDAY, "receivedAt", MARTINIQUE, sleep=finish_at_the_third) == []
    assert len(slept) == 3 and caplog.text == ""


@pytest.mark.parametrize(
    "content",
    [("2026-01-06T04:00:00Z",), ()],
    ids=["of the day that goes on", "nothing in it yet"],
)
def test_an_open_log_of_today_is_not_waited_for(tmp_path, content):
    write_log(tmp_path / "log", "1.jsonl.open", *content)
    assert wait_for_open_logs(tmp_path / "log", MONDAY, "receivedAt", MARTINIQUE, sleep=pytest.fail) == []


def test_what_a_killed_service_was_writing_lands_though_nobody_starts_it_again(tmp_path, monkeypatch):
    """Its events were acknowledged. A living worker holds the lock of its file."""
    source = next(each for each in load_sources(("online_retail",)) if each.name == "live")
    settings = Settings.from_environment(
        {"CONCIERGE_HOME": str(tmp_path), "CONCIERGE_SOURCES": "online_retail"}
    )
    now = datetime(2026, 1, 6, 3, tzinfo=UTC)
    run, log = RunContext("r", LandingDates(MONDAY, MONDAY), settings, now), settings.paths.event_log
    log.mkdir(parents=True)
    write_log(log, "dead.jsonl.open", "2026-01-05T12:00:00Z", end='{"receivedAt": "2026-01-0')
    of_living = write_log(log, "living.jsonl.open", "2026-01-05T12:00:00Z")
    slept: list[float] = []
    monkeypatch.setattr(service_logs.wait_for_open_logs, "__defaults__", (4.0, slept.append))
    with of_living.open() as living:
        fcntl.flock(living, fcntl.LOCK_EX)
        assert collect_files(source, run) == 1
    assert slept == [2, 2], "for the living one"
    assert sorted(path.name for path in log.iterdir()) == ["dead.torn", "living.jsonl.open"]
    [landed] = (tmp_path / "landing" / "live" / "events" / str(MONDAY)).iterdir()
    assert landed.read_text() == '{"receivedAt": "2026-01-05T12:00:00Z"}\n'


def test_a_folder_that_may_not_be_written_stops_no_night(tmp_path, monkeypatch, caplog):
    def refuse(folder: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(service_logs, "finish_abandoned_files", refuse)
    finish_abandoned_logs(tmp_path / "event_log")
    assert "event_log: files of workers that died wait for the service: Permission denied" in caplog.text


def test_a_log_that_stays_open_is_named_and_the_run_goes_on(tmp_path, caplog):
    write_log(tmp_path / "log", "1.jsonl.open", "2026-01-05T12:00:00Z")
    slept: list[float] = []
    still_open = wait_for_open_logs(
        tmp_path / "log", MONDAY, "receivedAt", "UTC", wait_seconds=10, sleep=slept.append
    )
    assert still_open == ["1.jsonl.open"]
    assert sum(slept) == 10
    assert "1 files of 2026-01-05 or before are still being written after 10 s" in caplog.text
