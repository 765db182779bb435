"""What the web sees of each visit: its session, cookie, login and consent, as text. Notes whose identifiers
they are.
"""

import numpy as np

from sample_shop import visit_events
from sample_shop.devices import TYPES, Devices
from sample_shop.event_lines import VisitText
from sample_shop.orders import Order
from sample_shop.people import People
from sample_shop.random_streams import opaque
from sample_shop.traps import VisitTraps
from sample_shop.truth import Register
from sample_shop.visits import STORE, Day

UPPER_CASE_EVERY = 29  # visits whose e-mail was typed in capitals


def texts(
    seed: int,
    day: int,
    today: Day,
    login: np.ndarray,
    orders: dict[int, Order],
    people: People,
    devices: Devices,
    shown: VisitTraps,
    register: Register,
) -> dict[int, VisitText]:
    """The text of every online visit, by visit.

    Args:
        login: (n_visits,) of `sessions.logins`.
        orders: the day's orders by visit.
        shown: the visits that show something in the place of their cookie or login.
        register: is told which person stands behind each identifier that the events will show.
    """
    visits, rows = today.visits, people.rows
    campaign, referrer = visit_events.campaigns(seed, day, len(visits))
    found: dict[int, VisitText] = {}
    for visit in np.flatnonzero(visits.channel != STORE).tolist():
        person, device = int(visits.person[visit]), int(visits.device[visit])
        contact, order, mode = people.contacts[person], orders.get(visit), login[visit]
        email = contact["email"]
        text = VisitText(
            session_id=f"s{opaque(seed, 'session', day * 10_000_000 + visit, 16)}",
            anonymous_id=shown.anonymous_id.get(visit)
            or devices.anonymous_id(device, int(visits.resets[visit])),
            user_id=shown.user_id.get(visit) or people.user_ids[person],
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
        register.note("anonymous_id", text.anonymous_id, person, bool(devices.rows.n_owners[device] > 1))
        if (
            mode in (visit_events.REMEMBERED, visit_events.AT_START, visit_events.AT_CHECKOUT)
            or visit in shown.user_id
        ):
            register.note("user_id", text.user_id, person)
        if mode in (visit_events.AT_START, visit_events.AT_CHECKOUT, visit_events.GUEST_EMAIL):
            register.note("email", email, person)
        found[visit] = text
    return found
