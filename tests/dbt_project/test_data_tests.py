"""dbt's own tests fail when they should: their compiled SQL on hand-made marts, rows found being faults."""

import duckdb
import pytest

ONE_ORDER = "('o1', false, 10, 'ann')"
ONE_RETURN = "('o1', true, -4, 'ann')"
BY_A_GUEST = "('o2', false, 99, null)"


def faults(built, name: str, tables: dict[str, list[str]]) -> int:
    """How many rows a data test of the project finds in a warehouse of nothing but these tables: `<name>
    (<columns>)`, rows.
    """
    test = next(node for node in built.manifest["nodes"].values() if node["name"] == name)
    with duckdb.connect() as warehouse:
        warehouse.execute("create schema main_intermediate")
        for table, rows in tables.items():
            warehouse.execute(f"create table {table}")
            for row in rows:
                warehouse.execute(f"insert into {table.split()[0]} values {row}")
        return len(warehouse.execute(test["compiled_code"]).fetchall())


@pytest.mark.parametrize(
    ("customers", "orders", "found"),
    [
        pytest.param(
            ["(1, 1, 6)"], [ONE_ORDER, ONE_RETURN, BY_A_GUEST], 0, id="equal, the guest's order aside"
        ),
        pytest.param(["(1, 0, 6)"], [ONE_ORDER, ONE_RETURN], 1, id="a return is missing"),
        pytest.param(["(1, 1, 7)"], [ONE_ORDER, ONE_RETURN], 1, id="another amount"),
        pytest.param([], [ONE_ORDER, ONE_RETURN], 1, id="no customers at all"),
        pytest.param(["(1, 0, 10)"], [], 1, id="no orders at all"),
        pytest.param(["(0, 0, 0)"], [], 0, id="customers who have only looked"),
        pytest.param([], [], 0, id="an empty shop"),
    ],
)
def test_customers_equal_their_orders(built, customers, orders, found):
    tables = {
        "main.dim_customers (n_orders int, n_returns int, amount_net decimal(18, 4))": customers,
        "main.fct_orders (order_id varchar, is_return boolean, amount decimal(18, 4), customer_id varchar)": (
            orders
        ),
    }
    assert faults(built, "customers_equal_their_orders", tables) == found


@pytest.mark.parametrize(
    ("days", "found"),
    [
        pytest.param(["('2026-01-27')", "('2026-01-28')"], 0, id="it ends today"),
        pytest.param(["('2025-05-18')"], 1, id="it ends before today"),
        pytest.param(["('2026-01-29')"], 1, id="it ends after today"),
        pytest.param([], 1, id="it is empty"),
    ],
)
def test_calendar_ends_today(built, days, found):
    assert str(built.last) == "2026-01-28"
    assert (
        faults(built, "calendar_ends_today", {"main_intermediate.int_calendar (calendar_date date)": days})
        == found
    )
