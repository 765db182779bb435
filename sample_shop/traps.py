"""Values that look like an identifier and are nobody's, or somebody else's; the truth's `traps/` names every
record with one.

A trap changes a field of a line that is there anyway, drawn from streams of its own: all other bytes are
those of a shop without traps.
"""

from bisect import bisect_left
from dataclasses import dataclass
from itertools import takewhile

import numpy as np

from sample_shop.crm import Crm
from sample_shop.event_lines import VisitDetails
from sample_shop.orders import Order
from sample_shop.random_streams import create_random_stream, make_opaque_id
from sample_shop.truth import normalise_identifier
from sample_shop.visit_events import NO_LOGIN, REMEMBERED
from sample_shop.visits import STORE, WEB, ShoppingDay

TILL_EMAILS = ("test@test.com", "none@none.com", "noreply@shop.example")
TILL_PHONES = ("000000000", "+49 000 0000000")
BROKEN_IDS = ("null", "undefined", "-1", "anonymous", "00000000-0000-0000-0000-000000000000")
# two in three log in as "test"; the others' page sends a user that was never set
TEST_LOGINS = (
    "test",
    "test",
    "null",
)

FILLS_EMAIL = 0.6  # of the cards typed at a till without an e-mail
FILLS_ZEROS, FILLS_STORE_PHONE = 0.25, 0.3  # of those without a phone
ANOTHERS_EMAIL = 0.01  # of those with an e-mail
BROKEN_TAG = 0.008  # of visits on the web
STAFF = 0.012  # of people
TEST_LOGIN = 0.5  # of the staff's visits without a login or a purchase


@dataclass(frozen=True)
class VisitTraps:
    """What a day's visits send in the place of their own ids, by visit."""

    anonymous_id: dict[int, str]
    user_id: dict[int, str]


TrapRow = tuple[str, str, str, str, str, int]  # trap, feed, key of the record, field, value, person


class Traps:
    """Sets the traps of each day, and remembers those on cards, whose e-mail goes with every order in a
    store.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.store_phone = f"+49 30 {create_random_stream(seed, 'store_phone').integers(10**6, 10**7)}"
        phones = (*TILL_PHONES, self.store_phone)
        words = {"email": TILL_EMAILS, "phone": phones, "anonymous_id": BROKEN_IDS, "user_id": TEST_LOGINS}
        self.placeholders = frozenset(
            (kind, normalise_identifier(kind, value)) for kind, values in words.items() for value in values
        )
        self.emails: dict[tuple[str, int], str] = {}  # (e-mail on a card, person) → trap
        self.new: list[TrapRow] = []

    def fill_cards(self, crm: Crm, made: list[int]) -> None:
        """Fill empty fields of the day's new cards with placeholders; a few get another customer's e-mail."""
        accounts: list[tuple[str, int]] = []
        for number in made:
            record, person = crm.records[number], crm.owner[number]
            if record["user_id"]:  # typed by the customer, and confirmed by mail
                continue
            draw, typed = create_random_stream(self.seed, "card_traps", number).random(4), {}
            if not record["email"] and draw[0] < FILLS_EMAIL:
                typed["email"] = "placeholder_email", TILL_EMAILS[int(draw[1] * len(TILL_EMAILS))]
            if record["email"] and draw[0] < ANOTHERS_EMAIL:
                cards = zip(crm.records, crm.owner, strict=True)
                accounts = accounts or sorted(
                    (card["email"], owner) for card, owner in cards if card["user_id"]
                )
                if other := find_similar_email(record["email"], person, accounts):
                    typed["email"] = "anothers_email", other
            if not record["phone"] and draw[2] < FILLS_ZEROS:
                typed["phone"] = "placeholder_phone", TILL_PHONES[int(draw[3] * len(TILL_PHONES))]
            elif not record["phone"] and draw[2] < FILLS_ZEROS + FILLS_STORE_PHONE:
                typed["phone"] = "store_phone", self.store_phone
            for field, (trap, value) in typed.items():
                crm.set_fields(number, {field: value})
                self.new.append((trap, "people", record["crm_id"], field, value, person))
                if field == "email":
                    self.emails[value, person] = trap

    def draw_visit_traps(self, day: int, today: ShoppingDay, login: np.ndarray) -> VisitTraps:
        """Which of the day's visits show a broken tag's id or a test login; never those of an order, for
        orders name a customer.

        Args:
            login: (n_visits,) of `visit_events.draw_login_modes`.
        """
        visits, draw = (
            today.visits,
            create_random_stream(self.seed, "visit_traps", day).random((len(today.visits), 4)),
        )
        broken = (visits.channel == WEB) & (draw[:, 0] < BROKEN_TAG)
        free = (
            (visits.channel != STORE)
            & ~broken
            & ((login == NO_LOGIN) | (login == REMEMBERED))
            & (draw[:, 1] < TEST_LOGIN)
        )
        free[today.purchases.visit] = False
        tests = [
            visit for visit in np.flatnonzero(free).tolist() if self._is_staff(int(visits.person[visit]))
        ]
        return VisitTraps(
            {
                visit: BROKEN_IDS[int(draw[visit, 2] * len(BROKEN_IDS))]
                for visit in np.flatnonzero(broken).tolist()
            },
            {visit: TEST_LOGINS[int(draw[visit, 3] * len(TEST_LOGINS))] for visit in tests},
        )

    def _is_staff(self, person: int) -> bool:
        return int(make_opaque_id(self.seed, "staff", person, 8), 16) < STAFF * (1 << 32)

    def record_traps(
        self, shown: VisitTraps, texts: dict[int, VisitDetails], persons: np.ndarray, orders: list[Order]
    ) -> None:
        """Remember the day's records with a trap: its visits, and its orders under a card's e-mail.

        Args:
            texts: of every online visit.
            persons: (n_visits,) who truly came.
        """
        for trap, field, values in (
            ("broken_tag", "anonymousId", shown.anonymous_id),
            ("test_login", "userId", shown.user_id),
        ):
            for visit, value in values.items():
                self.new.append((trap, "events", texts[visit].session_id, field, value, int(persons[visit])))
        for order in orders:
            if trap := self.emails.get((order.email, order.person)):
                self.new.append((trap, "orders", order.order_id, "email", order.email, order.person))

    def pop_new(self) -> list[TrapRow]:
        """What was noted since the last call."""
        new, self.new = self.new, []
        return new


def find_similar_email(email: str, person: int, accounts: list[tuple[str, int]]) -> str:
    """The address of another customer that begins most like `email`; empty where there is no other customer.

    Args:
        accounts: (e-mail, person), sorted: what begins most alike stands next to it.
    """
    place = bisect_left(accounts, (email, -1))
    near = [other for other, owner in accounts[max(place - 2, 0) : place + 3] if owner != person]
    return max(near, key=lambda other: (count_common_prefix(email, other), other), default="")


def count_common_prefix(one: str, other: str) -> int:
    """How many characters two texts begin with in common."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
