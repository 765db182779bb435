"""What an item's score is made of, for `explain=true`: parts that add up to it, to the ninth decimal."""

from serving_app.recommendations.decision import Contribution
from serving_app.recommendations.ranking import DECIMALS, Candidate, list_factors, scale_once

LIST, SESSION, FATIGUE, BOOST = "list", "session", "fatigue", "boost"


def split_score(candidate: Candidate) -> tuple[Contribution, ...]:
    """The parts of a candidate's score, in the order in which they come into it; fatigue or a session
    that adds nothing is left out.
    """
    score = candidate.listed.score
    # of a steered list alone: what its items' places in it are worth
    find_share = getattr(candidate.rung.items, "find_list_share", None)
    share = score if find_share is None else find_share(candidate.listed.item_id)
    parts = [Contribution(LIST, share)]
    if find_share is not None:
        parts.append(Contribution(SESSION, subtract(score, share)))
    for factor, boost in list_factors(candidate.fatigue, candidate.boosts):
        after = scale_once(score, factor)
        adds = subtract(round(after, DECIMALS), round(score, DECIMALS))
        parts.append(Contribution(BOOST if boost else FATIGUE, adds, factor, boost and boost.override_id))
        score = after
    return tuple(part for part in parts if part.adds or part.of in (LIST, BOOST))


def subtract(after: float, before: float) -> float:
    """A difference without the last digits of its floats."""
    return round(after - before, DECIMALS)
