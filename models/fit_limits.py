"""Which recommenders can be fitted on these data within this memory: settled before anything is fitted.

A recommender declares what it needs (`models.base`): `estimate_bytes(shape)`, `missing_data(shape)` and
`memory_limit_gb`.

A part that cannot be fitted is left out with the reason; the others share its weight in the proportions they
have.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from models.base import Recommender
from models.data_shape import DataShape
from models.recommenders import build_recommender

MIB = 1 << 20
MOST_ITEMS = "most_items"  # beside a part's parameters: the largest catalogue that its seconds allow
POPULARITY = {"parts": {"popularity": {}}, "weights": {"popularity": 1.0}}  # where no part can be fitted


def explain_unfittable(part: Recommender, shape: DataShape, memory_bytes: int) -> str | None:
    """Why this part cannot be fitted, in words; None where it can."""
    if missing := part.missing_data(shape):
        return missing
    granted = min(memory_bytes, part.memory_limit_gb * 1e9)
    needed = part.estimate_bytes(shape)
    if needed > granted:
        return (
            f"needs {needed / MIB:,.0f} MiB to be fitted on {shape.n_touched:,} items, {granted / MIB:,.0f}"
            " MiB are granted"
        )
    return None


def select_fittable_parts(
    parts: Sequence[Recommender], shape: DataShape, memory_bytes: int
) -> tuple[list[Recommender], dict[str, str]]:
    """The parts that can be fitted, in their order, and by name why each of the others cannot."""
    reasons = {part.name: explain_unfittable(part, shape, memory_bytes) for part in parts}
    left_out = {name: reason for name, reason in reasons.items() if reason}
    return [part for part in parts if part.name not in left_out], left_out


def drop_unfittable_parts(
    configuration: Mapping[str, Any], shape: DataShape, memory_bytes: int
) -> tuple[dict[str, Any], dict[str, str]]:
    """A blend's configuration (see `models.recommenders`) without the parts that cannot be fitted, and by
    part why not.

    Weights that are left keep their proportions and the sum that all had. Where no part is left, popularity
    stands for them. A part may name `most_items` beside its parameters; it is no parameter, and the result
    has none.
    """
    weights = configuration.get("weights")
    names = [
        name for name, weight in (weights or configuration["parts"]).items() if weights is None or weight > 0
    ]
    parameters, left_out = {}, {}
    for name in names:
        part_parameters = dict(configuration["parts"].get(name, {}))
        most = part_parameters.pop(MOST_ITEMS, None)
        reason = None
        if most is not None and shape.n_items > most:
            reason = f"is not fitted for more than {most:,} items, there are {shape.n_items:,}"
        reason = reason or explain_unfittable(build_recommender(name, part_parameters), shape, memory_bytes)
        if reason:
            left_out[name] = reason
        else:
            parameters[name] = part_parameters
    if not parameters:
        return dict(POPULARITY), left_out
    fittable = {**configuration, "parts": parameters}
    if weights is not None:
        fittable["weights"] = redistribute_weights(weights, parameters)
        fittable["parts"] = {
            name: part_parameters
            for name, part_parameters in parameters.items()
            if name in configuration["parts"]
        }
    return fittable, left_out


def redistribute_weights(weights: Mapping[str, float], kept_parts: Mapping[str, Any]) -> dict[str, float]:
    """The weights of those kept, in their proportions, adding up to what all together had."""
    mine = {name: weight for name, weight in weights.items() if name in kept_parts}
    total, own = sum(weight for weight in weights.values() if weight > 0), sum(mine.values())
    return (
        mine if len(mine) == len(weights) else {name: weight * total / own for name, weight in mine.items()}
    )


def format_left_out_parts(left_out: Mapping[str, str]) -> str:
    """`ease (needs …), content (…)`; empty where nothing was left out."""
    return ", ".join(f"{name} ({reason})" for name, reason in left_out.items())
