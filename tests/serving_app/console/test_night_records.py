"""Nights out of the lines of logs: what became of each, and what stopped it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving_app.console.night_records import State, build_nights

START = datetime(2026, 2, 22, 3, 0, tzinfo=UTC)
RUN = "scheduled__2026-02-22T03:00:00+00:00"


def write_line(step, minute, message="…", level="INFO", run=RUN, **more):
    at = (START + timedelta(minutes=minute)).isoformat()
    return {"at": at, "level": level, "message": message, "run": run, "step": step, **more}


def finish(step, minute, seconds, tables=(), run=RUN):
    return write_line(step, minute, f"{seconds} s", run=run, seconds=seconds, tables=list(tables))


def publish(run=RUN, at="2026-02-22T03:20:00Z"):
    record = {"run_id": run, "published_at": at, "landing_date": "2026-02-21", "model_version": "concierge/4"}
    return {"by": "publish", "record": record}


FINE = [
    finish("land", 1, 2.0),
    finish("ingest", 3, 10.0),
    finish("validate", 3, 0.5),
    finish("publish", 9, 3.0),
]


def one(lines, deployments=(), running=""):
    (night,) = build_nights(lines, deployments, running)
    return night


def test_a_night_that_readers_got():
    night = one(FINE, [publish()])
    assert (night.state, night.landing_date, night.model_version) == (State.RAN, "2026-02-21", "concierge/4")
    assert night.seconds == pytest.approx(15.5) and night.trouble == ""
    assert [(step.name, step.seconds, step.check_seconds) for step in night.steps.values()] == [
        ("land", 2.0, 0.0),
        ("ingest", 10.0, 0.5),
        ("publish", 3.0, 0.0),
    ]
    assert night.slug == "scheduled__2026-02-22T03-00-00-00-00"


@pytest.mark.parametrize(
    ("message", "state"),
    [
        ("stopped at the border. core_events: …", State.REFUSED),
        ("stopped by ListsRefused", State.REFUSED),
        ("stopped by OSError", State.FAILED),
        ("rows received and outcomes do not add up for ['core_events']", State.FAILED),
    ],
)
def test_a_night_that_was_stopped(message, state):
    night = one([*FINE[:3], write_line("dbt", 5, message, "ERROR")])
    assert (night.state, night.trouble) == (state, message)


def test_a_step_that_was_tried_again_counts_by_its_newest_try():
    failed = [finish("land", 1, 2.0), write_line("ingest", 3, "stopped by OSError", "ERROR")]
    again = [write_line("ingest", 8, "read"), finish("ingest", 9, 7.0), finish("publish", 12, 1.0)]
    assert one(failed).state == State.FAILED
    assert one([*failed, *again], [publish()]).state == State.RAN
    assert one([*failed, again[0]]).state == State.UNFINISHED
    assert one([*failed, again[0]], running=RUN).state == State.RUNNING


def test_a_night_that_was_killed_is_unfinished_and_one_without_files_had_nothing_to_do():
    assert one(FINE[:2]).state == State.UNFINISHED
    assert one([write_line("land", 1, "nothing new (2026-02-21)")]).state == State.NOTHING_NEW


def receive(received, inserted, duplicate=0, **detail):
    counts = {"n_received": received, "n_inserted": inserted, "n_duplicate": duplicate}
    return {"table_name": "core_events", **counts, "detail": detail}


def test_balances_are_of_each_feed_and_of_the_newest_try():
    other = {"table_name": "raw_x__events", "n_received": None}
    rows = [receive(10, 8, 2, source="web", entity="events", reasons={"bad_time": 1}), receive(5, 4), other]
    lines = [
        finish("ingest", 3, 1.0, [receive(9, 9)]),
        write_line("ingest", 5),
        finish("ingest", 6, 1.0, rows),
    ]
    first, second = one(lines).balances
    assert (first.source, first.entity, first.counts) == ("web", "events", (10, 8, 0, 0, 0, 2, 0))
    assert first.is_balanced and dict(first.reasons) == {"bad_time": 1}
    assert not second.is_balanced


def test_checks_stand_with_the_step_whose_border_they_are():
    unmet = [{"expectation": "is_key(customer_id)", "is_fatal": True}]
    rows = [{"table_name": "core_events", "detail": {"n_expectations": 17, "passed": False, "unmet": unmet}}]
    night = one([finish("ingest", 3, 1.0), finish("validate", 3, 0.5, rows)])
    (check,) = night.steps["ingest"].checks
    assert (check.table, check.n_expectations, check.unmet) == ("core_events", 17, ("is_key(customer_id)",))
    assert not check.has_passed


def test_warnings_stand_with_their_steps():
    night = one([write_line("ingest", 1, "suspicious", "WARNING"), *FINE])
    assert night.warnings == [("ingest", "suspicious")]


def test_nights_come_newest_first_and_other_runs_not_at_all():
    lines = [*FINE, finish("land", 60, 1.0, run="manual"), finish("maintain", 70, 1.0, run="weekly")]
    assert [night.run_id for night in build_nights(lines, [])] == ["manual", RUN]


VALUES = st.one_of(st.none(), st.text(max_size=5), st.integers(), st.lists(st.integers(), max_size=2))
FIELDS = ("at", "level", "message", "run", "step", "seconds", "tables", "table", "by", "record")


@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), VALUES), max_size=5))
def test_lines_of_any_shape_stop_nothing(lines):
    full = [{"at": START.isoformat(), "run": "r", "step": "ingest", **line} for line in lines]
    assert len(build_nights(full, lines, "r")) <= 2
