"""What a build begins with: the days that changed in the lake since the published warehouse read it, or
everything.
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from expectations.contracts.home import HomePaths
from expectations.contracts.lake import CORE_EVENTS, OPS_DELIVERIES
from expectations.contracts.published import Published
from segments.sql.costs import CostLimits
from spark_jobs.lake.tables import Lake, build_arrow_schema
from spark_jobs.run.context import LandingDates, RunContext
from spark_jobs.run.warehouse_files import find_built_file, find_free_file
from spark_jobs.settings import Settings
from spark_jobs.warehouse.build_inputs import hash_dbt_models, prepare_build

MON, TUE, WED = date(2026, 1, 5), date(2026, 1, 6), date(2026, 1, 7)


def events(*days: date, suffix: str = "") -> pa.Table:
    rows = [
        {
            **dict.fromkeys(CORE_EVENTS.columns),
            "event_id": f"{day}{suffix}",
            "source": "web",
            "event_type": "view",
            "occurred_at": datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
            "occurred_date": day,
        }
        for day in days
    ]
    return pa.Table.from_pylist(rows, schema=build_arrow_schema(CORE_EVENTS))


class Home:
    """A home with events of two days, all of them read by the published warehouse."""

    def __init__(self, root: Path) -> None:
        self.settings = Settings.from_environment({"CONCIERGE_HOME": str(root)})
        self.lake = Lake(self.settings.lake)
        self.add(MON, TUE)
        self.publish(self.begin(TUE))

    def begin(self, last: date):
        return prepare_build(
            RunContext("tonight", LandingDates(last, last), self.settings, datetime(2026, 3, 1, tzinfo=UTC)),
            self.lake,
        )

    def add(self, *days: date, suffix: str = "") -> None:
        write_deltalake(
            self.lake.path(CORE_EVENTS),
            events(*days, suffix=suffix),
            mode="append",
            partition_by=["occurred_date"],
        )

    def publish(self, beginning) -> None:
        """As dbt leaves a file, and `publish` the published record."""
        beginning.finished.unlink(missing_ok=True)
        with duckdb.connect(str(beginning.finished)) as file:
            file.execute("create schema main_intermediate")
            file.execute(
                "create table main_intermediate.int_build__reads"
                " (table_name varchar, lake_version varchar, models_hash varchar, as_of date)"
            )
            for name, version in beginning.dbt_inputs["lake_versions"].items():
                said = [name, version, beginning.dbt_inputs["models_hash"], beginning.dbt_inputs["as_of"]]
                file.execute("insert into main_intermediate.int_build__reads values (?, ?, ?, ?)", said)
        Published("r", "", "", "", beginning.finished.name, "", "").write(self.settings.home)


def test_a_run_built_again_takes_a_free_name_and_the_last_one_counts(tmp_path):
    night = RunContext(
        "r.2",
        LandingDates(MON, MON),
        Settings.from_environment({"CONCIERGE_HOME": str(tmp_path)}),
        datetime(2026, 3, 1),
    )
    with pytest.raises(FileNotFoundError, match=r"r\.2\.duckdb was not built"):
        find_built_file(night)
    builds = HomePaths(tmp_path).warehouse_builds
    builds.mkdir(parents=True)
    for name in ("r.duckdb", "r.2.9x.duckdb", "other.2.duckdb"):
        (builds / name).touch()
    for name in ("r.2.duckdb", "r.2.2.duckdb", "r.2.3.duckdb"):
        assert find_free_file(night).name == name
        find_free_file(night).touch()
        assert find_built_file(night).name == name
    (builds / "r.2.2.duckdb").unlink()
    assert (find_free_file(night).name, find_built_file(night).name) == ("r.2.4.duckdb", "r.2.3.duckdb")


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path / "home")


def test_the_first_night_builds_everything(tmp_path):
    settings = Settings.from_environment({"CONCIERGE_HOME": str(tmp_path)})
    night = RunContext("first", LandingDates(MON, TUE), settings, datetime(2026, 3, 1, tzinfo=UTC))
    beginning = prepare_build(night, Lake(settings.lake))
    assert beginning.dbt_inputs["changed_days"] is None
    assert beginning.dbt_inputs["as_of"] == "2026-01-06"
    assert not beginning.file.exists()


def test_nothing_new_changes_no_day_and_begins_with_a_copy(home):
    beginning = home.begin(TUE)
    assert beginning.dbt_inputs["changed_days"] == {
        "core_events": [],
        "core_impressions": [],
        "core_order_lines": [],
    }
    with duckdb.connect(str(beginning.file), read_only=True) as copy:
        reads = copy.execute("select table_name from main_intermediate.int_build__reads").fetchall()
    assert reads == [("core_events",), ("segment_moments",)]


def test_late_rows_change_the_day_they_occurred_on(home):
    home.add(WED)
    home.add(MON, suffix="late")
    assert home.begin(WED).dbt_inputs["changed_days"]["core_events"] == ["2026-01-05", "2026-01-07"]


def test_rows_taken_away_change_their_day(home):
    DeltaTable(home.lake.path(CORE_EVENTS)).delete("occurred_date = '2026-01-05'")
    assert home.begin(TUE).dbt_inputs["changed_days"]["core_events"] == ["2026-01-05"]


def test_compaction_changes_no_day(home):
    home.add(MON, suffix="more")
    home.publish(home.begin(TUE))
    DeltaTable(home.lake.path(CORE_EVENTS)).optimize.compact()
    assert home.lake.version(CORE_EVENTS) == 2
    assert home.begin(TUE).dbt_inputs["changed_days"]["core_events"] == []


def test_a_table_made_anew_is_read_anew(home):
    write_deltalake(str(home.settings.home / "other"), events(MON, TUE), partition_by=["occurred_date"])
    Path(home.lake.path(CORE_EVENTS)).rename(home.settings.home / "gone")
    (home.settings.home / "other").rename(home.lake.path(CORE_EVENTS))
    assert home.begin(TUE).dbt_inputs["changed_days"] is None


def test_a_log_that_was_cleaned_up_means_everything(home):
    home.add(WED)
    home.add(MON, suffix="late")
    table = DeltaTable(home.lake.path(CORE_EVENTS))
    table.create_checkpoint()
    (Path(home.lake.path(CORE_EVENTS)) / "_delta_log" / f"{1:020d}.json").unlink()
    assert home.lake.version(CORE_EVENTS) == 2
    assert home.begin(WED).dbt_inputs["changed_days"] is None


def test_other_models_are_not_built_upon(home, monkeypatch):
    monkeypatch.setattr("spark_jobs.warehouse.build_inputs.hash_dbt_models", lambda paths: "other")
    assert home.begin(TUE).dbt_inputs["changed_days"] is None


def test_a_definition_that_became_too_dear_is_not_built_upon(home):
    """Two views are read; nothing else of the home changes."""
    home.settings.paths.segment_definitions.mkdir()
    (home.settings.paths.segment_definitions / "viewers.yml").write_text(
        "{segment_id: viewers, name: V, kind: rule, description: V.,"
        " members: {count: view, op: '>', value: 0}}"
    )
    home.publish(home.begin(TUE))
    assert home.begin(TUE).dbt_inputs["changed_days"] is not None
    home.settings = replace(home.settings, segment_limits=CostLimits(n_read=1))
    left_out = home.begin(TUE)
    assert left_out.dbt_inputs["changed_days"] is None
    home.publish(left_out)
    assert home.begin(TUE).dbt_inputs["changed_days"] is not None


@pytest.mark.parametrize(
    ("file", "is_other"),
    [
        pytest.param("dbt_project/models/marts/dim_items.sql", True, id="a model"),
        pytest.param("dbt_project/dbt_project.yml", True, id="the project"),
        pytest.param("dbt_project/macros/types.sql", True, id="a macro"),
        pytest.param("dbt_project/analyses/funnel.sql", False, id="an analysis"),
        pytest.param("segments/definitions/loyal.yml", True, id="a segment"),
        pytest.param(
            "dbt_project/survivorship.yml", False, id="which value wins: worked out anew every night anyway"
        ),
        pytest.param(
            "dbt_project/models/segments/generated/int_segment_loyal.sql",
            False,
            id="a model made of what is hashed",
        ),
        pytest.param("dbt_project/models/marts/README.md", False, id="prose"),
    ],
)
def test_what_makes_other_models(tmp_path, monkeypatch, file, is_other):
    checkout = tmp_path / "target" / "analyses"  # what a folder above is called decides nothing
    monkeypatch.setattr("spark_jobs.warehouse.build_inputs.ROOT", checkout)
    path = checkout / file
    path.parent.mkdir(parents=True)
    path.write_text("as it was")
    paths = HomePaths(tmp_path / "home")
    before = hash_dbt_models(paths)
    path.write_text("otherwise")
    assert (hash_dbt_models(paths) != before) == is_other


def test_a_definition_of_the_home_makes_other_models(tmp_path):
    paths = HomePaths(tmp_path)
    hashes = [hash_dbt_models(paths)]
    paths.segment_definitions.mkdir()
    for text in ("one", "other"):
        (paths.segment_definitions / "lapsed.yml").write_text(text)
        hashes.append(hash_dbt_models(paths))
    assert len(set(hashes)) == 3


def test_today_is_the_newest_landing_day_in_whatever_order_days_come(home):
    delivered = {
        **dict.fromkeys(OPS_DELIVERIES.columns),
        "delivery_id": "d",
        "landing_date": WED,
        "n_records": 1,
    }
    cut_off = {**delivered, "delivery_id": "e", "landing_date": date(2026, 1, 8), "n_records": None}
    home.lake.append_rows([delivered, cut_off], OPS_DELIVERIES)
    assert home.begin(MON).dbt_inputs["as_of"] == "2026-01-07"
    assert home.begin(date(2026, 1, 9)).dbt_inputs["as_of"] == "2026-01-09"
