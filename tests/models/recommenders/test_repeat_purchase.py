"""What is due, by hand and by the properties of the formula."""

import numpy as np
import pytest
from scipy import sparse

from models.recommenders.decayed_popularity import DecayedPopularity
from models.recommenders.repeat_purchase import PurchasePairs, RepeatPurchase
from models.training_data import KINDS, PURCHASE, Behaviour, Customers, Training


def shop(rows, n_customers, n_items, until):
    full = sorted((*row, PURCHASE) if len(row) == 3 else row for row in rows)
    customer, item, day, kind = (np.array([row[n] for row in full], np.int32) for n in range(4))
    return Behaviour(n_customers, n_items, customer, item, day, kind.astype(np.int8), until=until)


def training(behaviour):
    return Training(
        behaviour,
        *(sparse.csr_matrix((n, 1), dtype=np.float32) for n in (behaviour.n_customers, behaviour.n_items)),
    )


def everybody(material):
    return Customers.from_training(material, np.arange(material.behaviour.n_customers))


def test_pairs_of_customers_and_items():
    """A day with a view and a purchase is one day."""
    view = KINDS.index("view")
    found = PurchasePairs.from_behaviour(
        shop([(0, 1, 3), (0, 1, 3, view), (0, 1, 9), (0, 2, 4), (1, 1, 5)], 2, 3, 10)
    )
    assert found.customer.tolist() == [0, 0, 1]
    assert found.item.tolist() == [1, 2, 1]
    assert found.n_days.tolist() == [2, 1, 1]
    assert (found.first.tolist(), found.last.tolist()) == ([3, 4, 5], [9, 4, 5])
    assert len(PurchasePairs.from_behaviour(shop([], 2, 3, 10)).item) == 0


def test_a_score_by_hand():
    """One customer, one item, bought on days 0, 10 and 20, asked on day 25 for the next 28 days; all shares
    are their own.

    Of one customer one came back: share 1. Two repeats in 25 days seen: rate .08, which is what this customer
    has: pace (2 + .2) / (2 + .2) = 1. Usual interval (20 + 10) / 3 = 10; 5 days are fewer than twice that:
    waited 2 × |10 - 5| = 10. Shape 2.2, inverse scale .2 / .08 + 20 + 10 = 32.5, chance 1 - (32.5 /
    60.5)^2.2.
    """
    material = training(shop([(0, 0, 0), (0, 0, 10), (0, 0, 20)], 1, 1, until=25))
    fitted = RepeatPurchase(horizon_days=28.0, prior_repeats=0.2, prior_customers=0.0).fit(material, seed=0)
    assert fitted.score(everybody(material))[0, 0] == pytest.approx(1 - (32.5 / 60.5) ** 2.2, rel=1e-6)


def test_it_rises_until_due_and_falls_behind_it():
    """Bought every 10 days until day 40: likeliest 10 days after the last purchase, and less with each day
    missed.
    """
    material = training(shop([(0, 0, day) for day in (0, 10, 20, 30, 40)], 1, 1, until=41))
    fitted = RepeatPurchase(horizon_days=3.0, prior_customers=0.0).fit(material, seed=0)
    pairs = PurchasePairs.from_behaviour(material.behaviour)
    chances = [float(fitted.due(pairs, until, 1)[0]) for until in range(41, 121)]
    assert np.argmax(chances) == pytest.approx(50 - 41, abs=1)
    assert (np.diff(chances[9:]) <= 1e-12).all()
    assert chances[-1] < chances[9] / 2


def test_what_nobody_buys_again_comes_behind_what_everybody_does():
    """Item 0 is bought again by all, item 1 by none; customer 4 had each once, on the same day."""
    rows = [(customer, 0, day) for customer in range(4) for day in (0, 12, 24)] + [
        (customer, 1, 3) for customer in range(4)
    ]
    material = training(shop([*rows, (4, 0, 14), (4, 1, 14)], 5, 3, until=30))
    scores = RepeatPurchase(prior_customers=1.0).fit(material, seed=0).score(everybody(material))
    assert scores[4, 0] > 2 * scores[4, 1] > 0
    assert np.isneginf(scores[4, 2]), "it has no opinion of what the customer never had"


def test_a_regular_is_likelier_to_come_back_than_a_one_timer():
    """Both had item 2 once, on one day; customer 0 buys item 0 every week, customer 1 had it once."""
    rows = [(0, 0, day) for day in range(0, 50, 7)] + [(1, 0, 0), (0, 2, 20), (1, 2, 20)]
    rows += [(customer, 2, day) for customer in (2, 3) for day in (5, 25)]
    material = training(shop(rows, 4, 3, until=50))
    scores = RepeatPurchase().fit(material, seed=0).score(everybody(material))
    assert scores[0, 2] > scores[1, 2]


def test_decayed_popularity_counts_each_customer_by_their_last_day():
    """Until day 11 with a half-life of 5 days: item 0 has two of today, item 1 one of 5 and one of 10 days
    ago.
    """
    rows = [(0, 0, 0), (0, 0, 10), (1, 0, 10), (0, 1, 5), (1, 1, 0), (1, 2, 10, KINDS.index("view"))]
    material = training(shop(rows, 2, 3, until=11))
    scores = DecayedPopularity(half_life_days=5.0).fit(material, seed=0).score(everybody(material))
    assert scores[0].tolist() == [2.0, 0.75, -np.inf], "a view wants nothing where purchases are known"
