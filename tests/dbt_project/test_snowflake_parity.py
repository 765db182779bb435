"""The same models on two warehouses, two nights, every mart row by row: DuckDB, and Snowflake's stand-in over
HTTP.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError

from benchmarks.snowflake_parity import MartComparison, compare_marts, format_night
from expectations.contracts.lake import (
    LAKE,
)
from expectations.contracts.published import Published
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import LandingDates, RunContext
from spark_jobs.settings import Settings
from spark_jobs.snowflake.connection import connect_to_snowflake
from spark_jobs.snowflake.schema_swap import mark_build_finished, swap_in_build
from spark_jobs.warehouse import dbt, export, load
from spark_jobs.warehouse.build_inputs import prepare_build
from spark_jobs.warehouse.generated_models import generate_models
from tests.dbt_project.two_nights import N_DAYS, OPENED, first_night, second_night


@dataclass
class Shop:
    """One lake under two homes, of which one builds on DuckDB and one on Snowflake."""

    lake: Lake
    duckdb: Settings
    snowflake: Settings
    staged: dict[int, dict[str, int]] = field(default_factory=dict)
    compared: dict[int, list[MartComparison]] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)  # keys the second night changed, as it was made
    # compiled SQL that is not Snowflake's, by night
    unread: dict[int, list[str]] = field(default_factory=dict)
    # orders in the schema that analysts read, after the second build and before its swap
    readers_saw: int = -1

    def night(self, n: int, settings: Settings) -> RunContext:
        day = OPENED + timedelta(days=N_DAYS + n - 2)
        return RunContext(f"night {n}", LandingDates(day, day), settings, datetime(2026, 2, n, tzinfo=UTC))

    def build(self, n: int, settings: Settings, *arguments: str) -> None:
        """What the step `dbt` does, without the tests that the arguments leave out."""
        night = self.night(n, settings)
        dbt.build_warehouse(settings, prepare_build(night, self.lake), *arguments)
        if settings.warehouse == "snowflake":
            mark_build_finished(settings, night.run_id)

    def publish(self, n: int) -> None:
        """What `publish` does for the two warehouses."""
        night = self.night(n, self.duckdb)
        Published(night.run_id, str(night.days.last), "", "", f"{night.slug}.duckdb", "", "").write(
            self.duckdb.home
        )
        assert swap_in_build(self.snowflake, night.run_id)
        assert not swap_in_build(self.snowflake, night.run_id), "a repeated publish swaps nothing back"

    def run(self, n: int, *arguments: str) -> None:
        """One night on both warehouses, up to their marts compared."""
        reports = load.run(self.night(n, self.snowflake), self.lake)
        self.staged[n] = {
            report.table_name: report.detail["staged"] for report in reports if report.detail["staged"]
        }
        with ThreadPoolExecutor() as both:  # a second core builds the second warehouse
            for built in [
                both.submit(self.build, n, self.duckdb, "--exclude-resource-type", "test", "unit_test"),
                both.submit(self.build, n, self.snowflake, *arguments),
            ]:
                built.result()
        with connect_to_snowflake(self.snowflake) as session:
            if n > 1:
                self.readers_saw = session.run("select count(*) from main.fct_orders")[0][0]
            self.unread[n] = not_snowflake(self.snowflake.paths.dbt / "target")
            self.publish(n)
            file = self.duckdb.paths.warehouse_builds / f"{self.night(n, self.duckdb).slug}.duckdb"
            self.compared[n] = compare_marts(file, session, "MAIN")
        print(format_night(f"night {n}", self.compared[n]), f"rows staged {self.staged[n]}")


def not_snowflake(target: Path) -> list[str]:
    """Compiled files that sqlglot's Snowflake dialect does not understand."""
    files = [*(target / "compiled").rglob("*.sql"), *(target / "run").rglob("*.sql")]
    assert len(files) > 100, "dbt has left what it compiled"
    found = []
    for file in files:
        try:
            if any(
                isinstance(one, exp.Command) for one in sqlglot.parse(file.read_text(), dialect="snowflake")
            ):
                found.append(f"{file.name}: taken for a command")
        except ParseError as error:
            found.append(f"{file.name}: {error}")
    return found


@pytest.fixture(scope="module")
def shop(snowflake, upsert, tmp_path_factory) -> Shop:
    """Two nights on two warehouses. dbt's data tests run on Snowflake on the first; on DuckDB other tests run
    them.
    """
    homes = [tmp_path_factory.mktemp("duckdb"), tmp_path_factory.mktemp("snowflake")]
    (homes[1] / "lake").symlink_to(homes[0] / "lake")
    shop = Shop(
        Lake(homes[0] / "lake"),
        Settings.from_environment({"CONCIERGE_HOME": str(homes[0])}),
        Settings.from_environment({"CONCIERGE_HOME": str(homes[1]), **snowflake("PARITY")}),
    )
    generate_models(dbt.PROJECT, shop.duckdb)
    first_night(shop.lake, upsert)
    shop.run(1, "--exclude-resource-type", "unit_test")
    shop.changed = second_night(shop.lake, upsert)
    shop.run(2, "--exclude-resource-type", "test", "unit_test")
    return shop


# Over 10 s: two nights on two warehouses, one over HTTP, which the other tests here look at too.
def test_every_mart_equal_row_by_row(shop):
    for n in (1, 2):
        assert len(shop.compared[n]) >= 15
        assert [one for one in shop.compared[n] if one.n_differences] == []
        assert all(one.n_rows for one in shop.compared[n]), "an empty mart proves nothing"


def test_rows_staged_are_those_that_changed(shop):
    """`load` itself writes the moments: in one commit on the first night, of a day more on the second."""
    rows = {name: shop.lake.read_arrow(LAKE[name], version=1).num_rows for name in shop.staged[1]}
    moments = shop.lake.read_arrow(LAKE["segment_moments"], version=0).num_rows
    assert shop.staged[1] == rows | {"segment_moments": moments}
    assert shop.staged[2] == shop.changed | {"segment_moments": rows["segment_moments"] - moments}


def test_compiled_sql_is_snowflakes(shop):
    assert shop.unread == {1: [], 2: []}


def test_days_are_written_and_read_in_one_form(shop):
    """A cast would follow the session's DATE_OUTPUT_FORMAT and DATE_INPUT_FORMAT; the stand-in has none, so
    the SQL is read.
    """
    compiled = shop.snowflake.paths.dbt / "target" / "compiled"
    pages = [
        next(compiled.rglob(f"{model}.sql")).read_text()
        for model in ("dim_customer_values", "dim_customer_contacts")
    ]
    assert "to_char(contacts.birth_date, 'YYYY-MM-DD')" in pages[0]
    assert "to_date(side_by_side.birth_date, 'YYYY-MM-DD')" in pages[1]
    casts = [one for page in pages for one in sqlglot.parse_one(page, dialect="snowflake").find_all(exp.Cast)]
    assert casts, "numbers and nulls are cast"
    assert not [
        one.sql() for one in casts if "birth_date" in {column.name for column in one.find_all(exp.Column)}
    ]


def test_why_two_are_one_is_answered_alike(shop):
    """The query of docs/explanation/identity.md: a browser whose link the second night brought, its
    user's e-mail, and one held apart.
    """
    [why] = re.findall(
        r"```sql\n(.*?)```", (dbt.ROOT / "docs/explanation/identity.md").read_text(), re.DOTALL
    )
    file = shop.duckdb.paths.warehouse_builds / "night-2.duckdb"
    ends = [("i_anonymous_id_3", "i_email_4"), ("i_email_5", "i_anonymous_id_5")]
    asked = [why.replace("'i_…' as a, 'i_…' as b", f"'{a}' as a, '{b}' as b") for a, b in ends]
    assert why not in asked
    with (
        duckdb.connect(str(file), read_only=True) as one,
        connect_to_snowflake(shop.snowflake, "main") as other,
    ):
        answers = [(one.execute(query).fetchall(), other.run(query)) for query in asked]
    told = "same_event core_events/e4; same_event core_events/e4; "
    path = ("i_anonymous_id_3 i_user_id_4 i_email_4", told, 2, 1 - 4 / 128)
    assert answers == [([path], [path]), ([], [])]


def test_readers_see_last_night_until_the_swap(shop):
    orders = {n: next(one.n_rows for one in shop.compared[n] if one.mart == "fct_orders") for n in (1, 2)}
    assert orders[1] != orders[2]
    assert shop.readers_saw == orders[1]


def test_export_brings_the_same_from_both(shop):
    """What DuckDB's export has written into the lake, Snowflake's finds there, row by row."""
    export.run(shop.night(2, shop.duckdb), shop.lake)
    for report in export.run(shop.night(2, shop.snowflake), shop.lake):
        assert report.version_before == report.version_after, report.detail
        assert report.n_unchanged == report.n_rows > 0


def test_one_changed_value_is_a_difference(shop):
    """The comparison's own control; last, since it spoils a mart."""
    with connect_to_snowflake(shop.snowflake) as session:
        session.run(
            "update main.fct_orders set amount = amount + 0.0001 where order_id = (select min(order_id) from"
            " main.fct_orders)"
        )
        file = shop.duckdb.paths.warehouse_builds / "night-2.duckdb"
        found = {
            one.mart: one.n_differences for one in compare_marts(file, session, "MAIN") if one.n_differences
        }
    assert set(found) == {"fct_orders"}
