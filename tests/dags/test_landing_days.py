"""The rule of days: yesterday by default, the conf's range when given."""

from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from expectations.contracts import shop_clock


def render(template: str, params: dict, at: datetime, logical: bool = True) -> str:
    import airflow.sdk.execution_time.macros as macros
    from airflow.sdk.definitions._internal.templater import FILTERS, SandboxedEnvironment

    from dags._defaults import MACROS

    env = SandboxedEnvironment()
    env.filters.update(FILTERS)
    run = SimpleNamespace(logical_date=at if logical else None, run_after=at)
    return env.from_string(template).render(params=params, dag_run=run, macros=macros, **MACROS)


AT = datetime(2011, 12, 10, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("params", "logical", "expected"),
    [
        pytest.param({}, True, ("2011-12-09", "2011-12-09"), id="the run of 03:00 handles the day before"),
        pytest.param(
            {}, False, ("2011-12-09", "2011-12-09"), id="so does one triggered by hand without a logical date"
        ),
        pytest.param(
            {"from": None, "to": None}, True, ("2011-12-09", "2011-12-09"), id="days that are left empty"
        ),
        pytest.param(
            {"from": "2010-12-01", "to": "2011-12-09"},
            True,
            ("2010-12-01", "2011-12-09"),
            id="a range is one run",
        ),
        pytest.param(
            {"from": "2011-12-01"}, True, ("2011-12-01", "2011-12-01"), id="one day by `from` alone"
        ),
    ],
)
def test_landing_days(dag_bag, params, logical, expected):
    from dags._defaults import DAYS_FROM, DAYS_TO

    assert (render(DAYS_FROM, params, AT, logical), render(DAYS_TO, params, AT, logical)) == expected


def test_the_sample_shops_run_handles_its_own_next_day(dag_bag, tmp_path, monkeypatch):
    from dags import _defaults

    monkeypatch.setattr(_defaults, "HOME", tmp_path)
    shop_clock.set_next_landing_day(tmp_path, AT.date(), date(2011, 3, 1), date(2011, 1, 1))
    assert render(_defaults.DAYS_FROM, {}, AT) == "2011-03-02"
    assert render(_defaults.DAYS_TO, {"from": "2010-12-01"}, AT) == "2010-12-01", (
        "a range that is asked for is that range"
    )


def test_what_is_no_part_of_a_night_waits_for_its_time(dag_bag, monkeypatch):
    """Seen for the first time at noon on Saturday, neither runs for a time that has passed; a night does."""
    from airflow.serialization.serialized_objects import DagSerialization
    from airflow.timetables import trigger

    monkeypatch.setattr(trigger, "utcnow", lambda: datetime(2026, 11, 28, 12, tzinfo=UTC))
    first = {}
    for name, dag in dag_bag.dags.items():
        scheduled = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
        first[name] = scheduled.next_dagrun_info(last_automated_run_info=None).run_after
    assert first == {
        "nightly": datetime(2026, 11, 28, 3, tzinfo=UTC),
        "train_recommender": datetime(2026, 11, 29, 6, tzinfo=UTC),
        "maintain_tables": datetime(2026, 11, 29, 9, tzinfo=UTC),
    }
