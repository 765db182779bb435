"""Training rows of one window: its customers' candidates with their columns, and whether each was then
wanted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from models.base import Customers, Recommender, Training
from models.blending.candidate_features import GROUPS, Group, Moment, columns, item_facts
from models.blending.candidates import Candidates, propose
from models.blending.leak_checks import certify, check_parts
from models.blending.training_windows import Window, sampled
from models.time_split import cells

STRANGERS = 0.1  # of those asked in a window, at least
CERTIFIED = 100  # customers of each window whose columns are made twice


@dataclass(frozen=True)
class Rows:
    """Candidates of a window, grouped by customer.

    Attributes:
        query: int32 [n], ascending: the customer.
        table: float32 [n, columns].
        wanted: bool [n].
        sources: uint32 [n]: bit p is set when part p proposed the candidate.
        names: of the columns.
    """

    query: np.ndarray
    table: np.ndarray
    wanted: np.ndarray
    sources: np.ndarray
    names: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """Who is asked in a window, and what they then wanted.

    Attributes:
        customers: int [n], rows in the behaviour's numbering, ascending.
        is_stranger: bool [n]: had done nothing before the cut, or is asked as if they had not.
        wanted: csr bool [n, items].
    """

    customers: np.ndarray
    is_stranger: np.ndarray
    wanted: sparse.csr_matrix

    def __len__(self) -> int:
        return len(self.customers)

    def met(self, past: Training) -> Customers:
        """Them as a model meets them that was fitted on this past: a stranger is nobody it knows, with
        attributes alone.
        """
        known = Customers.of(past, self.customers)
        behaviour = known.behaviour.where(~self.is_stranger[known.behaviour.customer])
        return Customers(
            np.where(self.is_stranger, -1, known.known).astype(np.int32), behaviour, known.features
        )


def asked(training: Training, window: Window, most: int, seed: int) -> Asked:
    """Who wanted something in the window: at most so many, drawn by the seed.

    A test asks those alone who were there before. A ranker that had learned of no others would rank by
    accident for who is new, so newcomers are asked too, and where they are few, some of the others as if they
    were new.
    """
    behaviour = training.behaviour
    window.check(behaviour.until)
    past, after = behaviour.before(window.cut), behaviour.before(window.until).since(window.cut).wanted()
    customers = sampled(np.unique(after.customer), most, seed)
    is_stranger = ~np.isin(customers, past.customer)
    n_hidden = max(0, int(STRANGERS * len(customers)) - int(is_stranger.sum()))
    is_stranger[sampled(np.flatnonzero(~is_stranger), n_hidden, seed)] = True
    return Asked(customers, is_stranger, cells(after.of(customers)))


def opinions(parts: Sequence[Recommender], customers: Customers) -> dict[str, np.ndarray]:
    """By part, float32 [customers, items]."""
    return {part.name: part.score(customers) for part in parts}


def rows(
    training: Training,
    window: Window,
    test: Asked,
    scores: Mapping[str, np.ndarray],
    n_candidates: int,
    n_others: int,
    seed: int,
    fitted_until: Sequence[int],
    groups: tuple[Group, ...] = GROUPS,
) -> Rows:
    """A window's rows: all candidates that were wanted, and a draw of the others.

    Args:
        test: of `asked`.
        scores: by part, float32 [customers of the test, items]; the parts fitted before the window's cut.
        n_candidates: a part proposes.
        n_others: of a customer's unwanted candidates at most so many are kept; more cost time and teach
            little.
        fitted_until: the first day that each part was not fitted on, in the order of the scores.

    Raises:
        OverlapError: a part or the window saw what it is asked.
        LeakError: a column did.
    """
    window.check(training.behaviour.until)
    check_parts(tuple(scores), fitted_until, window.cut)
    past = training.before(window.cut)
    answers = test.wanted.toarray()
    customers = test.met(past)
    moment = Moment(customers, item_facts(past), scores, answers)
    at = propose(scores, cells(customers.behaviour.wanted()).toarray(), n_candidates)
    few = part_of(at, at.row < CERTIFIED)
    names, table = columns(moment, few, groups)
    certify(moment, few, table, names, groups)
    wanted = answers[at.row, at.item]
    kept = part_of(at, thinned(at.row, wanted, n_others, seed))
    names, table = columns(moment, kept, groups)
    return Rows(kept.row, table, answers[kept.row, kept.item], kept.sources, names)


def part_of(at: Candidates, kept: np.ndarray) -> Candidates:
    """Some of the candidates, in their order."""
    places = {part: place[kept] for part, place in at.places.items()}
    return Candidates(at.row[kept], at.item[kept], at.sources[kept], places, at.names)


def thinned(row: np.ndarray, wanted: np.ndarray, n_others: int, seed: int) -> np.ndarray:
    """bool: all that were wanted, and of each customer's others at most so many, drawn by the seed."""
    order = np.lexsort((np.random.default_rng(seed).random(len(row)), wanted, row))
    first = np.searchsorted(row, row[order])
    kept = np.zeros(len(row), bool)
    kept[order] = np.arange(len(row)) - first < n_others
    return kept | wanted


def together(windows: Sequence[Rows]) -> Rows:
    """Rows of several windows as one table; a customer of two windows is two queries."""
    offsets = np.cumsum([0, *[int(held.query.max(initial=-1)) + 1 for held in windows[:-1]]])
    return Rows(
        np.concatenate([held.query + offset for held, offset in zip(windows, offsets, strict=True)]),
        np.concatenate([held.table for held in windows]),
        np.concatenate([held.wanted for held in windows]),
        np.concatenate([held.sources for held in windows]),
        windows[0].names,
    )
