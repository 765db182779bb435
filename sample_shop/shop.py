"""The shop's days, one after the other: everything is traded from the opening day on, and the days asked for
are written.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from sample_shop import consent_truth, event_lines, event_transport, visit_events
from sample_shop.catalogue import Catalogue
from sample_shop.crm import PEOPLE_HEADER as PEOPLE_HEADER
from sample_shop.crm import Crm
from sample_shop.devices import Devices
from sample_shop.nightly_files import NightlyFiles
from sample_shop.orders import OrderBook, find_checkout_times
from sample_shop.people import People
from sample_shop.planted_cases.all_cases import collect_cases
from sample_shop.planted_cases.records import PlantedDay, PlantingSite, parse_csv_records
from sample_shop.shop_calendar import calendar_date
from sample_shop.traps import Traps
from sample_shop.truth import IdentifierRegister, TruthWriter
from sample_shop.visit_details import collect_visit_details
from sample_shop.visits import PurchaseHistory, ShopState, draw_shopping_day


class Shop:
    """A shop of a seed and a size.

    It trades every day from its opening on, and writes those from day number `write_from` on: what the shop
    hands over into `landing`, what is true of it into `truth`.
    """

    def __init__(self, seed: int, n_customers: int, landing: Path, truth: Path, write_from: int) -> None:
        self.seed, self.write_from, self.next_day = seed, write_from, 0
        self.people, self.devices = People(seed, n_customers), Devices(seed, n_customers)
        self.catalogue = Catalogue(seed, n_customers)
        self.crm, self.traps = Crm(seed), Traps(seed)
        self.order_book, self.history = OrderBook(seed), PurchaseHistory()
        self.register = IdentifierRegister(self.traps.placeholders)
        self.truth = TruthWriter(truth, self.people, self.catalogue)
        self.nightly_files = NightlyFiles(seed, landing, write_from)
        self.item_ids: list[str] = []

    def trade_day(self) -> None:
        """Trade the next day, and write its files and its truth when it is one of those asked for."""
        day, self.next_day = self.next_day, self.next_day + 1
        newcomers, withdrew, cards = self._change_people(day)
        n_known, shelf = len(self.item_ids), self.catalogue.open_day(day)
        n_items = len(self.catalogue.items)
        self.item_ids.extend(self.catalogue.make_item_id(row) for row in range(n_known, n_items))

        state = ShopState(self.seed, day, self.people, self.devices, self.catalogue, shelf)
        today = draw_shopping_day(state, self.history)
        login_modes = visit_events.draw_login_modes(self.seed, day, today, self.people)
        events = visit_events.draw_events(self.seed, day, today, login_modes)
        visit_traps = self.traps.draw_visit_traps(day, today, login_modes)
        events.has_user[np.isin(events.visit, list(visit_traps.user_id))] = True
        checkout_ms = find_checkout_times(today, events, day)
        orders = self.order_book.create_orders(
            state, today, login_modes, checkout_ms, self.crm, self.item_ids
        )
        returns = self.order_book.create_returns(day)
        visits = collect_visit_details(state, today, login_modes, orders, visit_traps, self.register)
        self.traps.record_traps(visit_traps, visits, today.visits.person, [*orders.values(), *returns])
        for order in orders.values():
            self.register.add_sighting("user_id", order.user_id, order.person)
            self.register.add_sighting("email", order.email, order.person)
        sold = np.bincount(today.purchases.item, today.purchases.quantity, n_items).astype(np.int64)
        self.catalogue.close_day(day, sold, np.bincount(today.views.item, minlength=n_items))

        sent = event_transport.send_events(self.seed, day, events, today.visits.device, self.devices.rows)
        sent = sent.take(np.flatnonzero(sent.landing >= self.write_from))
        lines = event_lines.format_event_lines(
            sent, visits, self.item_ids, shelf.price, self.catalogue.items.category
        )
        self.nightly_files.add_day(day, sent, lines, [*orders.values(), *returns])
        identifiers, traps = self.register.pop_new(), self.traps.pop_new()
        if day < self.write_from:
            return
        on_shelf = np.flatnonzero(shelf.is_available).tolist()
        name = calendar_date(day).isoformat()
        plants = collect_cases(
            PlantingSite(self.seed, day, [(self.item_ids[row], float(shelf.price[row])) for row in on_shelf])
        )
        landed_events = self.nightly_files.list_event_lines(day)
        self.truth.write_planted_rows(
            name,
            self.nightly_files.write_day(day, self.crm.format_lines(), self.catalogue.format_lines(), plants),
        )
        self.truth.write_consent_states(name, self._read_consents(landed_events, cards, plants))
        self.truth.write_expected_facts(name, plants.facts)
        self.truth.write_world()
        self.truth.write_newcomers(name, newcomers, np.arange(n_known, n_items))
        self.truth.write_shelf(name, shelf, self.item_ids)
        self.truth.write_consents(name, np.concatenate([newcomers, withdrew]))
        self.truth.write_identifiers(name, identifiers)
        self.truth.write_traps(name, traps)
        self.truth.write_purchases(
            name, today, {visit: order.order_id for visit, order in orders.items()}, self.item_ids
        )
        persons = today.visits.person
        self.truth.write_sessions(
            name, [(text.session_id, int(persons[v]), text.anonymous_id) for v, text in visits.items()]
        )

    def trade_until(self, last_day: int, on_day_done: Callable[[int], None] = lambda _: None) -> None:
        """Trade every day that is left until day number `last_day`; `on_day_done` gets each day's number."""
        while self.next_day <= last_day:
            self.trade_day()
            on_day_done(self.next_day - 1)

    def _read_consents(
        self, events: list[bytes], cards: list[int], plants: PlantedDay
    ) -> consent_truth.ConsentStates:
        """What the files written last say about consent: events, new and changed cards, spoiled lines and
        plants.
        """
        extra = {
            feed: [*self.nightly_files.spoiled[feed], *(line.content for line in lines)]
            for feed, lines in plants.lines.items()
        }
        typed = [
            dict(zip(PEOPLE_HEADER, row, strict=True))
            for row in parse_csv_records(extra["people"])
            if len(row) == len(PEOPLE_HEADER)
        ]
        said: consent_truth.ConsentStates = {}
        consent_truth.read_person_records(said, [*(self.crm.records[number] for number in cards), *typed])
        consent_truth.read_events(said, [*events, *extra["events"]])
        return said

    def _change_people(self, day: int) -> tuple[np.ndarray, np.ndarray, list[int]]:
        """Newcomers, moves, withdrawn consents, and what the customer file says of them.

        Returns:
            Who came, who withdrew, and the cards that are new or changed.
        """
        newcomers = self.people.add_newcomers(day)
        self.devices.assign_devices(self.people, newcomers, day)
        withdrew, changed = self.people.withdraw_consents(day), self.people.change_contacts(day)
        made = self.crm.create_records(self.people, day)
        self.traps.fill_cards(self.crm, made)
        cards = [*made, *self.crm.update_records(self.people, day, changed, withdrew)]
        for number in cards:
            for kind in ("crm_id", "user_id", "email", "phone"):
                self.register.add_sighting(kind, self.crm.records[number][kind], self.crm.owner[number])
        return newcomers, withdrew, cards
