"""Every recommender by its name, built from a configuration.

A configuration is `{"parts": {name: {parameter: value}}, "weights": {name: w}}` for a weighted sum of the
parts, or with `"ranker": {setting: value}` in the place of weights for a learned blend. Nothing is registered
by hand: each module of this package that defines a `Recommender` with a `name` is found.
"""

from collections.abc import Mapping
from dataclasses import asdict
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from models.base import Recommender
from models.blending.base import Blend
from models.blending.learned import LearnedBlend
from models.blending.ranker import RankerSettings
from models.blending.weighted import WeightedBlend


def find_recommenders() -> dict[str, type[Recommender]]:
    """The recommender classes that the modules of this package define, by name, in the order of names.

    Raises:
        ValueError: two of them have the same name.
    """
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    classes = [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Recommender) and value.__module__ == module.__name__
    ]
    kinds = sorted((kind for kind in classes if "name" in vars(kind)), key=lambda kind: kind.name)
    names = [kind.name for kind in kinds]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"more than one recommender is named {', '.join(twice)}")
    return dict(zip(names, kinds, strict=True))


RECOMMENDERS = find_recommenders()


def build_recommender(name: str, parameters: Mapping[str, Any] | None = None) -> Recommender:
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
        recommender = RECOMMENDERS[kind](**(parameters or {}))
    except TypeError as wrong:
        raise ValueError(f"{name}: {wrong}") from None
    if name != kind:
        recommender.name = name
    return recommender


def build_blend(configuration: Mapping[str, Any]) -> Blend:
    """An unfitted blend: learned over all parts, or of the parts whose weight is above zero; in the order of
    their names.

    Raises:
        ValueError: an unknown part, parameter or setting.
    """
    if "ranker" in configuration:
        twins = [name for name in configuration["parts"] if ":" in name]
        if twins:
            raise ValueError(f"a learned blend has one part of a kind: {', '.join(twins)}")
        parts = [
            build_recommender(name, parameters) for name, parameters in sorted(configuration["parts"].items())
        ]
        try:
            return LearnedBlend(parts, RankerSettings(**configuration["ranker"]))
        except TypeError as wrong:
            raise ValueError(f"ranker: {wrong}") from None
    weights = {name: float(weight) for name, weight in sorted(configuration["weights"].items()) if weight > 0}
    return WeightedBlend(
        [build_recommender(name, configuration["parts"].get(name)) for name in weights],
        weights,
        configuration.get("power", 1.0),
    )


def get_parameters(recommender: Recommender) -> dict[str, Any]:
    """A recommender's parameters with the defaults filled in."""
    return asdict(recommender)
