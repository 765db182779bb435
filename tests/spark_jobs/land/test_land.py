"""How files come into landing, and how a night learns that there is nothing to do; no Spark."""

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from expectations.contracts import identity_decision_file, identity_decisions
from expectations.contracts.published import Published
from spark_jobs.lake.tables import Lake
from spark_jobs.land import job
from spark_jobs.land.collect_files import DeliveryError, copy_day_files, find_due_days
from spark_jobs.linkage.model import LinkageModel
from spark_jobs.run.context import LandingDates, NothingNew, RunContext
from spark_jobs.run.identity_inputs import read_current_identity_inputs
from spark_jobs.run.input_fingerprint import hash_inputs
from spark_jobs.settings import Settings
from spark_jobs.sources.declaration import SharedFolder

MONDAY = date(2026, 1, 5)
DAYS = [MONDAY + timedelta(days=n) for n in range(5)]
FEED = SharedFolder(entity="lines", file_name="{day}.csv", may_skip_days=True)


@pytest.fixture
def export(tmp_path) -> Path:
    """A shop's export folder with Monday, Tuesday and Thursday; on Wednesday it was closed."""
    folder = tmp_path / "export"
    folder.mkdir()
    for n in (0, 1, 3):
        (folder / f"{DAYS[n]}.csv").write_text(f"day {n}\n")
    return folder


def night(home: Path, first: date, last: date, source: str = "online_retail", **settings: str) -> RunContext:
    given = {"CONCIERGE_HOME": str(home), "CONCIERGE_SOURCES": source, **settings}
    return RunContext(
        "r",
        LandingDates(first, last),
        Settings.from_environment(given),
        datetime(2026, 2, 1, tzinfo=UTC),
        "code",
        "config",
    )


def test_only_what_is_new_or_changed_is_copied(export, tmp_path):
    landing = tmp_path / "landing"
    assert copy_day_files(FEED, export, landing, LandingDates(DAYS[0], DAYS[1])) == 2
    assert copy_day_files(FEED, export, landing, LandingDates(DAYS[0], DAYS[1])) == 0
    (export / f"{DAYS[1]}.csv").write_text("day 1, put right\n")
    assert copy_day_files(FEED, export, landing, LandingDates(DAYS[1], DAYS[1])) == 1
    assert (landing / "lines" / str(DAYS[1]) / f"{DAYS[1]}.csv").read_text() == "day 1, put right\n"


def test_nights_that_were_skipped_are_fetched_too(export, tmp_path):
    landing = tmp_path / "landing"
    copy_day_files(FEED, export, landing, LandingDates(DAYS[0], DAYS[0]))
    assert copy_day_files(FEED, export, landing, LandingDates(DAYS[4], DAYS[4])) == 2, (
        "Tuesday's and Thursday's; Wednesday has none"
    )
    assert find_due_days(LandingDates(DAYS[4], DAYS[4]), [DAYS[0]]) == LandingDates(DAYS[1], DAYS[4])
    assert find_due_days(LandingDates(DAYS[2], DAYS[2]), [DAYS[4]]) == LandingDates(DAYS[2], DAYS[2]), (
        "a backfill asks for its own days"
    )


def test_a_day_file_that_comes_late_or_is_put_right_is_fetched_by_the_next_night(export, tmp_path):
    landing = tmp_path / "landing"
    copy_day_files(FEED, export, landing, LandingDates(DAYS[1], DAYS[3]))
    (export / f"{DAYS[2]}.csv").write_text("they were open after all\n")
    (export / f"{DAYS[1]}.csv").write_text("yad 1\n")  # as many bytes as before
    (export / f"{DAYS[3]}.csv").unlink()
    assert copy_day_files(FEED, export, landing, LandingDates(DAYS[4], DAYS[4])) == 2, (
        "Monday's landed never and was not asked for"
    )
    assert (landing / "lines" / str(DAYS[1]) / f"{DAYS[1]}.csv").read_text() == "yad 1\n"
    assert [path.name for path in sorted((landing / "lines").iterdir())] == [str(day) for day in DAYS[1:4]]
    assert (
        copy_day_files(FEED._replace(may_skip_days=False), export, landing, LandingDates(DAYS[3], DAYS[3]))
        == 0
    ), "it landed once"


def test_a_file_that_was_copied_is_known_by_size_and_time_and_by_content_when_touched(export, tmp_path):
    landing, given = tmp_path / "landing", export / f"{DAYS[0]}.csv"
    copy_day_files(FEED, export, landing, LandingDates(DAYS[0], DAYS[0]))
    taken = landing / "lines" / str(DAYS[0]) / given.name
    assert taken.stat().st_mtime_ns == given.stat().st_mtime_ns
    os.utime(given, (0, 0))
    assert copy_day_files(FEED, export, landing, LandingDates(DAYS[0], DAYS[0])) == 0, (
        "another time, the same bytes"
    )


def test_a_home_that_copies_from_nowhere_says_so(tmp_path, caplog):
    landing = tmp_path / "online_retail"
    with pytest.raises(DeliveryError, match=r"CONCIERGE_LANDING_FROM is not set, .* set it to the folder"):
        copy_day_files(FEED, None, landing, LandingDates(DAYS[0], DAYS[1]))
    by_hand = landing / "lines" / str(DAYS[0]) / "any.csv"
    by_hand.parent.mkdir(parents=True)
    by_hand.write_text("x")
    assert copy_day_files(FEED, None, landing, LandingDates(DAYS[0], DAYS[1])) == 0
    assert caplog.text == "", "somebody puts files there"
    assert copy_day_files(FEED, None, landing, LandingDates(DAYS[3], DAYS[4])) == 0
    assert "no file of 2026-01-08 … 2026-01-09 has landed; the newest is of 2026-01-05" in caplog.text
    with pytest.raises(DeliveryError, match=r"no file of 2026-01-06 .* never closed"):
        copy_day_files(FEED._replace(may_skip_days=False), None, landing, LandingDates(DAYS[0], DAYS[1]))


def test_a_shop_that_never_closes_owes_a_file_a_day(export, tmp_path):
    with pytest.raises(DeliveryError, match=r"handed over no 2026-01-07\.csv"):
        copy_day_files(
            FEED._replace(may_skip_days=False),
            export,
            tmp_path / "online_retail",
            LandingDates(DAYS[0], DAYS[3]),
        )
    with pytest.raises(DeliveryError, match="not a folder"):
        copy_day_files(FEED, export / "nowhere", tmp_path / "landing", LandingDates(DAYS[0], DAYS[0]))


def test_a_night_has_nothing_new_only_while_files_code_and_settings_are_those_published(
    export, tmp_path, caplog
):
    home = tmp_path / "home"
    from_export = {"CONCIERGE_LANDING_FROM": str(export)}
    first = night(home, DAYS[0], DAYS[1], **from_export)
    lake = Lake(first.settings.lake)
    [report, *_] = job.run(first, lake)
    assert "set CONCIERGE_IDENTITY_KEY" in caplog.text
    assert report.detail == {"n_files": 2}

    Published(
        "r",
        str(DAYS[1]),
        "",
        "",
        "",
        "",
        inputs=hash_inputs(first, DAYS[1], read_current_identity_inputs(home)),
    ).write(home)
    with pytest.raises(NothingNew, match="published these very inputs"):
        job.run(first, lake)

    (export / f"{DAYS[0]}.csv").write_text("day 0, put right\n")
    assert job.run(first, lake)[0].detail == {"n_files": 1}
    assert job.run(night(home, DAYS[3], DAYS[3], **from_export), lake)[0].detail == {"n_files": 1}, (
        "a new day is news"
    )
    (export / f"{DAYS[0]}.csv").write_text("day 0\n")
    (home / "landing" / "online_retail" / "lines" / str(DAYS[3]) / f"{DAYS[3]}.csv").unlink()
    with pytest.raises(NothingNew):
        job.run(first, lake)  # the negative control: all is as it was published
    said = identity_decisions.Decision(
        first.now, "split", "i_" + 32 * "a", "i_" + 32 * "b", "ops", "two people"
    )
    identity_decision_file.append_decision(home / identity_decision_file.DECISIONS_FILE, said)
    job.run(first, lake)  # what somebody decided is news
    (home / identity_decision_file.DECISIONS_FILE).unlink()
    shipped = LinkageModel.load_shipped()
    replace(shipped, rarest={**shipped.rarest, "last": 0.5}).save(home / "identity" / "model.json")
    job.run(first, lake)  # and so is another model of likeness
    (home / "identity" / "model.json").unlink()
    with pytest.raises(NothingNew):
        job.run(first, lake)
    for name in ("segments/lapsed.yml", "segments/learned/alike.yml", "lists/staff.csv"):
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_text("what a person wrote\n")
        job.run(first, lake)  # whatever it says: the build reads it, and says what is wrong with it
        (home / name).unlink()
    (home / "segments" / ".lapsed.yml").write_text("what an editor left\n")
    with pytest.raises(NothingNew):
        job.run(first, lake)  # the home's definitions are those published again
    other_code = RunContext("r", first.days, first.settings, first.now, "other code", "config")
    job.run(other_code, lake)


def test_a_definition_put_back_or_moved_is_news(tmp_path):
    """Published with a definition of the home's own: another text, none, and another kind each differ."""
    home = tmp_path / "home"
    first, nobody = night(home, DAYS[0], DAYS[1]), read_current_identity_inputs(home)
    (home / "segments" / "learned").mkdir(parents=True)
    file, seen = home / "segments" / "lapsed.yml", [hash_inputs(first, DAYS[1], nobody)]
    for text in ("one", "another"):
        file.write_text(text)
        seen.append(hash_inputs(first, DAYS[1], nobody))
    file.rename(file.parent / "learned" / file.name)
    seen.append(hash_inputs(first, DAYS[1], nobody))
    assert len(set(seen)) == 4
    (file.parent / "learned" / file.name).unlink()
    assert hash_inputs(first, DAYS[1], nobody) == seen[0]
