"""Browsers and apps: what a visit comes from, whose it is, and how wrong its clock is."""

import numpy as np

from sample_shop.columns import Columns
from sample_shop.people import CRM_ONLY, People
from sample_shop.random_streams import create_random_stream, draw_by_weights, make_opaque_id

DESKTOP, MOBILE, TABLET, KIOSK = range(4)
TYPES = ("desktop", "mobile", "tablet", "kiosk")
SLOTS = 3  # devices a person may have
COOKIE_LOSS = 0.012  # visits that begin with a new anonymous id
SKEWED, OLD_COLLECTOR = 0.03, 0.2
_SKEWS_MS = np.array(
    [-86_400_000, -7_200_000, -1_500_000, -420_000, 480_000, 3_600_000, 7_200_000, 10_800_000]
)
CUSTOMERS_PER_KIOSK = 400


class Devices:
    """All devices; `slots[p]` and `weights[p]` are what person p uses. The first rows are the
    stores' kiosks.
    """

    def __init__(self, seed: int, n_customers: int) -> None:
        self.seed = seed
        self.n_kiosks = max(1, n_customers // CUSTOMERS_PER_KIOSK)
        self.rows = Columns()
        self.slots, self.weights = np.empty((0, SLOTS), dtype=np.int64), np.empty((0, SLOTS))
        self._add(
            create_random_stream(seed, "kiosks"), np.full(self.n_kiosks, KIOSK), np.full(self.n_kiosks, -1)
        )

    def _add(self, rng: np.random.Generator, kind: np.ndarray, owner: np.ndarray) -> np.ndarray:
        n = len(kind)
        skewed = (rng.random(n) < SKEWED) & (kind != KIOSK)
        return self.rows.append(
            kind=kind,
            owner=owner,
            n_owners=np.where(kind == KIOSK, 99, 1),
            skew_ms=np.where(skewed, rng.choice(_SKEWS_MS, n), 0),
            # An old collector leaves the correction of a client's clock to whoever reads its events.
            is_old=skewed | (rng.random(n) < OLD_COLLECTOR),
            resets=np.zeros(n, dtype=np.int64),
        )

    def assign_devices(self, people: People, persons: np.ndarray, day: int) -> None:
        """Give the day's newcomers one to three devices; the second of a household also uses the
        first one's.
        """
        rng, n = create_random_stream(self.seed, "devices", day), len(persons)
        if n == 0:
            return
        how_many = 1 + draw_by_weights(rng, (0.5, 0.38, 0.12), n)
        kinds = np.array([rng.permutation(3) for _ in range(n)])
        has = (np.arange(SLOTS) < how_many[:, None]) & (people.rows.kind[persons] != CRM_ONLY)[:, None]
        slots = np.full((n, SLOTS), -1)
        slots[has] = self._add(rng, kinds[has], np.repeat(persons, has.sum(axis=1)))
        weights = np.where(has, rng.uniform(0.2, 1.0, (n, SLOTS)), 0.0)
        self.slots, self.weights = (
            np.concatenate([self.slots, slots]),
            np.concatenate([self.weights, weights]),
        )
        partner = people.rows.household[persons]
        joins = (partner >= 0) & has[:, 0] & (self.slots[np.maximum(partner, 0), 0] >= 0)
        self.slots[persons[joins], SLOTS - 1] = self.slots[partner[joins], 0]
        self.weights[persons[joins], SLOTS - 1] = 0.6
        self.rows.n_owners[self.slots[partner[joins], 0]] = 2

    def choose_devices(
        self, rng: np.random.Generator, persons: np.ndarray, in_store: np.ndarray, at_kiosk: np.ndarray
    ) -> np.ndarray:
        """The device of each visit, -1 for those in a store; some visits have lost their cookie first. (n,)
        device rows.
        """
        weights = np.rint(self.weights[persons] * 1000).astype(np.int64)
        edges = np.cumsum(weights, axis=1)
        draw = rng.integers(0, 1 << 30, len(persons)) % np.maximum(edges[:, -1], 1)
        devices = self.slots[persons, (draw[:, None] >= edges).sum(axis=1).clip(0, SLOTS - 1)]
        devices = np.where(
            at_kiosk, rng.integers(0, self.n_kiosks, len(persons)), np.where(in_store, -1, devices)
        )
        lost = (rng.random(len(persons)) < COOKIE_LOSS) & ~at_kiosk & ~in_store
        np.add.at(self.rows.resets, devices[lost], 1)
        return devices

    def make_anonymous_id(self, device: int, resets: int) -> str:
        """The cookie of a device after so many losses, in the form of a UUID."""
        h = make_opaque_id(self.seed, "cookie", device * 100_000 + resets, 32)
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"
