"""Traits in the profile: a declared one is what the events say at the day's end, and an SQL trait that is
wrong keeps its old values while all else is built.
"""

import shutil
from datetime import timedelta

import duckdb
import pytest

from segments import sql_traits
from segments.calendar import ShopCalendar
from segments.events import Event
from segments.parsing.traits import load_traits
from segments.tree.traits import UniqueList
from spark_jobs.sources.registry import find_shop_time_zone
from spark_jobs.warehouse import dbt
from spark_jobs.warehouse.build_inputs import prepare_build
from spark_jobs.warehouse.dbt_results import LEFT_OUT
from tests.dbt_project.conftest import WITHOUT_TESTS
from tests.dbt_project.rows import FIRST, consent, react
from tests.dbt_project.shop import Shop
from tests.segments.oracle_measures import Customer, Moment, measure
from tests.segments.oracle_measures import Shop as Calendared
from tests.segments.traits.trait_hosts import list_newest

TRAITS = load_traits()
FIELDS = [*Event._fields]
ZONE = find_shop_time_zone(("sample_shop",))
WRONG = """select customer_id, 1 as n_wrong from {{ ref('dim_customers') }}
union all
select customer_id, 1 as n_wrong from {{ ref('dim_customers') }}
"""


def read_histories(warehouse) -> dict[str, list[Event]]:
    names = ", ".join({"at": 'epoch_us("at")', "type": "event_type"}.get(name, name) for name in FIELDS)
    select = f"select customer_id, {names} from main_intermediate.int_segment_events"
    histories: dict[str, list[Event]] = {}
    for customer_id, *values in warehouse.execute(select).fetchall():
        numbers = (None if value is None else float(value) for value in values[6:9])
        histories.setdefault(customer_id, []).append(Event(*values[:6], *numbers, *values[9:]))
    return histories


def test_declared_traits_are_what_the_events_say(built):
    names = ", ".join(trait.trait for trait in TRAITS)
    with duckdb.connect(str(built.files[-1]), read_only=True) as warehouse:
        [(now,)] = warehouse.execute(
            "select epoch_us(now) from main_intermediate.int_trait_moments"
        ).fetchall()
        found = warehouse.execute(f"select customer_id, {names} from main_intermediate.int_trait_values")
        values = {customer_id: row for customer_id, *row in found.fetchall()}
        histories = read_histories(warehouse)
    calendar = ShopCalendar(ZONE)
    assert now == calendar.find_midnight(built.last.toordinal() + 1), "the end of the newest landing day"
    assert len(values) > 10 and set(histories) <= set(values)
    for customer_id, row in values.items():
        history = sorted(histories.get(customer_id, []), key=lambda event: (event.at, event.event_id))
        events = tuple(event for event in history if event.at < now)
        moment = Moment(now, events, Customer(customer_id), Calendared(calendar))
        assert row == [measure_trait(trait, moment) for trait in TRAITS]


def measure_trait(trait, moment):
    """A trait by brute force; a number is rounded by neither, as sums here are exact."""
    if isinstance(trait.value, UniqueList):
        return list_newest(trait.value, moment)
    return measure(trait.value, moment)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A copy of the dbt project, whose SQL traits a test may spoil."""
    copy = tmp_path / "dbt_project"
    shutil.copytree(dbt.PROJECT, copy, ignore=shutil.ignore_patterns("target", "logs"))
    monkeypatch.setattr(dbt, "PROJECT", copy)
    monkeypatch.setattr(sql_traits, "FOLDER", copy / "models/traits")
    return copy / "models/traits"


# Over 10 s: two nights, of which one is built in two parts.
def test_a_failed_sql_trait_keeps_its_values_and_stops_nothing(new_home, project):
    home, shop = new_home("failing"), Shop()
    for day in range(6):
        shop.has_feed = True
        shop.trade(day)
    seen = react("seen", "view", None, "item1", 1)
    shop.keep("event", seen | {"anonymous_identifier_id": None, "user_identifier_id": "i_u1"})
    shop.write(home.lake)
    first, left_out = build(home, "night1", 5)
    assert left_out == []
    home.publish("night1", first)
    habits = project / "return_habits.sql"
    habits.write_text(habits.read_text() + "union all select * from final\n")
    (project / "n_wrong.sql").write_text(WRONG)
    shop.trade(6)
    shop.consents.append(consent("i_u1", 6) | {"purpose": "analytics"})
    shop.write(home.lake)
    second, left_out = build(home, "night2", 6)
    assert [sentence.split(":")[0] for sentence in left_out] == ["n_wrong.sql", "return_habits"]
    assert "of a customer who has one already" in left_out[1]
    kept = "select customer_id, share_returned, has_returned from dim_customer_traits"
    with duckdb.connect() as both:
        both.execute(f"attach '{first}' as old (read_only); attach '{second}' as new (read_only)")
        old, new = (
            dict((row[0], row[1:]) for row in both.execute(kept.replace("dim_", f"{name}.dim_")).fetchall())
            for name in ("old", "new")
        )
        seen = "select customer_id, n_days_seen_of_30 from {}.dim_customer_traits"
        assert any(value for _, value in old.values()), "somebody has sent something back"
        counts = [dict(both.execute(seen.format(name)).fetchall()) for name in ("old", "new")]
        known = " or ".join(f"{trait.trait} is not null" for trait in TRAITS)
        is_known = f"select customer_id, {known} from new.dim_customer_traits"
        silent = {name for name, some in both.execute(is_known).fetchall() if not some}
        denied = shop.owner["i_u1"]
        check_visits_are_not_counted(both, denied)
    assert {name: new[name] for name in old if name != denied} == {
        name: values for name, values in old.items() if name != denied
    }
    assert counts[0] != counts[1], "the declared ones are of the new day"
    assert silent == {denied} and new[denied] == (None, None), "of who said no to analytics nothing is known"


def check_visits_are_not_counted(both, denied):
    """Of who said no since the old night, from their first day on; the old night is the control."""
    kinds = "select distinct event_type from {}.main_intermediate.{} where customer_id = $1"
    sent, before, after = (
        {kind for (kind,) in both.execute(kinds.format(*table), [denied]).fetchall()}
        for table in (
            ("new", "int_sent_events"),
            ("old", "int_segment_events"),
            ("new", "int_segment_events"),
        )
    )
    assert before >= {"view", "purchase"} and before - {"empty_cart"} <= sent
    assert after == {"purchase", "return"} & sent
    visits = "select count(session_id), count(device) from new.main_intermediate.int_segment_events"
    assert both.execute(f"{visits} where customer_id = $1", [denied]).fetchone() == (0, 0)
    assert both.execute(visits).fetchone()[0] > 10, "of everybody else they are known"
    fields = "select max(n_views_30d) from {}.main_intermediate.int_customer_states where customer_id = $1"
    views = [both.execute(fields.format(name), [denied]).fetchone()[0] for name in ("old", "new")]
    assert views[0] > 0 and views[1] == 0, "nor do the fields of rules count them"
    changed, first = (
        both.execute(f"{query} where customer_id = $1", [denied]).fetchone()
        for query in (
            "select evaluated_from from new.main_intermediate.int_build__evaluated_customers",
            "select min(day) from old.main_intermediate.int_sent_events",
        )
    )
    assert changed == first, "their past is asked anew"


def build(home, run_id, day):
    """A night's file, and what was left out of it."""
    last = FIRST + timedelta(days=day)
    night = home.night(run_id, last)
    beginning = prepare_build(night, home.lake)
    results = dbt.build_warehouse(night.settings, beginning, *WITHOUT_TESTS)
    return beginning.finished, results[LEFT_OUT]
