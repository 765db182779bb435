"""Why an item is listed, in a sentence for the people who run the shop."""

from collections.abc import Sequence
from functools import lru_cache

from expectations.contracts.override import BURY, TO_THE_END, Override
from expectations.contracts.snapshot import ListItem, ReasonItem
from serving_app.recommendations.ladder import LiveReason, Rung

VERBS = {"view": "viewed", "click": "clicked on", "cart": "put into the cart", "purchase": "bought"}


def explain_listed_item(
    rung: Rung, listed: ListItem, boosts: Sequence[Override] = (), fatigue: float = 1.0
) -> str:
    """Why an item of a rung is listed, and what changed its score."""
    rung_reason = explain_rung(rung.about, rung.source, listed.sources)
    if not (listed.because or boosts) and fatigue == 1.0:
        return rung_reason
    because = f"; {describe_because(listed.because)}" if listed.because else ""
    boosted = "".join(f"; {describe_boost(boost)} by override {boost.override_id}" for boost in boosts)
    tired = f"; shown often, ×{fatigue:.3g}" if fatigue != 1.0 else ""
    return f"{rung_reason}{because}{tired}{boosted}"


@lru_cache(maxsize=1024)
def explain_rung(about: str, source: str, sources: tuple[str, ...]) -> str:
    """What list an item comes from, and by which recommenders."""
    recommenders = [name for name in sources if name != source]  # "popular (by popular)" would say it twice
    return f"{about} (by {', '.join(recommenders)})" if recommenders else about


def describe_because(because: ReasonItem | LiveReason) -> str:
    """What the visitor did that speaks for an item; of a night only that they wanted something is known."""
    verb = VERBS.get(because.event_type, "wanted") if isinstance(because, LiveReason) else "wanted"
    return f"{verb} {because.item_id} on {because.wanted_date}"


def describe_boost(boost: Override) -> str:
    """What a boost or bury does, in words."""
    if boost.factor == TO_THE_END:
        return "buried to the end"
    return f"{'buried' if boost.kind == BURY else 'boosted'} ×{boost.factor:g}"


def explain_pin(pin: Override) -> str:
    """Why a pinned item is listed."""
    return f"pinned at place {pin.position} by override {pin.override_id}"
