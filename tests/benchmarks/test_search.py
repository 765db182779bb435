"""What the benchmark of searches is given ends where the published protocol's test begins."""

import pytest

from benchmarks.search import PLACES, load_material, resolve_master_url


@pytest.mark.real_data
def test_nothing_of_the_test_is_in_the_material(real_data):
    held = load_material(real_data / "online_retail")
    behaviour = held.training.behaviour
    assert (behaviour.until, int(behaviour.day.max())) == (0, -1)
    assert held.allowed.all() and held.consumable.all() and len(held.allowed) == behaviour.n_items


def test_a_laptop_is_its_own_master(tmp_path):
    for place in PLACES[:2]:
        with resolve_master_url(place, tmp_path) as master:
            assert master == place
