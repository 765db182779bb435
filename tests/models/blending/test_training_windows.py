"""Where the ranker's past is cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.blending.training_windows import TrainingWindow, sample_rows, select_training_windows
from models.time_split import OverlapError, split_into_windows
from tests.models.conftest import training


def behaviour(days):
    return training([(0, 0, 0), (0, 0, days - 1)]).behaviour


def test_a_year_has_windows_of_four_weeks_a_fortnight_apart():
    assert select_training_windows(behaviour(345), most=3, step_days=14) == [
        TrainingWindow(317, 345),
        TrainingWindow(303, 331),
        TrainingWindow(289, 317),
    ]


def test_45_days_have_half_as_many_windows_of_a_week_half_a_week_apart():
    assert select_training_windows(behaviour(45), most=4, step_days=14) == [
        TrainingWindow(38, 45),
        TrainingWindow(34, 41),
    ]
    found = select_training_windows(behaviour(45), most=40, step_days=14)
    assert len(found) == 8 and found[-1].cut == 10, "a week of past at least"
    assert len(select_training_windows(behaviour(45), most=1, step_days=14)) == 1


def test_a_short_history_has_none():
    assert select_training_windows(behaviour(5), most=3, step_days=14) == []


@given(days=st.integers(1, 800), most=st.integers(1, 9), step=st.integers(1, 60))
def test_no_window_reaches_a_day_that_is_not_known(days, most, step):
    known = behaviour(days)
    for window in select_training_windows(known, most, step):
        window.check(known.until)
        assert window.cut < window.until <= days


@given(days=st.integers(12, 800))
def test_a_test_is_never_in_a_window(days):
    """The model that a test judges is fitted on what was before the test: so are its windows."""
    known = behaviour(days)
    cut = split_into_windows(0, known.until)
    before = known.before(cut.test_from)
    assert all(window.until <= cut.test_from for window in select_training_windows(before, 9, 14))


def test_a_window_that_overlaps_is_refused_by_name():
    TrainingWindow(10, 17).check(17)
    with pytest.raises(OverlapError, match="from day 10 to 18 reaches into the days from 17"):
        TrainingWindow(10, 18).check(17)


def test_a_sample_is_drawn_by_its_seed():
    rows = np.arange(100)
    first, again, other = sample_rows(rows, 10, 1), sample_rows(rows, 10, 1), sample_rows(rows, 10, 2)
    assert first.tolist() == again.tolist() == sorted(first.tolist()) != other.tolist()
    assert sample_rows(rows, 100, 1) is rows
