"""Rules on the profile, on predictions and on uploaded lists of customers, night after night."""

from datetime import datetime, timedelta

import duckdb
import pytest

from tests.dbt_project.behaviour import NEW_ITEM, VIP
from tests.dbt_project.predicted import DENIED
from tests.dbt_project.rows import FIRST


def day(n: int) -> datetime:
    return datetime(FIRST.year, FIRST.month, FIRST.day) + timedelta(days=n)


def read_stays(file, segment_id: str) -> list[tuple]:
    query = (
        "select customer_id, entered_at, left_at from fct_customer_segments where segment_id = ? order by all"
    )
    with duckdb.connect(str(file), read_only=True) as warehouse:
        return warehouse.execute(query, [segment_id]).fetchall()


def test_tenths_hold_from_the_day_that_was_predicted(built):
    """By `TENTHS`: in both, then in one; who said no since has never been in any."""
    by_night = [read_stays(file, "09_valuable_and_leaving") for file in built.files]
    assert by_night == [
        [],
        [("c_i_u1", day(8), None)],
        [("c_i_u1", day(8), day(16)), ("c_i_u3", day(18), day(20))],
    ]


def test_a_consent_holds_from_its_day_and_one_of_a_day_to_come_from_today(built):
    stays = {stay[0]: stay[1:] for stay in read_stays(built.files[-1], "40_never_asked")}
    assert (stays[DENIED][1], stays["c_i_u6"][1]) == (day(17), day(23))
    assert {left for customer, (_, left) in stays.items() if customer not in (DENIED, "c_i_u6")} == {None}
    assert all(left is None for _, _, left in read_stays(built.files[-2], "40_never_asked"))


def test_a_change_by_a_word_or_a_score_says_so(built):
    """On their days; a rule that does not ask for it has the reasons that it would have had."""
    query = (
        "select customer_id, segment_id, changed_at, change, reason from fct_segment_changes"
        " where reason in ('consent', 'model') and segment_id not like 'like_%' order by all"
    )
    with duckdb.connect(str(built.files[-1]), read_only=True) as warehouse:
        assert warehouse.execute(query).fetchall() == [
            ("c_i_u1", "09_valuable_and_leaving", day(8), "entered", "model"),
            ("c_i_u1", "09_valuable_and_leaving", day(16), "left", "model"),
            (DENIED, "40_never_asked", day(17), "left", "consent"),
            ("c_i_u3", "09_valuable_and_leaving", day(18), "entered", "model"),
            ("c_i_u3", "09_valuable_and_leaving", day(20), "left", "model"),
            ("c_i_u6", "40_never_asked", day(23), "left", "consent"),
        ]


def test_another_country_holds_on_all_days(built):
    assert read_stays(built.files[0], "10_marketing_in_dach") == [("c_i_u3", day(4), None)]
    assert read_stays(built.files[1], "10_marketing_in_dach") == []


@pytest.mark.parametrize(
    ("night", "on_it", "changed"),
    [
        pytest.param(0, {"c_i_u1", "c_i_u3", "c_i_u5"}, set(), id="the first night"),
        pytest.param(1, {"c_i_u1", "c_i_u3"}, {"c_i_u5"}, id="one is taken off"),
        pytest.param(2, {"c_i_u3", "c_i_u5"}, {"c_i_u1", "c_i_u5"}, id="one comes, one goes, and an item"),
    ],
)
def test_a_changed_list_changes_its_members_stays_alone(built, night, on_it, changed):
    """Who is on it now was on it on all their days; of all others it says what it said, and of a list of
    items to whoever did something with one that is not on both.
    """
    stays = read_stays(built.files[night], VIP)
    assert {stay[0] for stay in stays} == on_it and len(stays) == len(on_it)
    with duckdb.connect(str(built.files[night]), read_only=True) as warehouse:
        ask = lambda sql: {row[0]: row[-1] for row in warehouse.execute(sql).fetchall()}  # noqa: E731
        first_days = ask(
            "select customer_id, min(activity_date) from main_intermediate.int_customer_days group by 1"
        )
        looked_again = ask("select * from main_intermediate.int_build__changed_lists")
        of_item = ask(
            f"select distinct customer_id from main_intermediate.int_sent_events where item_id = '{NEW_ITEM}'"
        )
    assert all(stay[1:] == (datetime(*first_days[stay[0]].timetuple()[:3]), None) for stay in stays)
    assert set(looked_again) == changed | (set(of_item) if night == 2 else set())
    if night == 2:
        assert set(of_item) - changed and set(first_days) - set(of_item)
