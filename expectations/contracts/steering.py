"""The snapshot's record for steering: what live behaviour weighs in a list, learned from the shop's
sessions.
"""

from typing import NamedTuple


class SteeringRecord(NamedTuple):
    """The learned weights of live behaviour.

    Attributes:
        kinds: the kinds of events, in the order of their weights.
        half_life_places: after how many newer events an event counts half.
        cohorts: of each cohort of visitors, in the order of `models.steering.weights.CohortWeights`:
            is_personal, most_events, base, neighbours, transitions, fold_in. A cohort that is not there is
            not steered.
    """

    model_version: str
    kinds: tuple[str, ...]
    half_life_places: float
    cohorts: tuple[tuple, ...]
