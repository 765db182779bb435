"""Memberships of learned segments as stays: what nights before have written, and whom tonight has inside."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date


@dataclass(frozen=True)
class Stay:
    """A customer's stay in a learned segment, from a day until before another.

    Attributes:
        left: None while they are inside.
        place, score: on the last night inside; 1 is the best place.
    """

    segment_id: str
    customer_id: str
    entered: date
    left: date | None
    place: int
    score: float


def continue_stays(
    before: Iterable[Stay],
    members: Mapping[str, Sequence[tuple[str, float]]],
    night: date,
    untouched: Collection[str] = (),
) -> list[Stay]:
    """The stays behind a night, by segment, customer and day: those that go on, that ended with it and
    before, and new ones.

    A night that is run again has the same result: what it, or one of later days, wrote is taken back first.

    Args:
        before: of the customers whose past may be kept.
        members: by segment, customers with their scores, best first.
        night: the first day that begins with tonight's members inside.
        untouched: segments whose members tonight are not known: their stays are as they were.
    """
    open_stays: dict[tuple[str, str], Stay] = {}
    after: list[Stay] = []
    for stay in before:
        if stay.segment_id in untouched:
            after.append(stay)
            continue
        if stay.entered >= night:
            continue
        if stay.left is None or stay.left >= night:
            open_stays[stay.segment_id, stay.customer_id] = stay
        else:
            after.append(stay)
    for segment_id, scored in members.items():
        for place, (customer_id, score) in enumerate(scored, start=1):
            stay = open_stays.pop((segment_id, customer_id), None)
            entered = stay.entered if stay else night
            after.append(Stay(segment_id, customer_id, entered, None, place, score))
    after += [replace(stay, left=night) for stay in open_stays.values()]
    return sorted(after, key=lambda stay: (stay.segment_id, stay.customer_id, stay.entered))
