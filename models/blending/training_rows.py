"""Training rows of a ranker: the candidate items of a window's customers with their features, and whether
each was then wanted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from models.base import Recommender
from models.blending.candidate_features import (
    FEATURE_GROUPS,
    FeatureGroup,
    FeatureInputs,
    build_feature_table,
)
from models.blending.candidates import CandidateItems, propose_candidates
from models.blending.item_facts import compute_item_facts
from models.blending.leak_checks import check_features, check_parts
from models.blending.training_windows import TrainingWindow, sample_rows
from models.time_split import build_cell_matrix
from models.training_data import Customers, Training

STRANGER_SHARE = 0.1  # of those asked in a window, at least
CHECKED_CUSTOMERS = 100  # of each window, whose features are computed twice


@dataclass(frozen=True)
class TrainingRows:
    """Candidate items of a window, grouped by customer.

    Attributes:
        query: int32 [n], ascending: the customer.
        table: float32 [n, features].
        wanted: bool [n].
        sources: uint32 [n]: bit p is set when part p proposed the candidate.
        names: of the features.
    """

    query: np.ndarray
    table: np.ndarray
    wanted: np.ndarray
    sources: np.ndarray
    names: tuple[str, ...]


@dataclass(frozen=True)
class TrainingCase:
    """The customers asked in a training window, and what they then wanted.

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

    def select_customers(self, past: Training) -> Customers:
        """The customers as a model sees them that was fitted on this past: of a stranger it has attributes
        alone.
        """
        known = Customers.from_training(past, self.customers)
        behaviour = known.behaviour.where(~self.is_stranger[known.behaviour.customer])
        return Customers(
            np.where(self.is_stranger, -1, known.known).astype(np.int32), behaviour, known.features
        )


@dataclass(frozen=True)
class PartScores:
    """The scores of a blend's parts for the customers of a training case.

    Attributes:
        scores: by part, float32 [customers, items].
        fitted_until: of every part in that order, the first day that it was not fitted on, as whoever fitted
            it found it in its data.
    """

    scores: Mapping[str, np.ndarray]
    fitted_until: Sequence[int]


@dataclass(frozen=True)
class RowSampling:
    """How many rows a window gives.

    Attributes:
        n_candidates: items that a part proposes.
        n_unwanted: unwanted candidates kept of each customer, at most; more cost time and teach little.
        seed: draws the unwanted ones.
    """

    n_candidates: int
    n_unwanted: int
    seed: int


def draw_training_case(training: Training, window: TrainingWindow, most: int, seed: int) -> TrainingCase:
    """A training case of customers who wanted something in the window: at most so many, drawn by the seed.

    A test asks those alone who were there before. A ranker fitted on no others would rank at random for who
    is new, so newcomers are asked too, and where they are few, some of the others as if they were new.
    """
    behaviour = training.behaviour
    window.check(behaviour.until)
    past, after = behaviour.before(window.cut), behaviour.before(window.until).since(window.cut).wanted()
    customers = sample_rows(np.unique(after.customer), most, seed)
    is_stranger = ~np.isin(customers, past.customer)
    n_hidden = max(0, int(STRANGER_SHARE * len(customers)) - int(is_stranger.sum()))
    is_stranger[sample_rows(np.flatnonzero(~is_stranger), n_hidden, seed)] = True
    return TrainingCase(customers, is_stranger, build_cell_matrix(after.select_customers(customers)))


def score_parts(parts: Sequence[Recommender], customers: Customers) -> dict[str, np.ndarray]:
    """By part, float32 [customers, items]."""
    return {part.name: part.score(customers) for part in parts}


def build_training_rows(
    training: Training,
    window: TrainingWindow,
    case: TrainingCase,
    parts: PartScores,
    sampling: RowSampling,
    groups: tuple[FeatureGroup, ...] = FEATURE_GROUPS,
) -> TrainingRows:
    """A window's rows: all candidate items that were wanted, and a sample of the others.

    Args:
        parts: fitted before the window's cut.

    Raises:
        OverlapError: a part or the window has days it is asked for.
        LeakError: a feature knows the answer.
    """
    window.check(training.behaviour.until)
    check_parts(tuple(parts.scores), parts.fitted_until, window.cut)
    past = training.before(window.cut)
    answers = case.wanted.toarray()
    customers = case.select_customers(past)
    inputs = FeatureInputs(customers, compute_item_facts(past), parts.scores, answers)
    bought = build_cell_matrix(customers.behaviour.wanted()).toarray()
    candidates = propose_candidates(parts.scores, bought, sampling.n_candidates)
    few = select_candidates(candidates, candidates.row < CHECKED_CUSTOMERS)
    names, table = build_feature_table(inputs, few, groups)
    check_features(inputs, few, table, names, groups)
    wanted = answers[candidates.row, candidates.item]
    sample = select_candidates(
        candidates, sample_unwanted(candidates.row, wanted, sampling.n_unwanted, sampling.seed)
    )
    names, table = build_feature_table(inputs, sample, groups)
    return TrainingRows(sample.row, table, answers[sample.row, sample.item], sample.sources, names)


def select_candidates(candidates: CandidateItems, mask: np.ndarray) -> CandidateItems:
    """The candidate items of the mask, in their order."""
    ranks = {part: rank[mask] for part, rank in candidates.ranks.items()}
    return CandidateItems(
        candidates.row[mask], candidates.item[mask], candidates.sources[mask], ranks, candidates.names
    )


def sample_unwanted(row: np.ndarray, wanted: np.ndarray, n_unwanted: int, seed: int) -> np.ndarray:
    """bool: all that were wanted, and of each customer's others at most so many, drawn by the seed."""
    order = np.lexsort((np.random.default_rng(seed).random(len(row)), wanted, row))
    first = np.searchsorted(row, row[order])
    in_sample = np.zeros(len(row), bool)
    in_sample[order] = np.arange(len(row)) - first < n_unwanted
    return in_sample | wanted


def concatenate_rows(windows: Sequence[TrainingRows]) -> TrainingRows:
    """Rows of several windows as one table; a customer of two windows is two queries."""
    offsets = np.cumsum([0, *[int(rows.query.max(initial=-1)) + 1 for rows in windows[:-1]]])
    return TrainingRows(
        np.concatenate([rows.query + offset for rows, offset in zip(windows, offsets, strict=True)]),
        np.concatenate([rows.table for rows in windows]),
        np.concatenate([rows.wanted for rows in windows]),
        np.concatenate([rows.sources for rows in windows]),
        windows[0].names,
    )
