"""The rule of days: yesterday by default, the conf's range when given."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest


def render(template: str, params: dict, at: datetime, logical: bool = True) -> str:
    import airflow.sdk.execution_time.macros as macros
    from airflow.sdk.definitions._internal.templater import FILTERS, SandboxedEnvironment

    env = SandboxedEnvironment()
    env.filters.update(FILTERS)
    run = SimpleNamespace(logical_date=at if logical else None, run_after=at)
    return env.from_string(template).render(params=params, dag_run=run, macros=macros)


AT = datetime(2011, 12, 10, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("params", "logical", "expected"),
    [
        pytest.param({}, True, ("2011-12-09", "2011-12-09"), id="the run of 03:00 handles the day before"),
        pytest.param({}, False, ("2011-12-09", "2011-12-09"), id="so does one triggered by hand without a logical date"),
        pytest.param({"from": None, "to": None}, True, ("2011-12-09", "2011-12-09"), id="days that are left empty"),
        pytest.param({"from": "2010-12-01", "to": "2011-12-09"}, True, ("2010-12-01", "2011-12-09"), id="a range is one run"),
        pytest.param({"from": "2011-12-01"}, True, ("2011-12-01", "2011-12-01"), id="one day by `from` alone"),
    ],
)
def test_landing_days(dag_bag, params, logical, expected):
    from dags._defaults import DAYS_FROM, DAYS_TO

    assert (render(DAYS_FROM, params, AT, logical), render(DAYS_TO, params, AT, logical)) == expected
