"""What a list is decided from, and what comes out: plain values."""

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from expectations.contracts.snapshot import ItemFacts
from serving_app.overrides.rule_set import NO_RULES, RuleSet
from serving_app.recommendations.ladder import STATIC

FILL, STRICT = "fill", "strict"
CAP = "cap"

# The stages of a decision, in their order; `GATHER` is where an item that no rung offers is missing.
GATHER, FILTERS, LIVE, OVERRIDES, DIVERSITY, FILLING, EXPLAIN = STAGES = (
    "gather",
    "filters",
    "live",
    "overrides",
    "diversity",
    "fill",
    "explain",
)


class Fatigue(NamedTuple):
    """How an item that is shown again and again without a click loses score.

    Attributes:
        rate: the share of its score that an item loses with each further time; 0 for off.
        n_free: how often it may be shown before it loses any.
    """

    rate: float = 0.0
    n_free: int = 0


NO_FATIGUE = Fatigue()


class Rules(NamedTuple):
    """What a request, its placement and the operators want of a list.

    Attributes:
        find_removal: why an item may not be shown at all, in a stable word; None: it may be.
        read_item: an item's facts; None for an unknown one.
        mode: `fill`: lower rungs fill the list up; `strict`: the first rung that has items, alone.
        n_before: how many items earlier pages have shown; pins count their position from the first page.
        first_source: of the earlier pages' list, to which `strict` keeps; None on the first page.
        is_shown_before: whether an earlier page has shown an item.
        diversity: λ, from 0 (as scored) to 1 (as different as can be).
        max_per_category: in this list; never broken, not by a pin either.
        leaves_out_cart: whether what lies in the visitor's cart is left out.
        find_bought_date: when the visitor last bought an item, as the night knows it; None: they did not, or
            it is due again. None of a stranger.
        admitted: an item that nothing removes, to find out what its list would be then; None: no such.
    """

    n: int
    find_removal: Callable[[str], str | None]
    read_item: Callable[[str], ItemFacts | None]
    overrides: RuleSet = NO_RULES
    mode: str = FILL
    n_before: int = 0
    first_source: str | None = None
    is_shown_before: Callable[[str], bool] | None = None
    diversity: float = 0.0
    max_per_category: int | None = None
    fatigue: Fatigue = NO_FATIGUE
    leaves_out_cart: bool = False
    find_bought_date: Callable[[str], date | None] | None = None
    admitted: str | None = None


class Contribution(NamedTuple):
    """One part of a score; all parts add up to it, to the ninth decimal.

    Attributes:
        of: what the list gives, what the session adds, or what fatigue and one boost or bury take or add.
        factor: by which fatigue, a boost or a bury multiplies the score so far; one below zero is divided by
            it. 0: behind all others.
    """

    of: str
    adds: float
    factor: float | None = None
    override_id: str | None = None


class DecidedItem(NamedTuple):
    """One item of a list.

    Attributes:
        score: what orders the items of one source: the recommender's score, fatigue and boosts applied; None
            for a pinned item.
        base_score: before fatigue and boosts; None for a pinned item.
        is_filler: it stands in a rung below the one the list is named for.
        contributions: what its score is made of, where that is asked for.
    """

    item_id: str
    rank: int
    score: float | None
    base_score: float | None
    source: str
    reason: str
    is_filler: bool
    contributions: tuple[Contribution, ...] | None = None


class Decision(NamedTuple):
    """A list as it may be shown.

    Attributes:
        source: of the first rung that gave an item.
        applied_overrides: ids of the overrides that changed the list.
    """

    source: str
    items: tuple[DecidedItem, ...]
    applied_overrides: tuple[str, ...]


EMPTY_DECISION = Decision(STATIC, (), ())
