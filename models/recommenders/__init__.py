"""Every recommender by its name, made from a configuration.

That is `{"parts": {name: {parameter: value}}, "weights": {name: w}}` for a weighted sum of the parts, or with
`"ranker": {setting: value}` in the place of weights for a learned one.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from models.base import Recommender
from models.blending.learned import LearnedBlend, Settings
from models.blending.weighted import Blend
from models.recommenders.als import ALS
from models.recommenders.attribute_popularity import AttributePopularity
from models.recommenders.cold_items import ColdItems
from models.recommenders.content import Content
from models.recommenders.decayed_popularity import DecayedPopularity
from models.recommenders.ease import EASE
from models.recommenders.graph_filter import GraphFilter
from models.recommenders.history_ridge import HistoryRidge
from models.recommenders.item_knn import ItemKNN
from models.recommenders.lightfm_hybrid import LightFMHybrid
from models.recommenders.own_history import OwnHistory
from models.recommenders.popularity import Popularity
from models.recommenders.recent_popularity import RecentPopularity
from models.recommenders.repeat_purchase import RepeatPurchase
from models.recommenders.rp3beta import RP3Beta
from models.recommenders.stan import Stan
from models.recommenders.transition_factors import TransitionFactors
from models.recommenders.transition_ridge import TransitionRidge
from models.recommenders.transitions import Transitions
from models.recommenders.user_knn import UserKNN

RECOMMENDERS: dict[str, type] = {
    kind.name: kind
    for kind in (
        Popularity,
        RecentPopularity,
        DecayedPopularity,
        AttributePopularity,
        ItemKNN,
        RP3Beta,
        GraphFilter,
        EASE,
        UserKNN,
        OwnHistory,
        RepeatPurchase,
        HistoryRidge,
        Transitions,
        TransitionRidge,
        TransitionFactors,
        Stan,
        Content,
        ALS,
        ColdItems,
        LightFMHybrid,
    )
}


def make(name: str, parameters: Mapping[str, Any] | None = None) -> Recommender:
    """An unfitted recommender.

    Args:
        name: `item_knn`, or `item_knn:wide` for a second one with other parameters in the same weighted
            blend.

    Raises:
        ValueError: no recommender has this name, or it does not take these parameters.
    """
    kind = name.partition(":")[0]
    if kind not in RECOMMENDERS:
        raise ValueError(f"unknown recommender {name!r}; known: {', '.join(RECOMMENDERS)}")
    try:
        made = RECOMMENDERS[kind](**(parameters or {}))
    except TypeError as wrong:
        raise ValueError(f"{name}: {wrong}") from None
    if name != kind:
        made.name = name
    return made


def make_blend(configuration: Mapping[str, Any]) -> Blend | LearnedBlend:
    """An unfitted blend: learned over all parts, or of the parts whose weight is above zero; in the order of
    their names.

    Raises:
        ValueError: an unknown part, parameter or setting.
    """
    if "ranker" in configuration:
        twins = [name for name in configuration["parts"] if ":" in name]
        if twins:
            raise ValueError(f"a learned blend has one part of a kind: {', '.join(twins)}")
        parts = [make(name, given) for name, given in sorted(configuration["parts"].items())]
        try:
            return LearnedBlend(parts, Settings(**configuration["ranker"]))
        except TypeError as wrong:
            raise ValueError(f"ranker: {wrong}") from None
    weights = {name: float(weight) for name, weight in sorted(configuration["weights"].items()) if weight > 0}
    return Blend(
        [make(name, configuration["parts"].get(name)) for name in weights],
        weights,
        configuration.get("power", 1.0),
    )


def parameters_of(recommender: Recommender) -> dict[str, Any]:
    """A recommender's parameters with the defaults filled in."""
    return asdict(recommender)
