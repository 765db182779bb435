"""Whether a learned blend is served in a weighted one's place: both fitted before the window before the test,
and asked on it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from pyspark.sql import SparkSession

from models.data_shape import Shape
from models.evaluation import interval
from models.fit_limits import fittable, in_words
from models.recommenders import make_blend
from models.registry import Trial
from models.search import memory_of
from models.time_split import Windows
from spark_jobs.train import configuration_search as weighed
from spark_jobs.train.blend_fits import BlendRequest, fit_blends
from spark_jobs.train.configuration_search import SearchResult
from spark_jobs.train.matrices import TrainingMatrices
from spark_jobs.train.offline_tests import draw_test_case, measure_served_lists

MOST_TEST_CUSTOMERS = 1000  # asked
LEAST_WINDOWS = 2  # a ranker of one window knows one month's habits
LEAST_CUSTOMERS = 200  # in the newest of them; trees of fewer lists learn their accidents


def search_configuration(
    spark: SparkSession,
    material: TrainingMatrices,
    cut: Windows,
    seed: int,
    space: Mapping[str, Any],
    *effort: str,
) -> SearchResult:
    """What the search of a weighted blend finds (`choose.choose`, same arguments), or a learned blend that is
    better.

    A search that was cut has no seconds left to ask for a learned one.
    """
    chosen = weighed.search_weighted_blend(spark, material, cut, seed, space, *effort)
    if chosen.report["was_cut"]:
        return chosen
    configuration, trials, left_out = select_blend(spark, material, cut, chosen.configuration, space, seed)
    report = {**chosen.report, "left_out": left_out}
    return replace(chosen, configuration=configuration, trials=[*chosen.trials, *trials], report=report)


def select_blend(
    spark: SparkSession,
    material: TrainingMatrices,
    cut: Windows,
    weighted: Mapping[str, Any],
    space: Mapping[str, Any],
    seed: int,
) -> tuple[dict[str, Any], list[Trial], dict[str, str]]:
    """The weighted configuration, or a learned one where its lift is above zero with its interval.

    The learned one has the parts that can be fitted. Where history has too few windows to learn from, or too
    few customers in them, there is none.

    Args:
        weighted: what a search chose on the same window, which favours it.
        space: of the search; its `learned` has `parts` beside those that were chosen, and the `ranker`'s
            settings.

    Returns:
        The configuration; what was asked; and by name why a part, or the learned blend itself, was left out.
    """
    past = material.training.before(cut.validate_from)
    chosen = {part: weighted["parts"].get(part, {}) for part in weighted["weights"]}
    whole = {"parts": {**space["learned"]["parts"], **chosen}, "ranker": dict(space["learned"]["ranker"])}
    learned, left_out = fittable(whole, Shape.of(material.training), memory_of(space))
    blend = make_blend(learned)
    windows = blend.windows(past)
    # What it will really ask: of a large catalogue fewer than there are.
    if len(windows) < LEAST_WINDOWS:
        few = f"history has {len(windows)} windows to learn from, {LEAST_WINDOWS} are wanted"
        return dict(weighted), [], {**left_out, "learned blend": few}
    if (n := len(blend.asked(past, windows[0], seed))) < LEAST_CUSTOMERS:
        few = f"its newest window asks {n} customers, {LEAST_CUSTOMERS} are wanted"
        return dict(weighted), [], {**left_out, "learned blend": few}
    test = draw_test_case(material, cut.validate_from, cut.test_from, MOST_TEST_CUSTOMERS, seed)
    blends, _ = fit_blends(
        spark, material, [BlendRequest(held, cut.validate_from) for held in (weighted, learned)], [], seed
    )
    found = [measure_served_lists(material, blend, test, cut.validate_from).quality for blend in blends]
    lift, low, high = interval(found[1] - found[0])
    trial = Trial(
        "learned blend",
        {
            "part": "learned_blend",
            "parts": ", ".join(sorted(learned["parts"])),
            "left_out": in_words(left_out),
            **learned["ranker"],
        },
        {"quality": float(np.nanmean(found[1])), "lift": lift, "lift_low": low, "lift_high": high},
    )
    return (learned if low > 0 else dict(weighted)), [trial], left_out
