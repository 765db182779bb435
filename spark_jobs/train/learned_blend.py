"""Search a configuration: the best weighted blend, or a learned blend where that is better.

Both are fitted before the validation window and measured on it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from models.data_shape import DataShape
from models.evaluation import bootstrap_interval
from models.fit_limits import drop_unfittable_parts, format_left_out_parts
from models.recommenders import build_blend
from models.registry import TrialRun
from models.search import get_memory_limit
from spark_jobs.train import configuration_search
from spark_jobs.train.blend_fits import BlendRequest, fit_blends
from spark_jobs.train.configuration_search import FIRST_NIGHT, SearchResult
from spark_jobs.train.offline_tests import draw_test_case, measure_served_lists
from spark_jobs.train.training_run import TrainingRun

MOST_TEST_CUSTOMERS = 1000
LEAST_WINDOWS = 2  # a ranker of one window knows one month's habits
LEAST_CUSTOMERS = 200  # in the newest of them; trees of fewer lists overfit


def search_configuration(
    training: TrainingRun, space: Mapping[str, Any], effort: str = FIRST_NIGHT
) -> SearchResult:
    """What `search_weighted_blend` finds, or a learned blend that is better.

    A search that its budget ended has no seconds left to try a learned blend.
    """
    result = configuration_search.search_weighted_blend(training, space, effort)
    if result.report["was_cut"]:
        return result
    configuration, trials, left_out = select_blend(training, result.configuration, space)
    report = {**result.report, "left_out": left_out}
    return replace(result, configuration=configuration, trials=[*result.trials, *trials], report=report)


def select_blend(
    training: TrainingRun, weighted: Mapping[str, Any], space: Mapping[str, Any]
) -> tuple[dict[str, Any], list[TrialRun], dict[str, str]]:
    """The weighted configuration, or a learned one where the interval of its lift lies above zero.

    The learned one has the parts that can be fitted. Where history has too few training windows, or too few
    customers in them, there is none.

    Args:
        weighted: the result of a search on the same window, which favours it.
        space: of the search; its `learned` has `parts` beside those of `weighted`, and the settings of the
            `ranker`.

    Returns:
        The configuration; the trials; and by name why a part, or the learned blend itself, was left out.
    """
    matrices, windows, seed = training.matrices, training.windows, training.seed
    past = matrices.training.before(windows.validate_from)
    weighted_parts = {part: weighted["parts"].get(part, {}) for part in weighted["weights"]}
    whole = {
        "parts": {**space["learned"]["parts"], **weighted_parts},
        "ranker": dict(space["learned"]["ranker"]),
    }
    learned, left_out = drop_unfittable_parts(
        whole, DataShape.from_training(matrices.training), get_memory_limit(space)
    )
    blend = build_blend(learned)
    training_windows = blend.select_windows(past)
    if len(training_windows) < LEAST_WINDOWS:
        few = f"history has {len(training_windows)} windows to learn from, {LEAST_WINDOWS} are wanted"
        return dict(weighted), [], {**left_out, "learned blend": few}
    # Counted as the blend will draw them: of a large catalogue fewer than there are.
    if (n := len(blend.draw_case(past, training_windows[0], seed))) < LEAST_CUSTOMERS:
        few = f"its newest window asks {n} customers, {LEAST_CUSTOMERS} are wanted"
        return dict(weighted), [], {**left_out, "learned blend": few}
    test = draw_test_case(matrices, windows.validate_from, windows.test_from, MOST_TEST_CUSTOMERS, seed)
    requests = [BlendRequest(each, windows.validate_from) for each in (weighted, learned)]
    blends, _ = fit_blends(training, requests, [])
    quality = [measure_served_lists(matrices, blend, test, windows.validate_from).quality for blend in blends]
    lift, low, high = bootstrap_interval(quality[1] - quality[0])
    trial = TrialRun(
        "learned blend",
        {
            "part": "learned_blend",
            "parts": ", ".join(sorted(learned["parts"])),
            "left_out": format_left_out_parts(left_out),
            **learned["ranker"],
        },
        {"quality": float(np.nanmean(quality[1])), "lift": lift, "lift_low": low, "lift_high": high},
    )
    return (learned if low > 0 else dict(weighted)), [trial], left_out
