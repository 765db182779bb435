"""A day of shopping: who comes, what they look at, what they buy. Drawn for everybody at once, by the
formulas of `tastes`.
"""

from dataclasses import dataclass

import numpy as np

from sample_shop import tastes
from sample_shop.catalogue import Catalogue
from sample_shop.columns import Columns
from sample_shop.devices import MOBILE, Devices
from sample_shop.people import ACCOUNT, People
from sample_shop.random_streams import choose, stream, whole_weights
from sample_shop.shop_calendar import times_of_day

WEB, APP, STORE = range(3)
CHANNELS = ("web", "app", "store")
KIOSK_VISITS = 0.06  # of visits by people who also go to the store
PEOPLE_AT_ONCE = 4000  # rows of people × items held in memory


@dataclass
class Day:
    """What truly happened on a day: visits, views in the order they were made, purchases."""

    visits: Columns  # person, channel, device, resets, start_ms (after midnight), wants_login, at_kiosk
    views: Columns  # visit, item, position (-1: found without a listing), is_bought
    purchases: Columns  # visit, item, quantity, is_restock


class Memory:
    """What each person bought last and when: (person, item) → day number, as one sorted array of keys."""

    def __init__(self) -> None:
        self.keys, self.days = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)

    @staticmethod
    def key(person: np.ndarray, item: np.ndarray) -> np.ndarray:
        return person.astype(np.int64) * (1 << 20) + item

    def last(self, person: np.ndarray, item: np.ndarray) -> np.ndarray:
        """Day of the last purchase of each pair, `tastes.NEVER` where there was none."""
        if len(self.keys) == 0:
            return np.full(len(person), tastes.NEVER)
        wanted = self.key(person, item)
        at = np.searchsorted(self.keys, wanted).clip(0, len(self.keys) - 1)
        return np.where(self.keys[at] == wanted, self.days[at], tastes.NEVER)

    def remember(self, person: np.ndarray, item: np.ndarray, day: int) -> None:
        """Note the day's purchases."""
        new = np.unique(self.key(person, item))
        keep = ~np.isin(self.keys, new)
        keys = np.concatenate([self.keys[keep], new])
        order = np.argsort(keys, kind="stable")
        self.keys, self.days = keys[order], np.concatenate([self.days[keep], np.full(len(new), day)])[order]

    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """(persons, items) of everything ever bought."""
        return self.keys >> 20, self.keys & ((1 << 20) - 1)


def _restocks(
    rng: np.random.Generator, people: Columns, items: Columns, shelf: Columns, memory: Memory, day: int
) -> tuple[np.ndarray, np.ndarray]:
    """(persons, items) bought again today because they ran out."""
    person, item = memory.pairs()
    use = (items.cycle[item] > 0) & shelf.is_available[item] & (day < people.leaves[person])
    person, item, last = person[use], item[use], memory.days[use]
    hazard = tastes.restock_probability(
        day - last, people.loyalty[person], items.cycle[item] * people.pace[person]
    )
    buys = rng.random(len(person)) < hazard
    return person[buys], item[buys]


def _look(
    rng: np.random.Generator,
    person: np.ndarray,
    n_views: np.ndarray,
    people: Columns,
    shop: Catalogue,
    shelf: Columns,
    day: int,
) -> tuple[np.ndarray, np.ndarray]:
    """The items of all views and the probability that each becomes a purchase, visits in order."""
    drawn, chance = [], []
    appeal = tastes.appeal(shop.items, shop.categories, shelf, day)
    for first in range(0, len(person), PEOPLE_AT_ONCE):
        part = slice(first, first + PEOPLE_AT_ONCE)
        here, which = np.unique(person[part], return_inverse=True)
        some = people.take(here)
        liking = tastes.personal(some, shop.items, shop.categories, shop.brands, day)
        rows = np.repeat(which, n_views[part])
        item = choose(rng, whole_weights(liking + appeal), rows)
        drawn.append(item)
        chance.append(tastes.buy_probability(some.take(rows), liking[rows, item]))
    return (
        (np.concatenate(drawn), np.concatenate(chance))
        if drawn
        else (np.empty(0, dtype=np.int64), np.empty(0))
    )


def trade(
    seed: int, day: int, people: People, shop: Catalogue, devices: Devices, shelf: Columns, memory: Memory
) -> Day:
    """Let everybody shop for one day."""
    rows = people.rows
    rng = stream(seed, "visits", day)
    n_visits = rng.poisson(tastes.visit_rate(rows, day))
    browsers = np.repeat(np.arange(len(rows)), n_visits)
    restock_person, restock_item = _restocks(rng, rows, shop.items, shelf, memory, day)
    extra = np.setdiff1d(restock_person, browsers)  # who comes only because something ran out
    person = np.concatenate([browsers, extra])
    n_views = np.concatenate(
        [1 + rng.poisson(rows.extra_views[browsers]), np.zeros(len(extra), dtype=np.int64)]
    )
    item, chance = _look(rng, person, n_views, rows, shop, shelf, day)
    visit = np.repeat(np.arange(len(person)), n_views)

    buys = rng.random(len(item)) < chance
    owned = memory.last(person[visit], item) != tastes.NEVER
    buys &= ~(owned & (shop.items.cycle[item] == 0))
    # A restocked item is bought once that day, on the first visit of the day.
    by_person = np.argsort(person, kind="stable")
    first_visit = by_person[np.searchsorted(person[by_person], restock_person)]
    all_visit = np.concatenate([first_visit, visit])
    all_item = np.concatenate([restock_item, item])
    all_buys = np.concatenate([np.ones(len(restock_item), dtype=bool), buys])
    is_restock = np.arange(len(all_visit)) < len(restock_item)
    candidates = np.flatnonzero(all_buys)
    keys = Memory.key(person[all_visit[candidates]], all_item[candidates])
    kept = candidates[np.unique(keys, return_index=True)[1]]  # the first of each (person, item)
    is_bought = np.zeros(len(all_visit), dtype=bool)
    is_bought[kept] = True

    order = np.argsort(all_visit, kind="stable")
    listed = rng.random(len(all_visit)) < 0.8
    views = Columns(
        visit=all_visit[order],
        item=all_item[order],
        position=np.where(listed & ~is_restock, shelf.position[all_item], -1)[order].astype(np.int64),
        is_bought=is_bought[order],
    )
    kept = np.flatnonzero(is_bought[order])
    consumable = shop.items.cycle[views.item[kept]] > 0
    quantity = 1 + np.where(consumable, rng.poisson(0.45, len(kept)), rng.random(len(kept)) < 0.06)
    purchases = Columns(
        visit=views.visit[kept], item=views.item[kept], quantity=quantity, is_restock=is_restock[order][kept]
    )
    memory.remember(person[purchases.visit], purchases.item, day)
    return Day(_visits(rng, person, rows, devices), views, purchases)


def _visits(rng: np.random.Generator, person: np.ndarray, rows: Columns, devices: Devices) -> Columns:
    """Where each visit takes place, from which device, when, and whether the account is used."""
    n = len(person)
    in_store = rng.random(n) < rows.store_share[person]
    at_kiosk = ~in_store & (rng.random(n) < KIOSK_VISITS) & (rows.store_share[person] > 0)
    device = devices.pick(rng, person, in_store, at_kiosk)
    in_app = (
        rows.has_app[person] & (devices.rows.kind[device] == MOBILE) & (devices.rows.owner[device] == person)
    )
    return Columns(
        person=person,
        channel=np.where(in_store, STORE, np.where(in_app, APP, WEB)),
        device=device,
        resets=devices.rows.resets[device],
        start_ms=times_of_day(rng, n),
        at_kiosk=at_kiosk,
        wants_login=(rows.kind[person] == ACCOUNT) & (rng.random(n) < rows.login_rate[person]),
    )
