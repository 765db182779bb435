"""What sessions go on with after an item: the lists that live events steer by, learned from sessions."""

import numpy as np
from scipy import sparse

from models.recommenders.neighbours import select_best_per_row
from models.recommenders.transitions import Transitions
from models.steering.sessions import Sessions
from models.training_data import Behaviour, Training

LENGTH = 50
# Chosen by NDCG@10 on RetailRocket's sessions before the test's (`benchmarks.anonymous_sessions`): pairs
# count in both directions, halved every two places.
PARAMETERS = {
    "half_life_places": 2.0,
    "reach": 10,
    "backward_weight": 1.0,
    "same_weight": 1.0,  # of one second, as of two that follow each other: an order's lines
    "size_power": 1.0,  # an item a place: each counts one
    "row_power": 0.0,
    "popularity_power": 0.0,
    "half_life_days": None,
    "neighbours": 4 * LENGTH,  # of which those that may be shown are left
}


def build_session_training(sessions: Sessions) -> Training:
    """Sessions as customers, each with its items at their first events: what happened in one second on one
    day, the next second on the next, all ending on one day.
    """
    key = sessions.session.astype(np.int64) * sessions.n_items + sessions.item
    first = np.sort(np.unique(key, return_index=True)[1])
    session, item, second = (one[first] for one in (sessions.session, sessions.item, sessions.second))
    is_later = (np.diff(session, prepend=-1) == 0) & (np.diff(second, prepend=0) != 0)
    day = np.cumsum(is_later)
    last = np.zeros(len(sessions), np.int64)
    np.maximum.at(last, session, day)
    order = np.lexsort((item, session))
    columns = (session, item, day - last[session] - 1)
    behaviour = Behaviour(
        len(sessions),
        sessions.n_items,
        *(one[order].astype(np.int32) for one in columns),
        np.zeros(len(session), np.int8),
        until=0,
        has_purchases=False,
    )
    nothing = sparse.csr_matrix((1, 0), dtype=np.float32)
    return Training(
        behaviour, nothing[np.zeros(len(sessions), int)], nothing[np.zeros(sessions.n_items, int)]
    )


def weigh_next_items(sessions: Sessions, allowed: np.ndarray) -> sparse.csr_matrix:
    """csr float64 [items, items]: how often sessions with the one held the other, near places counting most,
    as a weight from 0 to 1; the `LENGTH` most frequent of each row that may be shown.

    The weight is the root of the share of one more than the row's most frequent: of many sessions their
    shares are left, and what one session did weighs less than what five did. The root keeps what is in a
    list ahead of what is in none (on RetailRocket's sessions no form was better by more than chance: roots,
    logarithms, shares).

    Args:
        allowed: bool [items].
    """
    counts = Transitions(**PARAMETERS).fit(build_session_training(sessions), seed=0).similarity.tocoo()
    is_listed = (counts.row != counts.col) & allowed[counts.col]
    listed = (counts.data[is_listed].astype(np.float64), (counts.row[is_listed], counts.col[is_listed]))
    best = select_best_per_row(sparse.csr_matrix(listed, shape=counts.shape), LENGTH)
    most = np.repeat(best.max(axis=1).toarray().ravel(), np.diff(best.indptr))
    best.data = np.sqrt(best.data / (1.0 + most))
    return best


def sort_row(matrix: sparse.csr_matrix, row: int) -> tuple[np.ndarray, np.ndarray]:
    """The columns and weights of a row, best first; among equals the lower column."""
    entries = slice(matrix.indptr[row], matrix.indptr[row + 1])
    columns, weights = matrix.indices[entries], matrix.data[entries]
    order = np.lexsort((columns, -weights))
    return columns[order].astype(np.int64), weights[order]
