"""Which recommenders stand in the table of which data, with which parameters, and on what these were chosen.

A row is fitted by a function of what may be fitted on; `plain` makes one of a registered recommender. To add a row, add it to
`ROWS`; one that learns a blend takes its own windows from `training.before(...)`, never from anything behind it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from models.base import Recommender, Training
from models.recommenders import make, make_blend

UNTUNED = "nothing: defaults"
VALIDATION = "the window before"
AS_PUBLISHED = "nothing: as published"
HELD_OUT = "training items held out"


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        name: what the table calls it; unique within a data set.
        fit: given what may be fitted on and a seed, the fitted recommender.
        chosen: where its parameters come from: the window they were chosen on, or that nothing was chosen.
        said: parameters, as the table says them.
        tasks: where it has something to say; the others are left empty.
        single: one recommender rather than a blend of several; the best of these is what blends are compared with.
    """

    name: str
    fit: Callable[[Training, int], Recommender]
    chosen: str = UNTUNED
    said: str = ""
    tasks: tuple[str, ...] = ("discover", "next")
    single: bool = True


def plain(kind: str, chosen: str = UNTUNED, name: str | None = None, tasks: tuple[str, ...] = ("discover", "next"), **parameters):
    """A row of the registered recommender `kind` with these parameters."""
    said = ", ".join(f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}" for key, value in parameters.items())
    return Row(name or kind, lambda training, seed: make(kind, parameters).fit(training, seed), chosen, said, tasks)


def weighed(name: str, parts: Mapping[str, Mapping[str, object]], weights: Mapping[str, float], power: float) -> Row:
    """A row of the linear blend of these parts, its weights chosen on the window before."""
    made = {"parts": parts, "weights": weights, "power": power}
    said = ", ".join(f"{part} {weight:g}" for part, weight in weights.items())
    return Row(
        name, lambda training, seed: make_blend(made).fit(training, seed), VALIDATION, f"{said}; power {power:g}", single=False
    )


def learned(training: Training, seed: int) -> Recommender:
    """The learned blend as a night fits it: the parts and the ranker's settings of `models/config/search.yml`."""
    from spark_jobs.train.choose import read_space  # loads pyspark, which no other row has to pay for
    from spark_jobs.train.ranker import within

    space = read_space()["learned"]
    parts = within(space["parts"], training.behaviour.n_items)
    return make_blend({"parts": parts, "ranker": space["ranker"]}).fit(training, seed)


LEARNED = Row("learned blend", learned, VALIDATION, "models/config/search.yml; four cuts before the test", single=False)

# Beauty: days are places. Weights and power: `python -m benchmarks.beauty_blend`.
BEAUTY_PARTS: dict[str, dict[str, object]] = {
    "transitions": {
        "half_life_places": 3.0, "reach": 20, "backward_weight": 0.15, "same_weight": 0.0, "row_power": 0.35,
        "popularity_power": 0.1, "profile_half_life_places": 1.2, "half_life_days": None, "neighbours": 1000,
    },
    "transitions:directed": {
        "half_life_places": 1.0, "reach": 5, "backward_weight": 0.0, "same_weight": 0.0, "row_power": 0.3,
        "popularity_power": 0.0, "profile_half_life_places": 1.2, "half_life_days": None, "neighbours": 1000,
    },
    "transition_factors": {"components": 200, "same_weight": 0.0},
    "stan": {
        "gap_days": 1, "session_half_life_days": None, "half_life_places": 4.0, "profile_half_life_places": 1.2,
        "neighbours": 1500,
    },
    "ease": {"half_life_days": None, "ridge": 150.0, "length_power": 0.0, "profile_half_life_days": 1.2},
    "content": {"half_life_days": 1.2, "neighbours": 300},
    "content:wide": {"half_life_days": 8.0, "neighbours": 300},
    "rp3beta": {"half_life_days": 4.0, "neighbours": 500},
    "user_knn": {"half_life_days": 8.0, "neighbours": 500},
    "popularity": {},
}  # fmt: skip
BEAUTY_WEIGHTS = {
    "transitions": 1.4, "transitions:directed": 2.0, "transition_factors": 1.96, "ease": 1.4, "content": 1.0, "content:wide": 1.0,
    "rp3beta": 0.7, "popularity": 0.7,
}  # fmt: skip
BEAUTY_POWER = 0.5

EVERYWHERE = (plain("popularity"),)
IN_TIME = (
    plain("recent_popularity", days=14),
    plain("item_knn"),
    plain("user_knn"),
    plain("own_history", tasks=("next",)),
    plain("rp3beta"),
    plain("transitions"),
    plain("stan"),
    plain("lightfm", components=64, epochs=12),
)
# The best of each on the window before the test, most by `python -m benchmarks.leaderboard.choose online_retail`. The test is
# never asked.
RETAIL = (
    plain("recent_popularity", VALIDATION, days=14),
    plain("content", VALIDATION, half_life_days=120.0),
    plain("item_knn", VALIDATION, half_life_days=30.0, trend_power=0.5),
    plain("user_knn", VALIDATION, half_life_days=15.0),
    plain("own_history", VALIDATION, tasks=("next",), half_life_days=120.0),
    plain("transitions", VALIDATION, half_life_days=15.0),
    plain("stan", VALIDATION, session_half_life_days=15.0),
    plain("decayed_popularity", VALIDATION, half_life_days=10.0),
    plain("repeat_purchase", VALIDATION, tasks=("next",), prior_repeats=0.2),
    plain("rp3beta", VALIDATION, half_life_days=45.0),
    plain("ease", VALIDATION, half_life_days=90.0, ridge=10.0),
    plain("history_ridge", VALIDATION, half_life_days=180.0, cut_half_life_days=30.0),
    plain("graph_filter", VALIDATION, half_life_days=45.0, components=128),
    plain("transition_ridge", VALIDATION),
    plain("als"),
    plain("lightfm", components=64, epochs=12),
)
ROWS: dict[str, tuple[Row, ...]] = {
    "online_retail": (*EVERYWHERE, *RETAIL, LEARNED),
    "gowalla": (
        *EVERYWHERE,
        plain("item_knn", trend_power=0.0),
        plain("rp3beta", AS_PUBLISHED, half_life_days=None, neighbours=300, walk_power=0.7, popularity_power=0.3),
        plain("lightfm", name="lightfm (ids)", half_life_days=None, components=64, epochs=20),
        plain(
            "graph_filter",
            AS_PUBLISHED,
            "graph_filter as GF-CF",
            neighbours=5000,
            components=256,
            customer_power=0.5,
            low_pass_weight=0.3,
            sharpening=0.0,
        ),
        plain("graph_filter", AS_PUBLISHED, "graph_filter as BSPM-EM", neighbours=5000, customer_power=0.5),
        plain("graph_filter", HELD_OUT),
    ),
    "beauty": (
        *EVERYWHERE,
        plain("item_knn", half_life_days=15.0, trend_power=0.0),
        *(plain(part, VALIDATION, **BEAUTY_PARTS[part]) for part in BEAUTY_PARTS if part != "popularity" and ":" not in part),
        weighed("linear blend", BEAUTY_PARTS, BEAUTY_WEIGHTS, BEAUTY_POWER),
    ),
    "retailrocket": (
        *EVERYWHERE,
        plain("recent_popularity", days=14),
        plain("item_knn"),
        plain("user_knn"),
        plain("rp3beta"),
        plain("transitions"),
        plain("stan"),
    ),
}
OWN_DATA = (*EVERYWHERE, *IN_TIME, replace(LEARNED, chosen=UNTUNED))


def rows_of(data: str) -> tuple[Row, ...]:
    """The rows of a data set; those of any shop for a folder."""
    return ROWS.get(data, OWN_DATA)
