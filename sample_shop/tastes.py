"""Why people want what they want: the formulas behind every view and purchase, one page for the shop and for
its judge.

For customer c, item i, day t:

    personal  m = 1.5·taste(t)·category + 0.7·brand_taste·brand + 0.8·style_taste·style − 0.45·(price_level −
    price_z)² taste(t)    = cos(turn·t)·taste₀ + sin(turn·t)·taste₁                               tastes
    drift, some fast, most slowly appeal    a = quality + newness + season + log θ(position) − 1.2·log(price /
    usual price)        −∞ when it cannot be bought a view is of item i with probability   p = exp(m + a) / Σ
    exp(m + a) a view becomes a purchase with         b = buy_rate / (1 + exp(1.5 − m))
    never of a durable bought before a day has Poisson(visit_rate · traffic(t)) visits, each of 1 +
    Poisson(extra_views) views a consumable last bought `age` days ago is bought again, visit or not, with
                h = loyalty / (1 + exp((L − age) / (L/8))),   L = cycle·pace, for age <= 2.5·L
"""

import numpy as np

from sample_shop.columns import Columns
from sample_shop.shop_calendar import compute_season_effect, compute_traffic_factor

CATEGORY_WEIGHT, BRAND_WEIGHT, STYLE_WEIGHT, PRICE_WEIGHT = 1.5, 0.7, 0.8, 0.45
PRICE_RESPONSE = 1.2
BUY_SHIFT = 1.5
NEWNESS, NEWNESS_DAYS = 0.7, 10.0
POSITION_POWER = 0.55
FORGOTTEN_AFTER = 2.5  # cycles
NEVER = -1  # `last bought` of what was not bought


def compute_position_bias(position: np.ndarray) -> np.ndarray:
    """Chance of a place in a listing (0 is first) to be looked at, relative to the first place."""
    return (1.0 + position) ** -POSITION_POWER


def compute_personal_liking(
    people: Columns, items: Columns, world: Columns, brands: Columns, day: int
) -> np.ndarray:
    """How much each person likes each item, apart from what everybody sees in it: (n_people, n_items)."""
    angle = people.turn_speed * day
    taste = np.cos(angle)[:, None] * people.category_taste + np.sin(angle)[:, None] * people.category_turn
    liking = CATEGORY_WEIGHT * (taste @ world.vector.T)[:, items.category]
    liking += BRAND_WEIGHT * (people.brand_taste @ brands.vector.T)[:, items.brand]
    liking += STYLE_WEIGHT * (people.style_taste @ items.style.T)
    liking -= PRICE_WEIGHT * (people.price_level[:, None] - items.price_z[None, :]) ** 2
    return liking


def compute_item_appeal(items: Columns, world: Columns, shelf: Columns, day: int) -> np.ndarray:
    """How much each item draws everybody on a day: (n_items,), -inf where it cannot be bought."""
    new = NEWNESS * np.exp(-(day - items.launched) / NEWNESS_DAYS) * (items.launched > 0)
    seasonal = compute_season_effect(world.season, world.peak_day, day)[items.category]
    offer = PRICE_RESPONSE * np.log(shelf.price / items.usual_price)
    value = items.quality + new + seasonal + np.log(compute_position_bias(shelf.position)) - offer
    return np.where(shelf.is_available, value, -np.inf)


def compute_buy_probability(people: Columns, liking: np.ndarray) -> np.ndarray:
    """Probability that a view becomes a purchase; `liking` is (n, …) with people along the first axis."""
    rate = people.buy_rate.reshape(-1, *([1] * (liking.ndim - 1)))
    return rate / (1.0 + np.exp(BUY_SHIFT - liking))


def visit_rate(people: Columns, day: int) -> np.ndarray:
    """Expected visits of each person on a day, restocking trips not counted."""
    here = (people.arrived <= day) & (day < people.leaves)
    return people.visit_rate * compute_traffic_factor(day) * here


def compute_restock_probability(age: np.ndarray, loyalty: np.ndarray, cycle: np.ndarray) -> np.ndarray:
    """Probability to buy a consumable again today, `age` days after the last purchase; `cycle` is in days,
    pace included.
    """
    hazard = loyalty / (1.0 + np.exp(np.clip((cycle - age) / (cycle / 8.0), -50, 50)))
    return np.where((age > 0) & (age <= FORGOTTEN_AFTER * cycle), hazard, 0.0)


def compute_browse_probability(
    visits: np.ndarray, extra_views: np.ndarray, bought_per_view: np.ndarray
) -> np.ndarray:
    """Probability that a day's visits buy an item at least once.

    Args:
        visits: (n,) Poisson mean of visits on the day.
        extra_views: (n,) Poisson mean of views after a visit's first.
        bought_per_view: (n, m) probability that one view is of the item and buys it.
    """
    missed = 1.0 - bought_per_view
    # generating function of 1 + Poisson
    visit_misses = missed * np.exp(extra_views[:, None] * (missed - 1.0))
    return -np.expm1(-visits[:, None] * (1.0 - visit_misses))
