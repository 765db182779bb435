"""The shop's days, one after the other: everything is traded from the opening day on, and the days asked for are written."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from sample_shop import delivery, event_lines, sessions
from sample_shop.catalogue import Catalogue
from sample_shop.crm import Crm
from sample_shop.devices import KIOSK, TYPES, Devices
from sample_shop.draws import opaque
from sample_shop.event_lines import VisitText
from sample_shop.handover import Handover
from sample_shop.orders import Order, OrderBook, checkout_ms
from sample_shop.people import People
from sample_shop.rhythm import date_of
from sample_shop.truth import Register, Truth
from sample_shop.visits import STORE, Memory, trade
from sample_shop.visits import Day as ShoppingDay


class Shop:
    """A shop of a seed and a size; `trade_day` is called for each day from 0 on."""

    def __init__(self, seed: int, n_customers: int, landing: Path, truth: Path, write_from: int) -> None:
        self.seed, self.write_from, self.next_day = seed, write_from, 0
        self.people, self.shop, self.devices = People(seed, n_customers), Catalogue(seed, n_customers), Devices(seed, n_customers)
        self.crm, self.book, self.memory, self.register = Crm(seed), OrderBook(seed), Memory(), Register()
        self.truth = Truth(truth, self.people, self.shop)
        self.handover = Handover(seed, landing, write_from)
        self.item_ids: list[str] = []

    def trade_day(self) -> None:
        """Trade the next day, and write its files and its truth when it is one of those asked for."""
        day, self.next_day = self.next_day, self.next_day + 1
        known_items = len(self.item_ids)
        newcomers = self.people.arrive(day)
        self.devices.equip(self.people, newcomers, day)
        withdrew = self.people.withdraw(day)
        changed = self.people.change(day)
        records = [*self.crm.register(self.people, day), *self.crm.update(self.people, day, changed, withdrew)]
        for number in records:
            for kind in ("crm_id", "user_id", "email", "phone"):
                self.register.note(kind, self.crm.records[number][kind], self.crm.owner[number])
        shelf = self.shop.open_day(day)
        self.item_ids.extend(self.shop.item_id(row) for row in range(known_items, len(self.shop.items)))

        today = trade(self.seed, day, self.people, self.shop, self.devices, shelf, self.memory)
        login = sessions.logins(self.seed, day, today, self.people)
        happened = sessions.events(self.seed, day, today, login)
        paid_ms = checkout_ms(today, happened, sessions.ORDER, day)
        orders = self.book.sell(
            day, today, login, paid_ms, self.people, self.crm, self.item_ids, shelf.price, self.shop.items.cycle
        )
        returns = self.book.take_back(day)
        n_items = len(self.item_ids)
        sold = np.bincount(today.purchases.item, today.purchases.quantity, n_items).astype(np.int64)
        self.shop.close_day(day, sold, np.bincount(today.views.item, minlength=n_items))

        sent = delivery.send(self.seed, day, happened, today.visits.device, self.devices.rows)
        texts = self._texts(day, today, login, orders)
        wanted = sent.take(np.flatnonzero(sent.landing >= self.write_from))
        lines = event_lines.lines(wanted, texts, self.item_ids, shelf.price, self.shop.items.category)
        self.handover.accept(day, wanted, lines, [*orders.values(), *returns])
        for order in orders.values():
            self.register.note("user_id", order.user_id, order.person)
            self.register.note("email", order.email, order.person)
        identifiers = self.register.take_new()
        if day < self.write_from:
            return
        name = date_of(day).isoformat()
        planted = self.handover.write(day, self.crm.snapshot(), self.shop.snapshot())
        self.truth.world()
        self.truth.newcomers(name, newcomers, np.arange(known_items, n_items))
        self.truth.shelf(name, shelf, self.item_ids)
        self.truth.consents(name, np.concatenate([newcomers, withdrew]))
        self.truth.identifiers(name, identifiers)
        bought = today.purchases
        self.truth.purchases(
            name,
            [
                (int(today.visits.person[v]), int(i), orders[int(v)].order_id, int(q), bool(r))
                for v, i, q, r in zip(bought.visit, bought.item, bought.quantity, bought.is_restock, strict=True)
            ],
            self.item_ids,
        )
        persons = today.visits.person
        self.truth.sessions(name, [(t.session_id, int(persons[v]), t.anonymous_id) for v, t in texts.items()])
        self.truth.planted(name, planted)

    def _texts(self, day: int, today: ShoppingDay, login: np.ndarray, orders: dict[int, Order]) -> dict[int, VisitText]:
        """The text of every online visit; notes the identifiers that it gives away."""
        visits, rows, devices = today.visits, self.people.rows, self.devices
        campaign, referrer = sessions.campaigns(self.seed, day, len(visits))
        texts: dict[int, VisitText] = {}
        for visit in np.flatnonzero(visits.channel != STORE).tolist():
            person, device = int(visits.person[visit]), int(visits.device[visit])
            contact, order = self.people.contacts[person], orders.get(visit)
            mode, email = login[visit], contact["email"]
            kind, shared = devices.rows.kind[device], bool(devices.rows.n_owners[device] > 1)
            text = VisitText(
                session_id=f"s{opaque(self.seed, 'session', day * 10_000_000 + visit, 16)}",
                anonymous_id=devices.anonymous_id(device, int(visits.resets[visit])),
                user_id=self.people.user_id(person),
                email=email.upper() if visit % 29 == 0 else email,
                device_type=TYPES[kind] if kind != KIOSK else "kiosk",
                country=contact["country"],
                campaign=int(campaign[visit]),
                referrer=int(referrer[visit]),
                consent={"analytics": bool(rows.consent[person, 0]), "personalization": bool(rows.consent[person, 1])},
                order_id=order.order_id if order else "",
                products=order.products if order else [],
                shipping=order.shipping if order else 0.0,
            )
            self.register.note("anonymous_id", text.anonymous_id, person, shared)
            if mode in (sessions.REMEMBERED, sessions.AT_START, sessions.AT_CHECKOUT):
                self.register.note("user_id", text.user_id, person)
            if mode in (sessions.AT_START, sessions.AT_CHECKOUT, sessions.GUEST_EMAIL):
                self.register.note("email", email, person)
            texts[visit] = text
        return texts


def trade_days(
    seed: int, n_customers: int, first: int, last: int, landing: Path, truth: Path, tell: Callable[[int], None]
) -> None:
    """Trade from the opening until day number `last`; write the days from `first` on. `tell` hears each day when it is done."""
    shop = Shop(seed, n_customers, landing, truth, first)
    for day in range(last + 1):
        shop.trade_day()
        tell(day)
