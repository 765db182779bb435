"""What the web sees of each visit, as text: its session, cookie, login and consent."""

import numpy as np

from sample_shop import visit_events
from sample_shop.devices import TYPES
from sample_shop.event_lines import VisitDetails
from sample_shop.orders import Order
from sample_shop.random_streams import make_opaque_id
from sample_shop.traps import VisitTraps
from sample_shop.truth import IdentifierRegister
from sample_shop.visits import STORE, ShoppingDay, ShopState

UPPER_CASE_EVERY = 29  # visits whose e-mail was typed in capitals


def collect_visit_details(
    shop: ShopState,
    shopping: ShoppingDay,
    login_modes: np.ndarray,
    orders: dict[int, Order],
    traps: VisitTraps,
    register: IdentifierRegister,
) -> dict[int, VisitDetails]:
    """The text of every online visit, by visit.

    Args:
        login_modes: (n_visits,) of `visit_events.draw_login_modes`.
        orders: the day's orders by visit.
        traps: the visits that show something in the place of their cookie or login.
        register: gets which person stands behind each identifier that the events will show.
    """
    seed, day, people, devices = shop.seed, shop.day, shop.people, shop.devices
    visits, rows = shopping.visits, people.rows
    campaign, referrer = visit_events.draw_campaigns(seed, day, len(visits))
    found: dict[int, VisitDetails] = {}
    for visit in np.flatnonzero(visits.channel != STORE).tolist():
        person, device = int(visits.person[visit]), int(visits.device[visit])
        contact, order, mode = people.contacts[person], orders.get(visit), login_modes[visit]
        email = contact["email"]
        text = VisitDetails(
            session_id=f"s{make_opaque_id(seed, 'session', day * 10_000_000 + visit, 16)}",
            anonymous_id=traps.anonymous_id.get(visit)
            or devices.make_anonymous_id(device, int(visits.resets[visit])),
            user_id=traps.user_id.get(visit) or people.user_ids[person],
            email=email.upper() if visit % UPPER_CASE_EVERY == 0 else email,
            device_type=TYPES[devices.rows.kind[device]],
            country=contact["country"],
            campaign=int(campaign[visit]),
            referrer=int(referrer[visit]),
            consent={
                "analytics": bool(rows.consent[person, 0]),
                "personalization": bool(rows.consent[person, 1]),
            },
            order_id=order.order_id if order else "",
            products=order.products if order else [],
            shipping=order.shipping if order else 0.0,
        )
        register.add_sighting(
            "anonymous_id", text.anonymous_id, person, bool(devices.rows.n_owners[device] > 1)
        )
        if (
            mode in (visit_events.REMEMBERED, visit_events.AT_START, visit_events.AT_CHECKOUT)
            or visit in traps.user_id
        ):
            register.add_sighting("user_id", text.user_id, person)
        if mode in (visit_events.AT_START, visit_events.AT_CHECKOUT, visit_events.GUEST_EMAIL):
            register.add_sighting("email", email, person)
        found[visit] = text
    return found
