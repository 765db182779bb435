"""The learned blend: LightGBM's LambdaRank over the candidates of all parts, itself a recommender.

Burges: From RankNet to LambdaRank to LambdaMART, MSR-TR-2010-82; Ke et al.: LightGBM, NeurIPS 2017. Fitted on
windows of the past: at each window's cut the parts are fitted on what was before it, propose, and the ranker
learns what was then wanted. Trees are kept as text in an array of bytes: nothing is unpickled. One thread,
because the trees must not depend on the machine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from models.base import Customers, Recommender, Training, rows_at_once
from models.blending.candidate_features import Moment, columns, item_facts
from models.blending.candidates import Candidates, propose
from models.blending.training_rows import (
    Asked,
    Rows,
    asked,
    opinions,
    rows,
    together,
)
from models.blending.training_windows import Window, training_windows
from models.blending.weighted import Blend
from models.listing.diversity import Variety, varied
from models.time_split import cells

if TYPE_CHECKING:
    from lightgbm import Booster

MOST_CELLS = 6_000_000  # customers × items of a window: 24 MB a part
# A catalogue of more than 20,000 items asks so many all the same, as long as the scores of all parts together
# take no more than this: a cluster's driver is sent them in one job, which may bring it 1 GB.
FEWEST, MOST_BYTES = 300, 600_000_000
FACTS, TREES = "ranker/facts/", "ranker/trees"


@dataclass(frozen=True)
class Settings:
    """How the ranker learns.

    Attributes:
        windows: of the past it learns from, at most.
        step_days: between their cuts.
        candidates: each part proposes: so many of all items, and so many that are new to the customer.
        customers: asked in each window, at most.
        others: unwanted candidates kept of each customer.
        rounds, leaves, learning_rate: of the trees.
        truncation: places at the top of a list whose order is learned.
        seeds: rankers whose scores are averaged.
        diversity: λ of `models.listing.diversity` for the lists that are made of the scores, by the likeness
            of `content`.
        most_per_category: in the first ten places; None for no cap.
    """

    windows: int = 4
    step_days: int = 14
    candidates: int = 60
    customers: int = 2000
    others: int = 50
    rounds: int = 200
    leaves: int = 31
    learning_rate: float = 0.05
    truncation: int = 20
    seeds: int = 1
    diversity: float = 0.0
    most_per_category: int | None = None


@dataclass
class LearnedBlend:
    """Parts, and trees that know which to trust, for whom.

    Attributes:
        parts: the recommenders.
        settings: how the trees learn.
    """

    name: ClassVar[str] = "learned_blend"
    may_be_unknown: ClassVar[tuple[str, ...]] = (
        "age",
        "idle",
        "log_price",
    )  # of an item nobody wanted, or without a price
    parts: list[Recommender] = field(default_factory=list)
    settings: Settings = field(default_factory=Settings)

    def fit(self, training: Training, seed: int) -> Self:
        """Fit everything here, one after the other; a night spreads the same fits over its workers.

        Raises:
            ValueError: history is too short for a window to learn from.
        """
        learned = []
        for window in self.windows(training):
            past, test = training.before(window.cut), self.asked(training, window, seed)
            fitted = [replace(part).fit(past, seed) for part in self.parts]
            fitted_until = [past.behaviour.until] * len(fitted)
            learned.append(
                self.rows(training, window, test, opinions(fitted, test.met(past)), fitted_until, seed)
            )
        for part in self.parts:
            part.fit(training, seed)
        return self.learn(training, learned, seed)

    def windows(self, training: Training) -> list[Window]:
        """What it learns from, newest first."""
        return training_windows(training.behaviour, self.settings.windows, self.settings.step_days)

    def asked(self, training: Training, window: Window, seed: int) -> Asked:
        """The customers that a window asks; fewer where the catalogue is so large that their scores would not
        fit.
        """
        n_items = max(training.behaviour.n_items, 1)
        held = MOST_BYTES // (4 * n_items * max(len(self.parts), 1))
        most = max(MOST_CELLS // n_items, min(FEWEST, held))
        return asked(training, window, max(1, min(self.settings.customers, most)), seed)

    def rows(
        self,
        training: Training,
        window: Window,
        test: Asked,
        scores: Mapping[str, np.ndarray],
        fitted_until: Sequence[int],
        seed: int,
    ) -> Rows:
        """A window's training rows.

        Args:
            test: of `asked`.
            scores: of its customers by parts fitted before the window's cut.
            fitted_until: of every part the first day that it was not fitted on, as whoever fitted it found it
                in its data.

        Raises:
            OverlapError: a part saw days of the window.
            LeakError: a column did.
        """
        of = self.settings
        return rows(training, window, test, scores, of.candidates, of.others, seed, fitted_until)

    def learn(self, training: Training, windows: Sequence[Rows], seed: int) -> Self:
        """Grow the trees; the parts are fitted elsewhere."""
        if not windows:
            raise ValueError("history is too short for a window to learn a ranker from")
        self.facts = item_facts(training)
        held = together(windows)
        return self._of([grow(held, self.settings, seed + n) for n in range(self.settings.seeds)])

    def score(self, customers: Customers) -> np.ndarray:
        n_items = customers.behaviour.n_items
        wide = np.full((len(customers), n_items), -np.inf, np.float32)
        for place, block in customers.blocks(rows_at_once(n_items)):
            at, scores = self.ranked(block)
            wide[place][at.row, at.item] = scores
        return wide

    def ranked(
        self, customers: Customers, allowed: np.ndarray | None = None
    ) -> tuple[Candidates, np.ndarray]:
        """The block's candidates, and float32 scores.

        Args:
            allowed: bool [items], what may be proposed; None for everything.
        """
        at, table = self.table(customers, allowed)
        return at, np.mean(
            [booster.predict(table, num_threads=1) for booster in self.boosters], axis=0
        ).astype(np.float32)

    def varied(self, items: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """Lists (int32 [rows, n], -1 for no item) with their top varied as the settings say."""
        variety = Variety(self.settings.diversity, self.settings.most_per_category)
        if not variety:
            return items
        content = next((part for part in self.parts if part.name == "content"), None)
        return varied(
            items, scores, variety, content and content.likeness, self.facts["category"].astype(np.int64)
        )

    def table(self, customers: Customers, allowed: np.ndarray | None = None) -> tuple[Candidates, np.ndarray]:
        """The block's candidates, and their columns; arguments as of `ranked`."""
        scores = opinions(self.parts, customers)
        at = propose(scores, cells(customers.behaviour.wanted()).toarray(), self.settings.candidates, allowed)
        names, table = columns(Moment(customers, self.facts, scores), at)
        grown_on = self.boosters[0].feature_name()
        if (
            list(names) != grown_on
        ):  # a model that was made before a column came is served until it is made anew
            place = {name: n for n, name in enumerate(names)}
            if missing := [name for name in grown_on if name not in place]:
                raise ValueError(
                    f"the ranker was grown on columns that are no more ({', '.join(missing)}); fit it anew"
                )
            table = table[:, [place[name] for name in grown_on]]
        return at, table

    @cached_property
    def boosters(self) -> list["Booster"]:
        """The trees as LightGBM reads them."""
        from lightgbm import Booster

        return [Booster(model_str=text) for text in self.trees]

    def similar(self, items: np.ndarray) -> np.ndarray | None:
        return Blend(self.parts).similar(items)

    def likeness(self, items: np.ndarray) -> dict[str, np.ndarray]:
        """As a weighted blend of the same parts says it: what was wanted together is alike, for whomever."""
        return Blend(self.parts).likeness(items)

    def arrays(self) -> dict[str, np.ndarray]:
        held = {f"{FACTS}{name}": fact for name, fact in self.facts.items()}
        held |= {f"{TREES}/{n}": np.frombuffer(text.encode(), np.uint8) for n, text in enumerate(self.trees)}
        return {**Blend(self.parts).arrays(), **held}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> Self:
        Blend(self.parts).restore(arrays)
        self.facts = {
            name.removeprefix(FACTS): held for name, held in arrays.items() if name.startswith(FACTS)
        }
        return self._of([arrays[f"{TREES}/{n}"].tobytes().decode() for n in range(self.settings.seeds)])

    def _of(self, trees: list[str]) -> Self:
        """Take up these trees; what was read of others before is forgotten."""
        self.trees = trees
        self.__dict__.pop("boosters", None)
        return self


def grow(held: Rows, settings: Settings, seed: int) -> str:
    """Trees that order each query's rows, as LightGBM's text."""
    from lightgbm import Dataset, train

    parameters = {
        "objective": "lambdarank",
        "lambdarank_truncation_level": settings.truncation,
        "num_leaves": settings.leaves,
        "learning_rate": settings.learning_rate,
        "min_data_in_leaf": 100 if len(held.wanted) > 20_000 else 20,
        "max_bin": 63,
        "feature_fraction": 0.5,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
        "seed": seed,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbose": -1,
    }
    starts = np.flatnonzero(np.diff(held.query, prepend=-1))
    sizes = np.diff(starts, append=len(held.query))
    data = Dataset(
        held.table, held.wanted.astype(np.int8), group=sizes, feature_name=list(held.names), params=parameters
    )
    return train(parameters, data, settings.rounds).model_to_string()
