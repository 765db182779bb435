"""Draws the web events of each online visit, in order, with the true moment of each."""

import numpy as np

from sample_shop.columns import Columns
from sample_shop.people import ACCOUNT, GUEST, People
from sample_shop.random_streams import create_random_stream, draw_by_weights
from sample_shop.shop_calendar import get_day_start_ms
from sample_shop.visits import STORE, ShoppingDay

PAGE, LISTING, IDENTIFY, SEARCH, VIEW, ADD, ORDER = range(7)
NO_LOGIN, REMEMBERED, AT_START, AT_CHECKOUT, GUEST_EMAIL = range(5)
_LAST = 1 << 60  # after every view of a visit
LONGEST_MS = 50 * 60_000
SEARCHES, LISTINGS, ABANDONED = 0.15, 0.3, 0.08


def draw_login_modes(seed: int, day: int, today: ShoppingDay, people: People) -> np.ndarray:
    """The login mode of each visit, (n_visits,): one of NO_LOGIN … GUEST_EMAIL."""
    rng, visits, rows = create_random_stream(seed, "logins", day), today.visits, people.rows
    n, kind = len(visits), rows.kind[visits.person]
    buys = np.zeros(n, dtype=bool)
    buys[today.purchases.visit] = True
    has_account = (kind == ACCOUNT) & (rows.signup[visits.person] <= day)
    logs_in, draw = visits.wants_login & has_account, rng.random(n)
    mode = np.where(logs_in, np.where((draw < 0.35) & ~visits.at_kiosk, REMEMBERED, AT_START), NO_LOGIN)
    mode = np.where(~logs_in & has_account & buys & (draw < 0.6), AT_CHECKOUT, mode)
    by_mail = ((kind == GUEST) | (kind == ACCOUNT)) & ~has_account & buys & (draw < 0.6)
    mode = np.where(by_mail, GUEST_EMAIL, mode)
    # who signs up today logs in to buy
    first_login = has_account & buys & (rows.signup[visits.person] == day)
    mode = np.where(first_login & (mode == NO_LOGIN), AT_CHECKOUT, mode)
    return np.where(visits.channel == STORE, NO_LOGIN, mode)


def draw_events(seed: int, day: int, today: ShoppingDay, login: np.ndarray) -> Columns:
    """The events of all online visits, by visit and then in time.

    Returns:
        Columns visit, what (PAGE … ORDER), item (-1: none), position (-1: none), at_ms (since 1970),
        has_user.
    """
    rng, visits, views = create_random_stream(seed, "events", day), today.visits, today.views
    online = visits.channel != STORE
    mine = np.flatnonzero(online[views.visit])
    listed = views.position[mine] >= 0
    draw = rng.random((len(mine), 3))
    buyers = np.unique(today.purchases.visit)
    buyers = buyers[online[buyers]]
    all_online = np.flatnonzero(online)
    late_id = np.flatnonzero((login == AT_CHECKOUT) | (login == GUEST_EMAIL))
    adds = views.is_bought[mine] | (draw[:, 2] < ABANDONED)
    parts = [
        (all_online, PAGE, np.full(len(all_online), -2), None),
        (np.flatnonzero(login == AT_START), IDENTIFY, None, None),
        (None, SEARCH, None, mine[listed & (draw[:, 0] < SEARCHES)]),
        (None, LISTING, None, mine[listed & (draw[:, 1] < LISTINGS)]),
        (None, VIEW, None, mine),
        (None, ADD, None, mine[adds]),
        (late_id, IDENTIFY, np.full(len(late_id), _LAST - 1), None),
        (buyers, ORDER, np.full(len(buyers), _LAST), None),
    ]
    columns = {name: [] for name in ("visit", "what", "key", "item", "position")}
    for visit, what, key, view in parts:
        if view is not None:
            visit, key = views.visit[view], 10 * view + what
        n = len(visit)
        columns["visit"].append(visit)
        columns["what"].append(np.full(n, what))
        columns["key"].append(np.full(n, -1) if key is None else key)
        columns["item"].append(np.full(n, -1) if view is None else views.item[view])
        columns["position"].append(np.full(n, -1) if view is None else views.position[view])
    found = Columns(**{name: np.concatenate(values) for name, values in columns.items()})
    found = found.take(np.lexsort((found.key, found.visit)))
    mode = login[found.visit]
    at_checkout = (mode == AT_CHECKOUT) & (found.key >= _LAST - 1)
    has_user = (mode == REMEMBERED) | ((mode == AT_START) & (found.key >= -1)) | at_checkout
    return Columns(
        visit=found.visit,
        what=found.what,
        item=found.item,
        position=np.where(found.what == VIEW, found.position, -1),
        at_ms=_moments(rng, found.visit, visits.start_ms) + get_day_start_ms(day),
        has_user=has_user,
    )


def _moments(rng: np.random.Generator, visit: np.ndarray, start_ms: np.ndarray) -> np.ndarray:
    """When each event happens, in milliseconds after midnight: pauses of seconds to minutes, order kept."""
    n = len(visit)
    if n == 0:
        return np.empty(0, dtype=np.int64)
    pause = 3000 + np.minimum(rng.exponential(32_000, n), 180_000).astype(np.int64)
    begins = np.flatnonzero(np.diff(visit, prepend=-1))
    length = np.diff([*begins, n])
    total = np.cumsum(pause)
    offset = total - np.repeat(total[begins], length)
    rank = np.arange(n) - np.repeat(begins, length)
    return start_ms[visit] + np.minimum(offset, LONGEST_MS) + rank


def draw_campaigns(seed: int, day: int, n_visits: int) -> tuple[np.ndarray, np.ndarray]:
    """Campaign (-1: none) and referrer number of each visit."""
    rng = create_random_stream(seed, "campaigns", day)
    campaign = np.where(rng.random(n_visits) < 0.22, draw_by_weights(rng, (4, 1, 3, 2), n_visits), -1)
    return campaign, draw_by_weights(rng, (5, 3, 1, 1), n_visits)
