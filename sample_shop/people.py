"""Who shops here: tastes, habits, households, and the contacts each person gives away."""

from datetime import date, timedelta
from typing import Any

import numpy as np

from sample_shop import contacts
from sample_shop.catalogue import BRAND_DIMS, CATEGORY_DIMS, STYLE_DIMS
from sample_shop.columns import Columns
from sample_shop.random_streams import create_random_stream, draw_by_weights, make_opaque_id

ACCOUNT, GUEST, CRM_ONLY, BROWSER = range(4)
KINDS = ("account", "guest", "crm_only", "browser")
_KIND_SHARES = (0.62, 0.14, 0.10, 0.14)
_VISITS = np.array([0.125, 0.06, 0.08, 0.05])  # mean visits a day by kind
ARRIVALS_PER_DAY = 0.004  # of the opening's customers
HOUSEHOLDS = 0.11
LATER_WITHDRAWAL = 0.05
PURPOSES = ("analytics", "personalization", "marketing")


class People:
    """Everybody who ever shopped here. `rows` holds numbers; `contacts` one dict of text fields
    per person.
    """

    def __init__(self, seed: int, n_customers: int) -> None:
        self.seed, self.n_customers = seed, n_customers
        self.rows = Columns()
        self.contacts: list[dict[str, Any]] = []
        self.person_ids: list[
            str
        ] = []  # the truth's names of the people; nothing that the shop hands over contains one
        self.user_ids: list[str] = []
        self._pools = contacts.load_name_pools()

    def __len__(self) -> int:
        return len(self.contacts)

    def add_newcomers(self, day: int) -> np.ndarray:
        """The people who come for the first time on `day` (on the opening day, all customers). Returns their
        rows.
        """
        rng = create_random_stream(self.seed, "people", day)
        n = self.n_customers if day == 0 else int(rng.poisson(ARRIVALS_PER_DAY * self.n_customers))
        if n == 0:
            return np.arange(0)
        kind = draw_by_weights(rng, _KIND_SHARES, n)
        fast = rng.random(n) < 0.15
        lead = np.where(rng.random(n) < (0.65 if day == 0 else 0.5), 0, rng.geometric(0.07, n))
        signup = np.where((day == 0) & (lead == 0), -rng.integers(1, 700, n), day + lead)
        first, denies = len(self), rng.random((n, 3))
        pairs = (np.arange(n) % 2 == 0) & (rng.random(n) < 2 * HOUSEHOLDS) & (np.arange(n) + 1 < n)
        partner = np.full(n, -1)
        partner[1:][pairs[:-1]] = first + np.flatnonzero(pairs)
        rows = self.rows.append(
            kind=kind,
            arrived=np.full(n, day),
            leaves=day + 1 + np.ceil(rng.exponential(260, n)).astype(np.int64),
            signup=np.where(kind == ACCOUNT, signup, np.iinfo(np.int64).max),
            category_taste=rng.normal(size=(n, CATEGORY_DIMS)),
            category_turn=rng.normal(size=(n, CATEGORY_DIMS)),
            turn_speed=np.where(fast, rng.uniform(0.02, 0.05, n), rng.uniform(0.0, 0.005, n)),
            brand_taste=rng.normal(size=(n, BRAND_DIMS)),
            style_taste=rng.normal(size=(n, STYLE_DIMS)),
            price_level=0.9 * rng.normal(size=n),
            visit_rate=_VISITS[kind] * rng.gamma(1.1, 1 / 1.1, n),
            extra_views=rng.gamma(2.0, 1.5, n),
            buy_rate=np.where(kind == BROWSER, 0.05, 0.08 + 0.3 * rng.beta(2, 4, n)),
            loyalty=np.where(kind == BROWSER, 0.01, 0.02 + 0.22 * rng.beta(1.5, 3, n)),
            pace=np.exp(0.25 * rng.normal(size=n)),
            store_share=np.select(
                [kind == CRM_ONLY, (kind == ACCOUNT) & (rng.random(n) < 0.4)],
                [1.0, rng.beta(2, 4, n)],
                default=0.0,
            ),
            has_app=(kind == ACCOUNT) & (rng.random(n) < 0.3),
            login_rate=np.where(kind == ACCOUNT, rng.beta(4, 2, n), 0.0),
            household=partner,
            consent=np.column_stack([denies[:, 0] > 0.06, denies[:, 1] > 0.10, denies[:, 2] > 0.45]),
            withdraws=np.where(rng.random(n) < LATER_WITHDRAWAL, day + rng.integers(2, 90, n), -1),
            withdraws_what=rng.integers(0, 3, n),
        )
        for row in rows:
            self.contacts.append(
                self._contact(create_random_stream(self.seed, "contact", int(row)), int(row))
            )
            self.person_ids.append(f"person-{make_opaque_id(self.seed, 'person', int(row), 12)}")
            self.user_ids.append(f"u{make_opaque_id(self.seed, 'user', int(row), 10)}")
        return rows

    def _contact(self, rng: np.random.Generator, row: int) -> dict[str, Any]:
        """Name, address, e-mail, phone and birth date; a household shares name and address, some
        its phone.
        """
        partner = int(self.rows.household[row])
        shared = self.contacts[partner] if partner >= 0 else None
        k = (
            int(rng.choice(len(contacts.COUNTRIES), p=[c.share for c in contacts.COUNTRIES]))
            if shared is None
            else shared["country_no"]
        )
        country, (firsts, lasts) = contacts.COUNTRIES[k], self._pools[k]
        first, last = firsts[rng.integers(0, len(firsts))], lasts[rng.integers(0, len(lasts))]
        last = shared["last_name"] if shared else last
        line, city, postcode = contacts.make_address(rng, country)
        if shared:
            line, city, postcode = shared["address_line"], shared["city"], shared["postcode"]
        own_phone = contacts.make_phone(rng, country)
        shares_phone = shared is not None and rng.random() < 0.35
        return {
            "first_name": first,
            "last_name": last,
            "email": contacts.make_email(rng, first, last, row),
            "phone": shared["phone"] if shared and shares_phone else own_phone,
            "address_line": line,
            "city": city,
            "postcode": postcode,
            "country": country.code,
            "country_no": k,
            "birth_date": (date(1940, 1, 1) + timedelta(days=int(rng.integers(0, 24_800)))).isoformat(),
        }

    def withdraw_consents(self, day: int) -> np.ndarray:
        """Take back the consents that are taken back on `day`. Returns the rows of who did."""
        rows = np.flatnonzero(self.rows.withdraws == day)
        rows = rows[self.rows.consent[rows, self.rows.withdraws_what[rows]]]
        self.rows.consent[rows, self.rows.withdraws_what[rows]] = False
        return rows

    def change_contacts(self, day: int) -> dict[str, list[int]]:
        """Moves, new e-mails and new phones of the day, by what changed: rows of who."""
        rng, n = create_random_stream(self.seed, "changes", day), len(self)
        changed = {"address": [], "email": [], "phone": []}
        if day == 0:
            return changed
        draw = rng.random((n, 3))
        for row in np.flatnonzero((draw < (0.0008, 0.0003, 0.0003)).any(axis=1)):
            own, contact = create_random_stream(self.seed, "change", day, int(row)), self.contacts[row]
            country = contacts.COUNTRIES[contact["country_no"]]
            if draw[row, 0] < 0.0008:
                contact["address_line"], contact["city"], contact["postcode"] = contacts.make_address(
                    own, country
                )
                changed["address"].append(int(row))
            if draw[row, 1] < 0.0003:
                contact["email"] = contacts.make_email(
                    own, contact["first_name"], contact["last_name"], 1_000_000 * day + int(row)
                )
                changed["email"].append(int(row))
            if draw[row, 2] < 0.0003:
                contact["phone"] = contacts.make_phone(own, country)
                changed["phone"].append(int(row))
        return changed
