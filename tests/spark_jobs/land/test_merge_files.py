"""Few landed files of many: every line once and in order, whenever a run is killed, and nothing that a night
has ingested is touched.
"""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from expectations.contracts.home import HomePaths
from expectations.contracts.lake import OPS_DELIVERIES
from spark_jobs.lake.tables import Lake
from spark_jobs.land import job, merge_files
from spark_jobs.land.merge_files import MOST_FILES, merge_landed_files, part_by_size
from spark_jobs.run.context import LandingDates, RunContext
from spark_jobs.settings import Settings
from spark_jobs.sources.registry import load_sources
from spark_jobs.stream.open_days import is_made_of

DAY = date(2026, 2, 20)


class Killed(RuntimeError):  # noqa: N818 - reads as what it says
    """The run ended here."""


def write_files(folder: Path, n: int = 100, day: date = DAY) -> list[str]:
    """Files of two lines each, the last of which ends in the midst of one; all lines."""
    (folder / str(day)).mkdir(parents=True, exist_ok=True)
    lines = [f'{{"n": {number}}}' for number in range(2 * n)]
    for number in range(n):
        end = "" if number == n - 1 else "\n"
        text = "\n".join(lines[2 * number : 2 * number + 2]) + end
        (folder / str(day) / f"topic-{number:06d}.jsonl").write_text(text)
    return lines


def read_lines(folder: Path, day: date = DAY) -> list[str]:
    """The lines of a day's files, in the order of their names."""
    files = sorted(folder.glob(f"{day}/[!.]*.jsonl"), key=lambda file: file.name)
    return [line for file in files for line in file.read_text().splitlines()]


def list_names(folder: Path, day: date = DAY) -> list[str]:
    return sorted(file.name for file in (folder / str(day)).iterdir() if not file.name.startswith("."))


def test_a_days_files_become_one(tmp_path):
    lines = write_files(tmp_path)
    assert merge_landed_files(tmp_path, DAY, ()) == 99
    assert list_names(tmp_path) == ["topic-000000-merged.jsonl"]
    assert read_lines(tmp_path) == lines
    assert merge_landed_files(tmp_path, DAY, ()) == 0


def test_few_files_and_days_to_come_stay(tmp_path):
    write_files(tmp_path, MOST_FILES)
    write_files(tmp_path, 100, date(2026, 2, 21))
    assert merge_landed_files(tmp_path, DAY, ()) == 0
    assert len(list_names(tmp_path)) == MOST_FILES and len(list_names(tmp_path, date(2026, 2, 21))) == 100


def test_what_a_night_has_ingested_is_not_touched(tmp_path):
    """Files that came late: they become one, behind those of the night before."""
    lines = write_files(tmp_path)
    ingested = {f"{DAY}/topic-{n:06d}.jsonl" for n in range(60)}
    assert merge_landed_files(tmp_path, DAY, ingested) == 39
    assert list_names(tmp_path) == [f"topic-{n:06d}.jsonl" for n in range(60)] + ["topic-000060-merged.jsonl"]
    assert read_lines(tmp_path) == lines
    assert merge_landed_files(tmp_path, DAY, {*ingested, f"{DAY}/topic-000060-merged.jsonl"}) == 0
    assert [file.name for file in (tmp_path / str(DAY)).glob(".*")] == []


@pytest.mark.parametrize("point", ["append_lines", "write_parts", "sync_folder", "delete_parts"])
def test_a_run_that_is_killed_is_finished_by_the_next(tmp_path, monkeypatch, point):
    """Nothing is lost while it lies there, and behind the next run each line is there once."""
    lines = write_files(tmp_path)

    def kill(*_):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(merge_files, point, kill)
        with pytest.raises(Killed):
            merge_landed_files(tmp_path, DAY, ())
    assert set(read_lines(tmp_path)) == set(lines)
    merge_landed_files(tmp_path, DAY, ())
    assert list_names(tmp_path) == ["topic-000000-merged.jsonl"]
    assert read_lines(tmp_path) == lines
    merge_landed_files(tmp_path, DAY, {f"{DAY}/topic-000000-merged.jsonl"})
    assert [file.name for file in (tmp_path / str(DAY)).glob(".*")] == []


def test_a_file_that_is_made_has_a_size(tmp_path):
    write_files(tmp_path, 10)
    files = sorted((tmp_path / str(DAY)).iterdir())
    size = files[0].stat().st_size
    assert [len(parts) for parts in part_by_size(files, 3 * size + 6)] == [3, 3, 3, 1]
    assert [len(parts) for parts in part_by_size(files, 1)] == [1] * 10


def test_the_stream_knows_what_it_has_read(tmp_path):
    """Merged of files that it has ingested: nothing new. Of one that it has not: it reads all."""
    write_files(tmp_path)
    merge_landed_files(tmp_path, DAY, ())
    merged = tmp_path / str(DAY) / "topic-000000-merged.jsonl"
    known = {f"topic-{n:06d}.jsonl" for n in range(100)}
    assert is_made_of(merged, known)
    assert not is_made_of(merged, known - {"topic-000042.jsonl"})
    assert not is_made_of(merged.with_name("topic-000100.jsonl"), known)


def test_land_merges_what_the_lake_does_not_hold(tmp_path):
    home = HomePaths(tmp_path)
    write_files(home.landed_events)
    settings = Settings.from_environment(
        {"CONCIERGE_HOME": str(tmp_path), "CONCIERGE_SOURCES": "sample_shop"}
    )
    context = RunContext("r", LandingDates(DAY, DAY), settings, datetime(2026, 2, 21, 3, tzinfo=UTC))
    [live] = [source for source in load_sources(settings.sources) if source.name == "live"]
    lake = Lake(home.lake)
    row = dict.fromkeys(OPS_DELIVERIES.columns) | {"source": "live", "entity": "events", "landing_date": DAY}
    row |= {"delivery_id": "d_1", "sha256": "0" * 64, "n_bytes": 1, "run_id": "r"}
    lake.replace_rows([row | {"source_file": f"live/events/{DAY}/topic-000000.jsonl"}], OPS_DELIVERIES)
    job.merge_new_files(live, context, lake)
    assert list_names(home.landed_events) == ["topic-000000.jsonl", "topic-000001-merged.jsonl"]
