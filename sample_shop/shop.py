"""The shop's days, one after the other: everything is traded from the opening day on, and the days asked for
are written.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from sample_shop import consent_truth, event_lines, event_transport, visit_events
from sample_shop.catalogue import Catalogue
from sample_shop.crm import HEADER as PEOPLE_HEADER
from sample_shop.crm import Crm
from sample_shop.devices import Devices
from sample_shop.nightly_files import Handover
from sample_shop.orders import OrderBook, checkout_ms
from sample_shop.people import People
from sample_shop.planted_cases.all_cases import planted
from sample_shop.planted_cases.records import Day, Site, csv_rows
from sample_shop.shop_calendar import date_of
from sample_shop.traps import Traps
from sample_shop.truth import Register, Truth
from sample_shop.visit_details import texts
from sample_shop.visits import Memory, trade


class Shop:
    """A shop of a seed and a size; `trade_day` is called for each day from 0 on."""

    def __init__(self, seed: int, n_customers: int, landing: Path, truth: Path, write_from: int) -> None:
        self.seed, self.write_from, self.next_day = seed, write_from, 0
        self.people, self.devices = People(seed, n_customers), Devices(seed, n_customers)
        self.catalogue = Catalogue(seed, n_customers)
        self.crm, self.book, self.memory, self.traps = Crm(seed), OrderBook(seed), Memory(), Traps(seed)
        self.register = Register(self.traps.placeholders)
        self.truth = Truth(truth, self.people, self.catalogue)
        self.handover = Handover(seed, landing, write_from)
        self.item_ids: list[str] = []

    def trade_day(self) -> None:
        """Trade the next day, and write its files and its truth when it is one of those asked for."""
        day, self.next_day = self.next_day, self.next_day + 1
        newcomers, withdrew, cards = self._people_change(day)
        n_known, shelf = len(self.item_ids), self.catalogue.open_day(day)
        n_items = len(self.catalogue.items)
        self.item_ids.extend(self.catalogue.item_id(row) for row in range(n_known, n_items))

        today = trade(self.seed, day, self.people, self.catalogue, self.devices, shelf, self.memory)
        login = visit_events.logins(self.seed, day, today, self.people)
        happened, shown = (
            visit_events.events(self.seed, day, today, login),
            self.traps.on_visits(day, today, login),
        )
        happened.has_user[np.isin(happened.visit, list(shown.user_id))] = True
        paid_ms, cycles = checkout_ms(today, happened, day), self.catalogue.items.cycle
        orders = self.book.sell(
            day, today, login, paid_ms, self.people, self.crm, self.item_ids, shelf.price, cycles
        )
        returns = self.book.take_back(day)
        visit_texts = texts(
            self.seed, day, today, login, orders, self.people, self.devices, shown, self.register
        )
        self.traps.note(shown, visit_texts, today.visits.person, [*orders.values(), *returns])
        for order in orders.values():
            self.register.note("user_id", order.user_id, order.person)
            self.register.note("email", order.email, order.person)
        sold = np.bincount(today.purchases.item, today.purchases.quantity, n_items).astype(np.int64)
        self.catalogue.close_day(day, sold, np.bincount(today.views.item, minlength=n_items))

        sent = event_transport.send(self.seed, day, happened, today.visits.device, self.devices.rows)
        sent = sent.take(np.flatnonzero(sent.landing >= self.write_from))
        lines = event_lines.lines(
            sent, visit_texts, self.item_ids, shelf.price, self.catalogue.items.category
        )
        self.handover.accept(day, sent, lines, [*orders.values(), *returns])
        identifiers, traps = self.register.take_new(), self.traps.take_new()
        if day < self.write_from:
            return
        on_shelf = np.flatnonzero(shelf.is_available).tolist()
        name = date_of(day).isoformat()
        plants = planted(
            Site(self.seed, day, [(self.item_ids[row], float(shelf.price[row])) for row in on_shelf])
        )
        events = self.handover.event_lines(day)
        self.truth.planted(
            name, self.handover.write(day, self.crm.snapshot(), self.catalogue.snapshot(), plants)
        )
        self.truth.words(name, self._words(events, cards, plants))
        self.truth.facts(name, plants.facts)
        self.truth.world()
        self.truth.newcomers(name, newcomers, np.arange(n_known, n_items))
        self.truth.shelf(name, shelf, self.item_ids)
        self.truth.consents(name, np.concatenate([newcomers, withdrew]))
        self.truth.identifiers(name, identifiers)
        self.truth.traps(name, traps)
        self.truth.purchases(
            name, today, {visit: order.order_id for visit, order in orders.items()}, self.item_ids
        )
        persons = today.visits.person
        self.truth.sessions(
            name, [(text.session_id, int(persons[v]), text.anonymous_id) for v, text in visit_texts.items()]
        )

    def _words(self, events: list[bytes], cards: list[int], plants: Day) -> consent_truth.Words:
        """What the files written last say about consent: events, new and changed cards, spoiled lines and
        plants.
        """
        extra = {
            feed: [*self.handover.spoiled[feed], *(line.content for line in lines)]
            for feed, lines in plants.lines.items()
        }
        typed = [
            dict(zip(PEOPLE_HEADER, row, strict=True))
            for row in csv_rows(extra["people"])
            if len(row) == len(PEOPLE_HEADER)
        ]
        said: consent_truth.Words = {}
        consent_truth.hear_cards(said, [*(self.crm.records[number] for number in cards), *typed])
        consent_truth.hear_events(said, [*events, *extra["events"]])
        return said

    def _people_change(self, day: int) -> tuple[np.ndarray, np.ndarray, list[int]]:
        """Newcomers, moves, withdrawn consents, and what the customer file says of them.

        Returns:
            Who came, who withdrew, and the cards that are new or changed.
        """
        newcomers = self.people.arrive(day)
        self.devices.equip(self.people, newcomers, day)
        withdrew, changed = self.people.withdraw(day), self.people.change(day)
        made = self.crm.register(self.people, day)
        self.traps.on_cards(self.crm, made)
        cards = [*made, *self.crm.update(self.people, day, changed, withdrew)]
        for number in cards:
            for kind in ("crm_id", "user_id", "email", "phone"):
                self.register.note(kind, self.crm.records[number][kind], self.crm.owner[number])
        return newcomers, withdrew, cards


def trade_days(
    seed: int,
    n_customers: int,
    first: int,
    last: int,
    landing: Path,
    truth: Path,
    tell: Callable[[int], None] = lambda _: None,
) -> None:
    """Trade from the opening until day number `last`; write the days from `first` on. `tell` hears each day
    when it is done.
    """
    shop = Shop(seed, n_customers, landing, truth, first)
    for day in range(last + 1):
        shop.trade_day()
        tell(day)
