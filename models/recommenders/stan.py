"""Session neighbours with three kinds of fading: what stood in sessions like the customer's latest days.

STAN: Garg, Gupta, Malhotra, Vig, Shroff, "Sequence and Time Aware Neighborhood for Session-based
Recommendations" (SIGIR 2019): the likeness of two sessions counts the customer's latest items most (its λ1),
a neighbour fades with its age (λ2), and within it items close to those that match count most (λ3). Half-lives
stand for its exponentials. Where the paper takes the place of the latest matching item, the mean place of all
of them stands here, weighted by what each counts: two sparse products find it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from models.base import Recommender
from models.data_shape import KEPT, DataShape
from models.recommenders.neighbours import (
    compute_row_lengths,
    mask_nonpositive_scores,
    matrix_from_arrays,
    matrix_to_arrays,
    scale_matrix,
    select_best_per_row,
)
from models.recommenders.sequences import (
    Baskets,
    build_baskets,
    build_profiles,
    compute_usual_gap_days,
    decay_by_half_life,
    divide_by_basket_size,
)
from models.training_data import Customers, Training

CHUNK = 256  # customers compared at once
SKEW = 10  # times as many sessions share an item as would if all items were equally wanted
# A product drops cells that are nought, as 0.5 ** 150 is in float32: the two products of `_asked` would
# differ in their cells.
FAINTEST = 1e-9


@dataclass
class STAN(Recommender):
    """Neighbours are sessions: a customer's days with no gap longer than `gap_days` between them.

    Attributes:
        profile_half_life_places: how fast a customer's past fades, in days they came, counted from the last.
        session_half_life_days: how fast a neighbour fades with its age; None for not at all.
        half_life_places: how fast items of a neighbour fade with their distance from what matches; None for
            not at all.
        gap_days: a longer gap begins a new session; 0 makes each day one; None: by the customers' rhythm,
            which is 0 but where nearly every day holds a single item.
        size_power: how much a customer's basket pays for being large.
        popularity_power: how much an item pays for being had in many sessions.
        neighbours: sessions asked per customer.
    """

    name: ClassVar[str] = "stan"
    order_is_time_invariant: ClassVar[bool] = True
    profile_half_life_places: float = 2.0
    session_half_life_days: float | None = 30.0
    half_life_places: float | None = 4.0
    gap_days: int | None = None
    size_power: float = 0.5
    popularity_power: float = 0.2
    neighbours: int = 300

    def fit(self, training: Training, seed: int) -> Self:
        of = build_baskets(training.behaviour)
        session, place = self._sessions(of)
        n = int(session.max(initial=-1)) + 1
        last = np.zeros(n, np.int32)
        last[session] = of.day
        age = training.behaviour.until - 1 - last
        fresh = (
            decay_by_half_life(age, self.session_half_life_days)
            if self.session_half_life_days
            else np.ones(n)
        )
        joined = sparse.csr_matrix((np.ones(len(of)), (session, np.arange(len(of)))), shape=(n, len(of)))
        held = of.held.copy()
        held.data[:] = 1.0
        stood = scale_matrix(held, rows=place + 1.0)  # from 1, so that no place is an empty cell
        times = (joined @ held).tocsr()
        place_of = (joined @ stood).tocsr()
        for matrix in (times, place_of):
            matrix.sort_indices()
        gain = np.maximum(np.asarray(times.sum(axis=0)).ravel(), 1.0) ** -self.popularity_power
        owner = np.zeros(n, np.int32)
        owner[session] = of.customer
        return self._take(
            scale_matrix(times.minimum(1.0), columns=gain).astype(np.float32),
            (place_of.data / times.data).astype(np.float32),
            fresh.astype(np.float32),
            owner,
        )

    def score(self, customers: Customers) -> np.ndarray:
        of = build_baskets(customers.behaviour)
        weight = np.maximum(decay_by_half_life(of.from_end, self.profile_half_life_places), FAINTEST)
        profile = build_profiles(of, weight, divide_by_basket_size(of.held, self.size_power)).astype(
            np.float32
        )
        starts = range(0, len(customers), CHUNK)
        blocks = [self._asked(profile[at : at + CHUNK], customers.known[at : at + CHUNK]) for at in starts]
        return (
            mask_nonpositive_scores(np.concatenate(blocks))
            if blocks
            else np.zeros((0, self.held.shape[1]), np.float32)
        )

    def estimate_bytes(self, shape: DataShape) -> int:
        """What fitting and a chunk of scores hold at their peak: a chunk is compared with the sessions that
        share an item.
        """
        items = shape.n_entries / max(shape.n_customers, 1)
        share = min(1.0, SKEW * items / max(shape.n_touched, 1))
        return (
            shape.behaviour_bytes
            + round(3 * KEPT * CHUNK * shape.n_visits * share)
            + 8 * CHUNK * shape.n_items
        )

    def arrays(self) -> dict[str, np.ndarray]:
        return {
            **matrix_to_arrays("held", self.held),
            "place": self.place,
            "fresh": self.fresh,
            "owner": self.owner,
        }

    def restore(self, arrays: Mapping[str, np.ndarray]) -> Self:
        return self._take(
            matrix_from_arrays("held", arrays), arrays["place"], arrays["fresh"], arrays["owner"]
        )

    def _asked(self, profile: sparse.csr_matrix, known: np.ndarray) -> np.ndarray:
        """float32 [customers, items]: what the sessions nearest to each of these profiles hold."""
        alike = (profile @ self.directions.T).tocsr()
        alike.sort_indices()
        row = np.repeat(np.arange(alike.shape[0]), np.diff(alike.indptr))
        weight = alike.data * self.fresh[alike.indices]
        weight[self.owner[alike.indices] == known[row]] = 0  # nobody is their own neighbour
        near = select_best_per_row(
            sparse.csr_matrix((weight, alike.indices, alike.indptr), alike.shape), self.neighbours
        )
        if not self.half_life_places or self.single_day:
            return (near @ self.held).toarray()
        stood = (profile @ self.placed.T).tocsr()  # the same cells as `alike`: places begin at 1
        stood.sort_indices()
        match = sparse.csr_matrix((stood.data / alike.data, alike.indices, alike.indptr), alike.shape)
        mask = sparse.csr_matrix((np.ones(near.nnz, np.float32), near.indices, near.indptr), near.shape)
        near_match = match.multiply(mask).tocsr()
        near_match.sort_indices()
        return self._spread(near, near_match.data)

    def _spread(self, near: sparse.csr_matrix, match: np.ndarray) -> np.ndarray:
        """Each neighbour's items, fading with their distance from the place that matched (float
        [neighbours]).
        """
        length = np.diff(self.held.indptr)[near.indices]
        entry = np.repeat(self.held.indptr[near.indices] - np.cumsum(length) + length, length) + np.arange(
            length.sum()
        )
        value = np.repeat(near.data, length) * self.held.data[entry]
        value *= decay_by_half_life(
            np.abs(self.place[entry] - np.repeat(match, length)), self.half_life_places
        )
        row = np.repeat(np.repeat(np.arange(near.shape[0]), np.diff(near.indptr)), length)
        cells = row * self.held.shape[1] + self.held.indices[entry]
        size = near.shape[0] * self.held.shape[1]
        return np.bincount(cells, value, size).reshape(near.shape[0], -1).astype(np.float32)

    def _sessions(self, of: Baskets) -> tuple[np.ndarray, np.ndarray]:
        """int [baskets]: each one's session, and its place in it (0 for the first)."""
        gap_days = compute_usual_gap_days(of) if self.gap_days is None else self.gap_days
        begins = (of.place == 0) | (np.diff(of.day, prepend=0) > gap_days)
        session = np.cumsum(begins) - 1
        return session, np.arange(len(of)) - np.flatnonzero(begins)[session]

    def _take(self, held: sparse.csr_matrix, place: np.ndarray, fresh: np.ndarray, owner: np.ndarray) -> Self:
        self.held, self.place, self.fresh, self.owner = held, place, fresh, owner
        self.single_day = bool((place == 1).all())
        self.directions = scale_matrix(held, rows=1.0 / compute_row_lengths(held)).astype(np.float32)
        self.placed = sparse.csr_matrix(
            (self.directions.data * place, held.indices, held.indptr), shape=held.shape
        )
        return self
