"""What live behaviour weighs, by how much a visitor did and whether they have a list of their own. Numpy
alone, so that the service may import it.
"""

from collections.abc import Sequence
from typing import NamedTuple

KINDS = ("view", "cart", "purchase")
MOST_EVENTS = (
    10  # the newest of a visitor's events that steer: half-lives leave the eleventh below a thirtieth
)
COHORTS = (1, 2, 5, MOST_EVENTS)  # most events of each


class CohortWeights(NamedTuple):
    """The weights for visitors with so many live events. All are nought or more: an event speaks for items,
    never against one.

    Attributes:
        is_personal: whether the list that is steered is the visitor's own; else it is what is popular.
        most_events: of the cohort; the one before ends below its own fewest.
        base: of the place in the list that is steered.
        neighbours: by kind of event, of what is similar to the event's item.
        transitions: by kind of event, of what sessions go on with after the event's item.
        fold_in: of the score in the factor space.
    """

    is_personal: bool
    most_events: int
    base: float
    neighbours: tuple[float, ...]
    transitions: tuple[float, ...]
    fold_in: float


class SteeringWeights(NamedTuple):
    """The learned weights of all cohorts. A cohort that is not among them is not steered: its gate refused.

    Attributes:
        half_life_places: after how many newer events an event counts half.
    """

    half_life_places: float
    cohorts: tuple[CohortWeights, ...]

    def find_cohort(self, n_events: int, is_personal: bool) -> CohortWeights | None:
        """The weights for a visitor with so many live events; None: their list stays as it is."""
        most = find_most_events(n_events)
        for cohort in self.cohorts:
            if cohort.is_personal == is_personal and cohort.most_events == most:
                return cohort
        return None

    def as_rows(self) -> list[dict]:
        """The cohorts as plain rows, for a table or a report."""
        return [
            {
                **cohort._asdict(),
                "neighbours": list(cohort.neighbours),
                "transitions": list(cohort.transitions),
            }
            for cohort in self.cohorts
        ]

    @classmethod
    def from_rows(cls, half_life_places: float, rows: Sequence[dict]) -> "SteeringWeights":
        """What `as_rows` wrote."""
        return cls(
            half_life_places,
            tuple(
                CohortWeights(
                    bool(row["is_personal"]),
                    int(row["most_events"]),
                    float(row["base"]),
                    tuple(map(float, row["neighbours"])),
                    tuple(map(float, row["transitions"])),
                    float(row["fold_in"]),
                )
                for row in rows
            ),
        )


NO_STEERING = SteeringWeights(1.0, ())


def find_most_events(n_events: int) -> int | None:
    """The cohort of so many events, by its most; None without events."""
    if n_events < 1:
        return None
    return next((most for most in COHORTS if n_events <= most), COHORTS[-1])
