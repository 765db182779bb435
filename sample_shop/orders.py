"""The orders export: sold lines, postage, and what comes back days later, each return naming its order."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from sample_shop.assortment import FREE_POSTAGE_FROM, POSTAGE, POSTAGE_ITEM
from sample_shop.columns import Columns
from sample_shop.crm import Crm
from sample_shop.people import BROWSER, People
from sample_shop.random_streams import create_random_stream
from sample_shop.shop_calendar import calendar_date, format_utc, get_day_start_ms
from sample_shop.visit_events import AT_CHECKOUT, AT_START, GUEST_EMAIL, ORDER, REMEMBERED
from sample_shop.visits import CHANNELS, STORE, ShoppingDay, ShopState

ORDERS_HEADER = (
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


class OrderHead(NamedTuple):
    """What every line of an order repeats, as text."""

    order_id: str
    ordered_at: str
    user_id: str
    email: str
    country: str
    channel: str


class OrderItem(NamedTuple):
    """What one line of an order adds: an item, how many at which price, and what kind of line it is."""

    item_id: str
    quantity: int
    price: float
    kind: str = "sale"
    returned_order_id: str = ""


class PlannedReturn(NamedTuple):
    """A return that is to come: of which order, by whom, and what."""

    order: OrderHead
    person: int
    item: OrderItem


class OrderBook:
    """Makes the orders of each day, and keeps the returns that are to come."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.returns: dict[int, list[PlannedReturn]] = {}  # by the day they come

    def create_orders(
        self,
        shop: ShopState,
        shopping: ShoppingDay,
        login_modes: np.ndarray,
        checkout_ms: np.ndarray,
        crm: Crm,
        item_ids: list[str],
    ) -> dict[int, Order]:
        """The day's orders by visit; also plans their returns.

        Args:
            login_modes: (n_visits,) of `visit_events.draw_login_modes`.
            checkout_ms: (n_visits,) moment of the checkout.
            item_ids: of every item.
        """
        day, bought, visits = shop.day, shopping.purchases, shopping.visits
        rng = create_random_stream(self.seed, "orders", day)
        begins = np.flatnonzero(np.diff(bought.visit, prepend=-1))
        draws, line_draws = rng.random((len(begins), 5)), rng.random((len(bought), 3))
        late, orders = rng.integers(1, 4, len(begins)), {}
        order_no = np.empty(len(begins), dtype=np.int64)
        order_no[np.argsort(checkout_ms[bought.visit[begins]], kind="stable")] = np.arange(len(begins))
        prefix = calendar_date(day).strftime("O%y%m%d")
        for k, (first, end) in enumerate(zip(begins, np.append(begins, len(bought))[1:], strict=True)):
            visit = int(bought.visit[first])
            person, channel = int(visits.person[visit]), int(visits.channel[visit])
            at_ms = int(checkout_ms[visit])
            user_id, email = _find_identity(person, channel, login_modes[visit], shop.people, crm, draws[k])
            head = OrderHead(
                f"{prefix}{order_no[k]:06d}",
                format_utc(at_ms),
                user_id,
                email,
                shop.people.contacts[person]["country"],
                CHANNELS[channel],
            )
            items = [
                OrderItem(item_ids[item], int(bought.quantity[row]), float(shop.shelf.price[item]))
                for row, item in enumerate(bought.item[first:end].tolist(), start=first)
            ]
            for item, draw, row in zip(items, line_draws[first:end], bought.item[first:end], strict=True):
                self._plan_return(
                    day, PlannedReturn(head, person, item), shop.catalogue.items.cycle[row], draw
                )
            goods = sum(item.price * item.quantity for item in items)
            shipping = POSTAGE if channel != STORE and goods < FREE_POSTAGE_FROM else 0.0
            charges = [OrderItem(POSTAGE_ITEM, 1, POSTAGE, "charge")] if shipping else []
            order = Order(
                head.order_id,
                person,
                at_ms,
                user_id,
                email,
                [_format_line(head, n, item) for n, item in enumerate([*items, *charges], start=1)],
                day,
                [
                    {"product_id": item.item_id, "quantity": item.quantity, "price": item.price}
                    for item in items
                ],
                shipping,
            )
            if channel == STORE and draws[k, 2] < LATE_TILLS:
                order.landing, order.plants = day + int(late[k]), ("late_order",)
            elif draws[k, 3] < REPEATED_IN_FILE:
                order.repeats_on, order.plants = day, ("order_repeated_in_file",)
            elif draws[k, 3] < REPEATED_IN_FILE + REPEATED_NEXT_DAY:
                order.repeats_on, order.plants = day + 1, ("order_repeated_next_day",)
            orders[visit] = order
        return orders

    def _plan_return(self, day: int, planned: PlannedReturn, cycle: float, draw: np.ndarray) -> None:
        """Keep the return of a line where the draw says that it comes back, whole or one unit of it."""
        if draw[0] >= (RETURNS_CONSUMABLE if cycle > 0 else RETURNS_DURABLE):
            return
        quantity = 1 if draw[1] < 0.5 else planned.item.quantity
        due = day + RETURN_DAYS[0] + int(draw[2] * (RETURN_DAYS[1] - RETURN_DAYS[0]))
        item = planned.item._replace(
            quantity=-quantity, kind="return", returned_order_id=planned.order.order_id
        )
        self.returns.setdefault(due, []).append(planned._replace(item=item))

    def create_returns(self, day: int) -> list[Order]:
        """The returns of the day, at their moment, each an order of its own."""
        rng, returns = create_random_stream(self.seed, "returns", day), []
        for number, (order, person, item) in enumerate(self.returns.pop(day, [])):
            at_ms = get_day_start_ms(day) + int(rng.integers(8 * 3_600_000, 20 * 3_600_000))
            order_id = calendar_date(day).strftime("R%y%m%d") + f"{number:06d}"
            head = order._replace(order_id=order_id, ordered_at=format_utc(at_ms))
            line = _format_line(head, 1, item)
            returns.append(Order(order_id, person, at_ms, head.user_id, head.email, [line], day))
        return returns


def _find_identity(
    person: int, channel: int, login_mode: int, people: People, crm: Crm, draw: np.ndarray
) -> tuple[str, str]:
    """(user_id, email) that the order carries; both empty for who pays cash or leaves nothing."""
    if channel == STORE:
        card = crm.shown_cards.get(person)
        if card is None or draw[0] > SHOWS_CARD:
            return "", ""
        return crm.records[card]["user_id"], crm.records[card]["email"]
    email = people.contacts[person]["email"]
    if login_mode in (REMEMBERED, AT_START, AT_CHECKOUT):
        return people.user_ids[person], email
    leaves_mail = 0.4 if people.rows.kind[person] == BROWSER else 0.9
    return "", email if login_mode == GUEST_EMAIL or draw[1] < leaves_mail else ""


def _format_line(head: OrderHead, line_no: int, item: OrderItem) -> bytes:
    """A line of the export, in the order of `ORDERS_HEADER`."""
    fields = (
        head.order_id,
        str(line_no),
        head.ordered_at,
        head.user_id,
        head.email,
        item.item_id,
        str(item.quantity),
        f"{item.price:.2f}",
        "EUR",
        head.country,
        head.channel,
        item.kind,
        item.returned_order_id,
    )
    return ",".join(fields).encode()  # no field of an order can hold a comma or a quote


def find_checkout_times(today: ShoppingDay, events: Columns, day: int) -> np.ndarray:
    """When each visit pays, ms since 1970: at its "Order Completed" event; in a store, ten minutes after
    coming in.
    """
    moments = today.visits.start_ms + get_day_start_ms(day) + STORE_VISIT_MS
    is_order = events.what == ORDER
    moments[events.visit[is_order]] = events.at_ms[is_order]
    return moments
