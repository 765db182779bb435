"""Moments of sessions as what the weights are learned from: candidates, their features, and which were
wanted.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from models.steering.scoring import EventLists, FactorScores, RelatedItems, find_rows, weigh_places
from models.steering.sessions import Moment
from models.steering.weights import KINDS, CohortWeights, find_most_events

N_FEATURES = 2 + 2 * len(KINDS)  # place, neighbours and transitions by kind, factors
GAINS = np.array([1.0, 3.0, 5.0])  # what going on to view, cart or buy an item is worth (`KIND_WEIGHTS`)


@dataclass(frozen=True)
class SteeringInputs:
    """What a list could have been steered by when the sessions began that teach.

    Attributes:
        neighbours, transitions: the lists of an item.
        fold_in: the factor scores by a moment's touched items; None where nothing is trusted.
    """

    neighbours: Callable[[int], RelatedItems]
    transitions: Callable[[int], RelatedItems]
    fold_in: Callable[[Moment], FactorScores | None]


@dataclass(frozen=True)
class Example:
    """A moment with the candidates there were.

    Attributes:
        session: its number.
        most_events: its cohort's.
        features: float64 [candidates, `N_FEATURES`]; the score is their product with the weights.
        gains: float64 [candidates]: what was wanted, by how much; 0 for the others.
        best_gains: float64, descending: of all that was wanted, candidates or not.
    """

    session: int
    most_events: int
    features: np.ndarray
    gains: np.ndarray
    best_gains: np.ndarray

    def order_candidates(self, scores: np.ndarray) -> np.ndarray:
        """The candidates by score; among equals in the order of the list that is steered, then by number."""
        return np.lexsort((-self.features[:, 0], -scores))

    @property
    def unsteered(self) -> np.ndarray:
        """float64 [candidates]: scores in the order of the list that is steered; others follow it."""
        return self.features[:, 0]


def build_features(
    base: np.ndarray,
    events: Sequence[EventLists],
    half_life_places: float,
    factor_scores: FactorScores | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The candidates of `scoring.steer`, ascending, and float64 [candidates, `N_FEATURES`]: what each weight
    is multiplied with.
    """
    parts, values, columns = [base], [weigh_places(len(base))], [0]
    for place, event in enumerate(events):
        strength = 0.5 ** (place / half_life_places)
        parts += [event.neighbours.items, event.transitions.items]
        values += [event.neighbours.weights * strength, event.transitions.weights * strength]
        columns += [1 + event.kind, 1 + len(KINDS) + event.kind]
    items, which = np.unique(np.concatenate(parts), return_inverse=True)
    cells = which * N_FEATURES + np.repeat(columns, [len(part) for part in parts])
    features = np.bincount(cells, np.concatenate(values), len(items) * N_FEATURES).reshape(-1, N_FEATURES)
    if factor_scores is not None:
        features[:, -1] = factor_scores(items)
    return items, features


def flatten_weights(weights: CohortWeights) -> np.ndarray:
    """float64 [`N_FEATURES`]: the weights in the order of the features."""
    return np.array([weights.base, *weights.neighbours, *weights.transitions, weights.fold_in])


def unflatten_weights(flat: np.ndarray, is_personal: bool, most_events: int) -> CohortWeights:
    """The weights of a cohort from the order of the features."""
    n = len(KINDS)
    base, neighbours, transitions, fold_in = flat[0], flat[1 : 1 + n], flat[1 + n : 1 + 2 * n], flat[-1]
    return CohortWeights(
        is_personal,
        most_events,
        float(base),
        tuple(neighbours.tolist()),
        tuple(transitions.tolist()),
        float(fold_in),
    )


def build_examples(
    moments: Iterable[Moment],
    base_of: Callable[[Moment], np.ndarray],
    inputs: SteeringInputs,
    half_life_places: float,
) -> list[Example]:
    """An example of each moment: what was touched already is no candidate."""
    examples = []
    for moment in moments:
        events = [
            EventLists(one.kind, inputs.neighbours(one.item), inputs.transitions(one.item))
            for one in moment.touched
        ]
        items, features = build_features(base_of(moment), events, half_life_places, inputs.fold_in(moment))
        is_new = np.ones(len(items), bool)
        is_new[find_rows(items, [one.item for one in moment.touched])] = False
        items, features = items[is_new], features[is_new]
        gains = np.zeros(len(items))
        for item, kind in moment.wanted.items():
            gains[find_rows(items, [item])] = GAINS[kind]
        best_gains = np.sort(GAINS[[*moment.wanted.values()]])[::-1]
        cohort = find_most_events(len(moment.touched))
        examples.append(Example(moment.session, cohort, features, gains, best_gains))
    return examples
