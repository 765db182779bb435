"""Draws a day of shopping for everybody at once: visits, views and purchases, by the formulas of `tastes`."""

from dataclasses import dataclass

import numpy as np

from sample_shop import tastes
from sample_shop.catalogue import Catalogue
from sample_shop.columns import Columns
from sample_shop.devices import MOBILE, Devices
from sample_shop.people import ACCOUNT, People
from sample_shop.random_streams import create_random_stream, draw_columns, scale_weights
from sample_shop.shop_calendar import draw_times_of_day

WEB, APP, STORE = range(3)
CHANNELS = ("web", "app", "store")
KIOSK_VISITS = 0.06  # of visits by people who also go to the store
PEOPLE_AT_ONCE = 4000  # rows of people × items held in history


@dataclass(frozen=True)
class ShopState:
    """The shop on the morning of a day number: who may come, and what is on the shelf."""

    seed: int
    day: int
    people: People
    devices: Devices
    catalogue: Catalogue
    shelf: Columns  # is_available, position, price; a row an item


@dataclass
class ShoppingDay:
    """What truly happened on a day: visits, views in the order they were made, purchases."""

    visits: Columns  # person, channel, device, resets, start_ms (after midnight), wants_login, at_kiosk
    views: Columns  # visit, item, position (-1: found without a listing), is_bought
    purchases: Columns  # visit, item, quantity, is_restock


class PurchaseHistory:
    """What each person bought last and when: (person, item) → day number, as one sorted array of keys."""

    def __init__(self) -> None:
        self.keys, self.days = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)

    @staticmethod
    def make_keys(person: np.ndarray, item: np.ndarray) -> np.ndarray:
        return person.astype(np.int64) * (1 << 20) + item

    def find_last_days(self, person: np.ndarray, item: np.ndarray) -> np.ndarray:
        """Day of the last purchase of each pair, `tastes.NEVER` where there was none."""
        if len(self.keys) == 0:
            return np.full(len(person), tastes.NEVER)
        wanted = self.make_keys(person, item)
        at = np.searchsorted(self.keys, wanted).clip(0, len(self.keys) - 1)
        return np.where(self.keys[at] == wanted, self.days[at], tastes.NEVER)

    def add_purchases(self, person: np.ndarray, item: np.ndarray, day: int) -> None:
        """Note the day's purchases."""
        new = np.unique(self.make_keys(person, item))
        keep = ~np.isin(self.keys, new)
        keys = np.concatenate([self.keys[keep], new])
        order = np.argsort(keys, kind="stable")
        self.keys, self.days = keys[order], np.concatenate([self.days[keep], np.full(len(new), day)])[order]

    def list_pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """(persons, items) of everything ever bought."""
        return self.keys >> 20, self.keys & ((1 << 20) - 1)


def _draw_restocks(
    rng: np.random.Generator, shop: ShopState, history: PurchaseHistory
) -> tuple[np.ndarray, np.ndarray]:
    """(persons, items) bought again today because they ran out."""
    people, items = shop.people.rows, shop.catalogue.items
    person, item = history.list_pairs()
    use = (items.cycle[item] > 0) & shop.shelf.is_available[item] & (shop.day < people.leaves[person])
    person, item, last = person[use], item[use], history.days[use]
    hazard = tastes.compute_restock_probability(
        shop.day - last, people.loyalty[person], items.cycle[item] * people.pace[person]
    )
    buys = rng.random(len(person)) < hazard
    return person[buys], item[buys]


def _draw_views(
    rng: np.random.Generator, shop: ShopState, person: np.ndarray, n_views: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The items of all views and the probability that each becomes a purchase, visits in order."""
    drawn, chance = [], []
    people, catalogue, day = shop.people.rows, shop.catalogue, shop.day
    appeal = tastes.compute_item_appeal(catalogue.items, catalogue.categories, shop.shelf, day)
    for first in range(0, len(person), PEOPLE_AT_ONCE):
        part = slice(first, first + PEOPLE_AT_ONCE)
        here, which = np.unique(person[part], return_inverse=True)
        some = people.take(here)
        liking = tastes.compute_personal_liking(
            some, catalogue.items, catalogue.categories, catalogue.brands, day
        )
        rows = np.repeat(which, n_views[part])
        item = draw_columns(rng, scale_weights(liking + appeal), rows)
        drawn.append(item)
        chance.append(tastes.compute_buy_probability(some.take(rows), liking[rows, item]))
    return (
        (np.concatenate(drawn), np.concatenate(chance))
        if drawn
        else (np.empty(0, dtype=np.int64), np.empty(0))
    )


def draw_shopping_day(shop: ShopState, history: PurchaseHistory) -> ShoppingDay:
    """Draw everybody's visits, views and purchases of one day, and add the purchases to the history."""
    rows, items = shop.people.rows, shop.catalogue.items
    rng = create_random_stream(shop.seed, "visits", shop.day)
    n_visits = rng.poisson(tastes.visit_rate(rows, shop.day))
    browsers = np.repeat(np.arange(len(rows)), n_visits)
    restock_person, restock_item = _draw_restocks(rng, shop, history)
    extra = np.setdiff1d(restock_person, browsers)  # who comes only because something ran out
    person = np.concatenate([browsers, extra])
    n_views = np.concatenate(
        [1 + rng.poisson(rows.extra_views[browsers]), np.zeros(len(extra), dtype=np.int64)]
    )
    item, chance = _draw_views(rng, shop, person, n_views)
    visit = np.repeat(np.arange(len(person)), n_views)

    buys = rng.random(len(item)) < chance
    owned = history.find_last_days(person[visit], item) != tastes.NEVER
    buys &= ~(owned & (items.cycle[item] == 0))
    # A restocked item is bought once that day, on the first visit of the day.
    by_person = np.argsort(person, kind="stable")
    first_visit = by_person[np.searchsorted(person[by_person], restock_person)]
    all_visit = np.concatenate([first_visit, visit])
    all_item = np.concatenate([restock_item, item])
    all_buys = np.concatenate([np.ones(len(restock_item), dtype=bool), buys])
    is_restock = np.arange(len(all_visit)) < len(restock_item)
    candidates = np.flatnonzero(all_buys)
    keys = PurchaseHistory.make_keys(person[all_visit[candidates]], all_item[candidates])
    kept = candidates[np.unique(keys, return_index=True)[1]]  # the first of each (person, item)
    is_bought = np.zeros(len(all_visit), dtype=bool)
    is_bought[kept] = True

    order = np.argsort(all_visit, kind="stable")
    listed = rng.random(len(all_visit)) < 0.8
    views = Columns(
        visit=all_visit[order],
        item=all_item[order],
        position=np.where(listed & ~is_restock, shop.shelf.position[all_item], -1)[order].astype(np.int64),
        is_bought=is_bought[order],
    )
    kept = np.flatnonzero(is_bought[order])
    consumable = items.cycle[views.item[kept]] > 0
    quantity = 1 + np.where(consumable, rng.poisson(0.45, len(kept)), rng.random(len(kept)) < 0.06)
    purchases = Columns(
        visit=views.visit[kept], item=views.item[kept], quantity=quantity, is_restock=is_restock[order][kept]
    )
    history.add_purchases(person[purchases.visit], purchases.item, shop.day)
    return ShoppingDay(_draw_visits(rng, person, rows, shop.devices), views, purchases)


def _draw_visits(rng: np.random.Generator, person: np.ndarray, rows: Columns, devices: Devices) -> Columns:
    """Where each visit takes place, from which device, when, and whether the account is used."""
    n = len(person)
    in_store = rng.random(n) < rows.store_share[person]
    at_kiosk = ~in_store & (rng.random(n) < KIOSK_VISITS) & (rows.store_share[person] > 0)
    device = devices.choose_devices(rng, person, in_store, at_kiosk)
    in_app = (
        rows.has_app[person] & (devices.rows.kind[device] == MOBILE) & (devices.rows.owner[device] == person)
    )
    return Columns(
        person=person,
        channel=np.where(in_store, STORE, np.where(in_app, APP, WEB)),
        device=device,
        resets=devices.rows.resets[device],
        start_ms=draw_times_of_day(rng, n),
        at_kiosk=at_kiosk,
        wants_login=(rows.kind[person] == ACCOUNT) & (rng.random(n) < rows.login_rate[person]),
    )
