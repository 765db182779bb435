"""A blend's scores by hand: brought to 0…1, raised, weighed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.blend import Blend, unit
from models.recommenders import make_blend

SCORES = st.lists(
    st.lists(st.sampled_from([-np.inf, -2.0, -1.0, 0.0, 0.5, 1.0, 4.0]), min_size=4, max_size=4), min_size=1, max_size=4
)


@settings(max_examples=100, deadline=None)
@given(SCORES)
def test_unit_is_its_definition(rows):
    """Of each row: the best is 1, nought is 0, and below nought the mean of what is finite takes its place."""
    found = unit(np.array(rows, np.float32))
    for row, shares in zip(rows, found, strict=True):
        held = [score for score in row if np.isfinite(score)]
        floor = sum(held) / len(held) if held and min(held) < 0 else 0.0
        top = max(held, default=0.0)
        expected = [max((score - floor) / (top - floor), 0.0) if np.isfinite(score) and top > floor else 0.0 for score in row]
        assert shares.tolist() == pytest.approx(expected, abs=1e-6)


def test_a_power_lifts_what_stands_further_down():
    scores = np.array([[4.0, 1.0, -np.inf]], np.float32)
    assert Blend().brought(scores).tolist() == [[1.0, 0.25, 0.0]]
    assert Blend(power=0.5).brought(scores).tolist() == [[1.0, 0.5, 0.0]]


def test_a_configuration_names_the_power_or_none():
    configuration = {"parts": {}, "weights": {"popularity": 1.0}}
    assert make_blend(configuration).power == 1.0
    assert make_blend({**configuration, "power": 0.5}).power == 0.5
