"""The orders export: sold lines, postage, and what comes back days later, each return naming its order."""

from dataclasses import dataclass, field

import numpy as np

from sample_shop.assortment import FREE_POSTAGE_FROM, POSTAGE, POSTAGE_ITEM
from sample_shop.columns import Columns
from sample_shop.crm import Crm
from sample_shop.people import BROWSER, People
from sample_shop.random_streams import stream
from sample_shop.shop_calendar import date_of, day_start_ms, utc_text
from sample_shop.visit_events import AT_CHECKOUT, AT_START, GUEST_EMAIL, ORDER, REMEMBERED
from sample_shop.visits import CHANNELS, STORE, Day

HEADER = (
    "order_id",
    "line_no",
    "ordered_at",
    "user_id",
    "email",
    "item_id",
    "quantity",
    "unit_price",
    "currency",
    "country",
    "channel",
    "kind",
    "returned_order_id",
)
RETURNS_DURABLE, RETURNS_CONSUMABLE = 0.09, 0.006
RETURN_DAYS = (3, 15)
LATE_TILLS = 0.02  # store orders whose till reports days later
SHOWS_CARD = 0.8
STORE_VISIT_MS = 600_000
REPEATED_IN_FILE, REPEATED_NEXT_DAY = 0.004, 0.003


@dataclass
class Order:
    """One order (or return) as the export tells it: identity fields as text, lines as csv bytes, and when it
    lands.
    """

    order_id: str
    person: int
    at_ms: int
    user_id: str
    email: str
    lines: list[bytes]
    landing: int
    products: list[dict] = field(default_factory=list)
    shipping: float = 0.0
    plants: tuple[str, ...] = ()
    repeats_on: int = -1  # day on whose file it is sent again


class OrderBook:
    """Makes the orders of each day, and keeps the returns that are to come."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.returns: dict[int, list[dict]] = {}

    def sell(
        self,
        day: int,
        today: Day,
        login: np.ndarray,
        ordered_ms: np.ndarray,
        people: People,
        crm: Crm,
        item_ids: list[str],
        prices: np.ndarray,
        cycles: np.ndarray,
    ) -> dict[int, Order]:
        """The day's orders by visit; also plans their returns.

        Args:
            login: (n_visits,) of `sessions.logins`.
            ordered_ms: (n_visits,) moment of the checkout.
            item_ids, prices, cycles: of every item.
        """
        rng, bought, visits = stream(self.seed, "orders", day), today.purchases, today.visits
        begins = np.flatnonzero(np.diff(bought.visit, prepend=-1))
        draws, draws_line = rng.random((len(begins), 5)), rng.random((len(bought), 3))
        late, orders = rng.integers(1, 4, len(begins)), {}
        order_no = np.empty(len(begins), dtype=np.int64)
        order_no[np.argsort(ordered_ms[bought.visit[begins]], kind="stable")] = np.arange(len(begins))
        prefix = date_of(day).strftime("O%y%m%d")
        for k, (first, end) in enumerate(zip(begins, np.append(begins, len(bought))[1:], strict=True)):
            visit = int(bought.visit[first])
            person, channel, at_ms = (
                int(visits.person[visit]),
                int(visits.channel[visit]),
                int(ordered_ms[visit]),
            )
            user_id, email = self._identity(visit, person, channel, login, people, crm, draws[k])
            order_id = f"{prefix}{order_no[k]:06d}"
            country, head = people.contacts[person]["country"], (order_id, utc_text(at_ms), user_id, email)
            lines, products = [], []
            for line_no, row in enumerate(range(first, end), start=1):
                item, quantity = int(bought.item[row]), int(bought.quantity[row])
                price = float(prices[item])
                products.append({"product_id": item_ids[item], "quantity": quantity, "price": price})
                lines.append(
                    self._line(
                        head, line_no, item_ids[item], quantity, price, country, CHANNELS[channel], "sale", ""
                    )
                )
                if draws_line[row, 0] < (RETURNS_CONSUMABLE if cycles[item] > 0 else RETURNS_DURABLE):
                    back = 1 if draws_line[row, 1] < 0.5 else quantity
                    plan = {
                        "order": order_id,
                        "head": (user_id, email, country, CHANNELS[channel]),
                        "item": item_ids[item],
                        "quantity": back,
                        "price": price,
                        "person": person,
                    }
                    due = day + RETURN_DAYS[0] + int(draws_line[row, 2] * (RETURN_DAYS[1] - RETURN_DAYS[0]))
                    self.returns.setdefault(due, []).append(plan)
            goods = sum(p["price"] * p["quantity"] for p in products)
            shipping = POSTAGE if channel != STORE and goods < FREE_POSTAGE_FROM else 0.0
            if shipping:
                lines.append(
                    self._line(
                        head,
                        len(lines) + 1,
                        POSTAGE_ITEM,
                        1,
                        POSTAGE,
                        country,
                        CHANNELS[channel],
                        "charge",
                        "",
                    )
                )
            order = Order(order_id, person, at_ms, user_id, email, lines, day, products, shipping)
            if channel == STORE and draws[k, 2] < LATE_TILLS:
                order.landing, order.plants = day + int(late[k]), ("late_order",)
            elif draws[k, 3] < REPEATED_IN_FILE:
                order.repeats_on, order.plants = day, ("order_repeated_in_file",)
            elif draws[k, 3] < REPEATED_IN_FILE + REPEATED_NEXT_DAY:
                order.repeats_on, order.plants = day + 1, ("order_repeated_next_day",)
            orders[visit] = order
        return orders

    @staticmethod
    def _identity(
        visit: int, person: int, channel: int, login: np.ndarray, people: People, crm: Crm, draw: np.ndarray
    ) -> tuple:
        """(user_id, email) that the order carries; both empty for who pays cash or leaves nothing."""
        if channel == STORE:
            card = crm.card_of.get(person)
            if card is None or draw[0] > SHOWS_CARD:
                return "", ""
            return crm.records[card]["user_id"], crm.records[card]["email"]
        email = people.contacts[person]["email"]
        if login[visit] in (REMEMBERED, AT_START, AT_CHECKOUT):
            return people.user_ids[person], email
        leaves_mail = 0.4 if people.rows.kind[person] == BROWSER else 0.9
        return "", email if login[visit] == GUEST_EMAIL or draw[1] < leaves_mail else ""

    @staticmethod
    def _line(
        head: tuple,
        line_no: int,
        item: str,
        quantity: int,
        price: float,
        country: str,
        channel: str,
        kind: str,
        returned: str,
    ) -> bytes:
        order_id, at, user_id, email = head
        fields = (
            order_id,
            str(line_no),
            at,
            user_id,
            email,
            item,
            str(quantity),
            f"{price:.2f}",
            "EUR",
            country,
            channel,
            kind,
        )
        return ",".join((*fields, returned)).encode()  # no field of an order can hold a comma or a quote

    def take_back(self, day: int) -> list[Order]:
        """The returns of the day, at their moment, each an order of its own."""
        rng, found = stream(self.seed, "returns", day), []
        for number, plan in enumerate(self.returns.pop(day, [])):
            at_ms = day_start_ms(day) + int(rng.integers(8 * 3_600_000, 20 * 3_600_000))
            user_id, email, country, channel = plan["head"]
            order_id = date_of(day).strftime("R%y%m%d") + f"{number:06d}"
            head, price = (order_id, utc_text(at_ms), user_id, email), plan["price"]
            line = self._line(
                head, 1, plan["item"], -plan["quantity"], price, country, channel, "return", plan["order"]
            )
            found.append(Order(order_id, plan["person"], at_ms, user_id, email, [line], day))
        return found


def checkout_ms(today: Day, events: Columns, day: int) -> np.ndarray:
    """When each visit pays, ms since 1970: at its "Order Completed" event; in a store, ten minutes after
    coming in.
    """
    moments = today.visits.start_ms + day_start_ms(day) + STORE_VISIT_MS
    is_order = events.what == ORDER
    moments[events.visit[is_order]] = events.at_ms[is_order]
    return moments
