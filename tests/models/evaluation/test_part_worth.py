"""A part stays in a blend where its paired interval lies above zero, else it goes."""

import numpy as np
import pytest

from models.evaluation.bootstrap import bootstrap_interval
from models.evaluation.part_worth import PartWorth, measure_part_worth, prune_parts

N = 4000


@pytest.fixture
def quality():
    """What each part adds: one .02 more or less, one nothing on the whole, one takes away; and a twin of the
    first.
    """
    generator = np.random.default_rng(4)
    adds = {
        name: generator.normal(mean, 0.2, N)
        for name, mean in (("good", 0.02), ("noise", 0.0), ("bad", -0.02))
    }

    adds["noise"] -= adds["noise"].mean()

    def of(parts):
        total = sum((adds[name] for name in parts if name in adds), np.zeros(N))
        return total + (adds["good"] if "twin" in parts and "good" not in parts else 0.0)

    return of


def test_what_a_part_is_worth_is_its_paired_interval(quality):
    found = measure_part_worth("good", quality({"good", "noise"}), quality({"noise"}))
    assert (found.mean, found.low, found.high) == pytest.approx(bootstrap_interval(quality({"good"})))
    assert found.low > 0 and found.stays and str(found).endswith(": stays")
    assert not PartWorth("x", 0.0004, 0.0, 0.0009).stays, "an interval that begins at zero is not above it"
    assert (
        str(PartWorth("ease", 0.0004, -0.0001, 0.0009))
        == "ease                 adds +0.0004 [-0.0001, +0.0009]: goes"
    )


def test_what_adds_nothing_goes_and_what_takes_away(quality):
    kept, found = prune_parts(["noise", "bad", "good"], quality)
    assert kept == {"good"} and [each.stays for each in found] == [False, False]
    kept, found = prune_parts(["good", "noise"], quality)
    assert kept == {"good"} and [(each.part, each.stays) for each in found] == [
        ("good", True),
        ("noise", False),
    ]


def test_of_two_that_say_the_same_one_stays(quality):
    """Each is worth nothing beside the other: asked both at once, both would go."""
    alone = [
        measure_part_worth(part, quality({"good", "twin", "bad"}), quality({"good", "twin", "bad"} - {part}))
        for part in ("good", "twin")
    ]
    assert not any(each.stays for each in alone)
    assert prune_parts(["twin", "good", "bad"], quality)[0] == {"good"}
    assert prune_parts(["good", "twin", "bad"], quality)[0] == {"twin"}


def test_what_is_worth_something_together_is_not_lost_one_by_one():
    """Six parts, each worth 1.5 of its own standard errors: alone every one would go, together they are worth
    3.7 of theirs.
    """
    generator = np.random.default_rng(5)
    adds = generator.normal(0.0, 1.0, (6, N))
    adds += 1.5 / np.sqrt(N) - adds.mean(axis=1, keepdims=True)

    def quality(some):
        return adds[[int(name) for name in some]].sum(axis=0) if some else np.zeros(N)

    everybody = [str(n) for n in range(6)]
    whole = quality(everybody)
    assert not any(
        measure_part_worth(name, whole, quality(set(everybody) - {name})).stays for name in everybody
    )
    kept, _ = prune_parts(everybody, quality)
    assert 1 < len(kept) < 6 and bootstrap_interval(whole - quality(kept))[1] <= 0, (
        "what went is not more than chance all together"
    )


def test_the_last_part_stays_and_time_ends_it(quality):
    assert prune_parts(["bad"], quality) == ({"bad"}, [])
    kept, found = prune_parts(["noise", "bad", "good"], quality, is_over=iter([False, True]).__next__)
    assert kept == {"bad", "good"} and len(found) == 1, "who was not asked stays"
