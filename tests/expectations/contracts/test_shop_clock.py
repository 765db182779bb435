"""The sample shop's next day is what the next scheduled run handles, and a run that is tried again handles
the same one.
"""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.contracts.shop_clock import FILE, find_landing_day, set_next_landing_day

OPENING, RUN = date(2026, 1, 5), date(2026, 11, 28)


def test_without_a_file_a_run_handles_yesterday(tmp_path):
    assert find_landing_day(tmp_path, RUN) == date(2026, 11, 27)


def test_a_shop_of_45_days_goes_on_where_it_ended(tmp_path):
    """282 days lie between: 11 of February's, 31+30+31+30+31+31+30+31 and 27 of November's, less the one that
    is due.
    """
    last = date(2026, 2, 18)
    assert set_next_landing_day(tmp_path, RUN, last, OPENING) == date(2026, 2, 19)
    assert (tmp_path / FILE).read_text() == '{"2026-11-28": 281}'
    assert find_landing_day(tmp_path, RUN + timedelta(days=1)) == date(2026, 2, 20)
    assert find_landing_day(tmp_path, RUN - timedelta(days=1)) == date(2026, 11, 26), "a run of before"


def test_a_restart_in_the_middle_of_a_night_changes_nothing(tmp_path):
    set_next_landing_day(tmp_path, RUN, date(2026, 2, 18), OPENING)
    before = (tmp_path / FILE).read_bytes()
    assert set_next_landing_day(tmp_path, RUN, date(2026, 2, 19), OPENING) == date(2026, 2, 19), (
        "landed already"
    )
    assert set_next_landing_day(tmp_path, RUN + timedelta(days=1), date(2026, 2, 19), OPENING) == date(
        2026, 2, 20
    )
    assert (tmp_path / FILE).read_bytes() == before


def test_an_empty_home_begins_with_the_opening_day(tmp_path):
    assert set_next_landing_day(tmp_path, RUN, None, OPENING) == OPENING


@settings(max_examples=30)  # each writes and syncs some files
@given(pauses=st.lists(st.integers(0, 400), min_size=1, max_size=6), nights=st.data())
def test_whatever_the_pauses_no_day_is_skipped_and_no_run_changes_its_day(tmp_path_factory, pauses, nights):
    """`make airflow` is started, a few nights run, it is stopped, and started again after a pause."""
    home, run_day, traded, handled = tmp_path_factory.mktemp("clock"), RUN, date(2026, 2, 18), {}
    for pause in pauses:
        run_day += timedelta(days=pause)
        set_next_landing_day(home, run_day, traded, OPENING)
        for _ in range(nights.draw(st.integers(1, 3))):
            if run_day not in handled:
                handled[run_day] = find_landing_day(home, run_day)
                assert handled[run_day] == traded + timedelta(days=1)
                traded = handled[run_day]
            run_day += timedelta(days=1)
        run_day -= timedelta(days=1)
    assert {day: find_landing_day(home, day) for day in handled} == handled
