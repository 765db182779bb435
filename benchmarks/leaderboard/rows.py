"""Which recommenders stand in the table of which data, with which parameters, and on what these were chosen.

A row is a configuration as `models.recommenders` reads it; `define_single_row` makes one of a registered
recommender. To add a row, add it to `ROWS`; a learned blend takes its own windows from
`training.before(...)`, never from anything behind it. What cannot be fitted on the data is settled before
anything is (`models.fit_limits`): a single row is left out with the reason, a blend goes on without.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from models.base import Recommender
from models.data_shape import DataShape
from models.fit_limits import drop_unfittable_parts, explain_unfittable
from models.recommenders import RECOMMENDERS, build_blend, build_recommender
from models.search import read_search_space
from models.training_data import Training

UNTUNED = "nothing: defaults"
VALIDATION = "the window before"
AS_PUBLISHED = "nothing: as published"
HELD_OUT = "training items held out"
TASKS = ("discover", "next")
# a row's fit may take this beside the data; a dense recommender may have a lower limit of its own
MEMORY_BYTES = 4 << 30


@dataclass(frozen=True)
class LeaderboardRow:
    """One line of the table.

    Attributes:
        name: what the table calls it; unique within a data set.
        configuration: `parts`, with `weights` or a `ranker`; a single recommender is its one part alone.
        chosen: where its parameters come from: the window they were chosen on, or that nothing was chosen.
        said: parameters, as the table says them.
        tasks: where it has something to say; the others are left empty.
        single: one recommender rather than a blend of several; the best of these is what blends are compared
            with.
    """

    name: str
    configuration: Mapping[str, Any]
    chosen: str = UNTUNED
    said: str = ""
    tasks: tuple[str, ...] = TASKS
    single: bool = True

    def left_out(self, shape: DataShape) -> dict[str, str]:
        """By part, why it cannot be fitted on data of this shape; a single row that is named here is not
        measured.
        """
        if self.single:
            [(part, parameters)] = self.configuration["parts"].items()
            reason = explain_unfittable(build_recommender(part, parameters), shape, MEMORY_BYTES)
            return {part: reason} if reason else {}
        return drop_unfittable_parts(self.configuration, shape, MEMORY_BYTES)[1]

    def fit(self, training: Training, seed: int) -> Recommender:
        """Fitted on this, a blend without the parts that are left out."""
        if self.single:
            [(part, parameters)] = self.configuration["parts"].items()
            return build_recommender(part, parameters).fit(training, seed)
        return build_blend(
            drop_unfittable_parts(self.configuration, DataShape.from_training(training), MEMORY_BYTES)[0]
        ).fit(training, seed)


def define_single_row(
    kind: str, choice: str = UNTUNED, name: str | None = None, **parameters
) -> LeaderboardRow:
    """A row of the registered recommender `kind` with these parameters."""
    described = ", ".join(
        f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}"
        for key, value in parameters.items()
    )
    return LeaderboardRow(
        name or kind, {"parts": {kind: parameters}}, choice, described, RECOMMENDERS[kind].tasks
    )


def define_blend_row(
    name: str, parts: Mapping[str, Mapping[str, object]], weights: Mapping[str, float], power: float
) -> LeaderboardRow:
    """A row of the linear blend of these parts, its weights chosen on the window before."""
    described = ", ".join(f"{part} {weight:g}" for part, weight in weights.items())
    configuration = {"parts": parts, "weights": weights, "power": power}
    return LeaderboardRow(name, configuration, VALIDATION, f"{described}; power {power:g}", single=False)


# As a night fits it: the parts and the ranker's settings of `models/config/search.yml`.
LEARNED = LeaderboardRow(
    "learned blend",
    read_search_space()["learned"],
    VALIDATION,
    "models/config/search.yml; four cuts before the test",
    single=False,
)

# Beauty: days are places. Weights and power: `python -m benchmarks.beauty_blend`.
BEAUTY_PARTS: dict[str, dict[str, object]] = {
    "transitions": {
        "half_life_places": 3.0,
        "reach": 20,
        "backward_weight": 0.15,
        "same_weight": 0.0,
        "row_power": 0.35,
        "popularity_power": 0.1,
        "profile_half_life_places": 1.2,
        "half_life_days": None,
        "neighbours": 1000,
    },
    "transitions:directed": {
        "half_life_places": 1.0,
        "reach": 5,
        "backward_weight": 0.0,
        "same_weight": 0.0,
        "row_power": 0.3,
        "popularity_power": 0.0,
        "profile_half_life_places": 1.2,
        "half_life_days": None,
        "neighbours": 1000,
    },
    "transition_factors": {"components": 200, "same_weight": 0.0},
    "stan": {
        "gap_days": 1,
        "session_half_life_days": None,
        "half_life_places": 4.0,
        "profile_half_life_places": 1.2,
        "neighbours": 1500,
    },
    "ease": {"half_life_days": None, "ridge": 150.0, "length_power": 0.0, "profile_half_life_days": 1.2},
    "content": {"half_life_days": 1.2, "neighbours": 300},
    "content:wide": {"half_life_days": 8.0, "neighbours": 300},
    "rp3beta": {"half_life_days": 4.0, "neighbours": 500},
    "user_knn": {"half_life_days": 8.0, "neighbours": 500},
    "popularity": {},
}
# EASE, popularity and what resembles the last item alone (`content`) were weighed too (1.4, .7, 1.0) and
# went: where weights are chosen they add +.0008 [-.0003, +.0019], +.0001 [-.0004, +.0006] and +.0006 [-.0003,
# +.0017] of NDCG@10; EASE takes 2.5 GB.
BEAUTY_WEIGHTS = {
    "transitions": 1.4,
    "transitions:directed": 2.0,
    "transition_factors": 1.96,
    "content:wide": 1.0,
    "rp3beta": 0.7,
}
BEAUTY_POWER = 0.5

EVERYWHERE = (define_single_row("popularity"),)
# The best of each on the window before the test, most by `python -m benchmarks.leaderboard.choose
# online_retail`. The test is never asked.
RETAIL = (
    define_single_row("recent_popularity", VALIDATION, days=14),
    define_single_row("content", VALIDATION, half_life_days=120.0),
    define_single_row("item_knn", VALIDATION, half_life_days=30.0, trend_power=0.5),
    define_single_row("user_knn", VALIDATION, half_life_days=15.0),
    define_single_row("own_history", VALIDATION, half_life_days=120.0),
    define_single_row("transitions", VALIDATION, half_life_days=15.0),
    define_single_row("stan", VALIDATION, session_half_life_days=15.0),
    define_single_row("decayed_popularity", VALIDATION, half_life_days=10.0),
    define_single_row("repeat_purchase", VALIDATION, prior_repeats=0.2),
    define_single_row("rp3beta", VALIDATION, half_life_days=45.0),
    define_single_row("ease", VALIDATION, half_life_days=90.0, ridge=10.0),
    define_single_row("history_ridge", VALIDATION, half_life_days=180.0, cut_half_life_days=30.0),
    define_single_row("graph_filter", VALIDATION, half_life_days=45.0, components=128),
    define_single_row("transition_ridge", VALIDATION),
    define_single_row("als"),
    define_single_row("lightfm", components=64, epochs=12),
)
ROWS: dict[str, tuple[LeaderboardRow, ...]] = {
    "online_retail": (*EVERYWHERE, *RETAIL, LEARNED),
    "gowalla": (
        *EVERYWHERE,
        define_single_row("item_knn", trend_power=0.0),
        define_single_row(
            "rp3beta", AS_PUBLISHED, half_life_days=None, neighbours=300, walk_power=0.7, popularity_power=0.3
        ),
        define_single_row("lightfm", name="lightfm (ids)", half_life_days=None, components=64, epochs=20),
        define_single_row(
            "graph_filter",
            AS_PUBLISHED,
            "graph_filter as GF-CF",
            neighbours=5000,
            components=256,
            customer_power=0.5,
            low_pass_weight=0.3,
            sharpening=0.0,
        ),
        define_single_row(
            "graph_filter", AS_PUBLISHED, "graph_filter as BSPM-EM", neighbours=5000, customer_power=0.5
        ),
        define_single_row("graph_filter", HELD_OUT),
    ),
    "beauty": (
        *EVERYWHERE,
        define_single_row("item_knn", half_life_days=15.0, trend_power=0.0),
        *(
            define_single_row(part, VALIDATION, **BEAUTY_PARTS[part])
            for part in BEAUTY_PARTS
            if part != "popularity" and ":" not in part
        ),
        define_blend_row("linear blend", BEAUTY_PARTS, BEAUTY_WEIGHTS, BEAUTY_POWER),
    ),
    "retailrocket": (
        *EVERYWHERE,
        define_single_row("recent_popularity", days=14),
        define_single_row("item_knn"),
        define_single_row("user_knn"),
        define_single_row("rp3beta"),
        define_single_row("transitions"),
        define_single_row("stan"),
    ),
}
# A folder of one's own: every registered recommender at its defaults, the quick ones first, for the table may
# run out of seconds.
SLOW = ("als", "history_ridge", "transition_ridge", "lightfm")
OWN_DATA = (
    *(define_single_row(kind) for kind in sorted(RECOMMENDERS, key=lambda kind: kind in SLOW)),
    replace(LEARNED, chosen=UNTUNED),
)


def list_rows(data: str) -> tuple[LeaderboardRow, ...]:
    """The rows of a data set; those of any shop for a folder."""
    return ROWS.get(data, OWN_DATA)
