"""The learned blend: LightGBM's LambdaRank over the candidates of all parts, itself a recommender.

Burges: From RankNet to LambdaRank to LambdaMART, MSR-TR-2010-82; Ke et al.: LightGBM, NeurIPS 2017. It is
fitted on windows of the past: at each window's cut the parts are fitted on what was before it and propose
items, and the ranker learns what was then wanted. Trees are stored as text in an array of bytes: nothing is
unpickled. One thread a seed, because the trees must not depend on the machine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from scipy import sparse

from models.base import Recommender, compute_block_size
from models.blending.base import Blend
from models.blending.candidate_features import FeatureInputs, build_feature_table
from models.blending.candidates import CandidateItems, propose_candidates
from models.blending.item_facts import compute_item_facts
from models.blending.ranker import RankerSettings, grow_all_trees
from models.blending.training_rows import (
    PartScores,
    RowSampling,
    TrainingCase,
    TrainingRows,
    build_training_rows,
    concatenate_rows,
    draw_training_case,
    score_parts,
)
from models.blending.training_windows import TrainingWindow, select_training_windows
from models.listing.diversity import Diversification, diversify_lists
from models.listing.lists import (
    DECIMALS,
    LENGTH,
    EligibleItems,
    RecommendationLists,
    select_best_items,
    select_scores,
)
from models.time_split import build_cell_matrix
from models.training_data import Customers, Training

if TYPE_CHECKING:
    from lightgbm import Booster

MOST_CELLS = 6_000_000  # customers × items of a window: 24 MB a part
# A catalogue of more than 20,000 items asks so many all the same, as long as the scores of all parts together
# take no more than this: a cluster's driver is sent them in one job, which may bring it 1 GB.
FEWEST, MOST_BYTES = 300, 600_000_000
FACTS, TREES = "ranker/facts/", "ranker/trees"


@dataclass
class LearnedBlend(Blend):
    """Parts, and a ranker that orders what they propose.

    Attributes:
        parts: the recommenders.
        settings: of the ranker.
    """

    name: ClassVar[str] = "learned_blend"
    # Of an item nobody wanted, or without a price.
    nullable_arrays: ClassVar[tuple[str, ...]] = ("age", "idle", "log_price")
    parts: list[Recommender] = field(default_factory=list)
    settings: RankerSettings = field(default_factory=RankerSettings)

    def fit(self, training: Training, seed: int) -> Self:
        """Fit everything in this process, one part after the other.

        Raises:
            ValueError: history is too short for a window.
        """
        rows = []
        for window in self.select_windows(training):
            past, case = training.before(window.cut), self.draw_case(training, window, seed)
            fitted = [replace(part).fit(past, seed) for part in self.parts]
            scores = score_parts(fitted, case.select_customers(past))
            part_scores = PartScores(scores, [past.behaviour.until] * len(fitted))
            rows.append(self.build_rows(training, window, case, part_scores, seed))
        for part in self.parts:
            part.fit(training, seed)
        return self.fit_ranker(training, rows, seed)

    def select_windows(self, training: Training) -> list[TrainingWindow]:
        return select_training_windows(training.behaviour, self.settings.windows, self.settings.step_days)

    def draw_case(self, training: Training, window: TrainingWindow, seed: int) -> TrainingCase:
        """The customers asked in a window; fewer where the catalogue is so large that their scores would not
        fit.
        """
        n_items = max(training.behaviour.n_items, 1)
        fitting = MOST_BYTES // (4 * n_items * max(len(self.parts), 1))
        most = max(MOST_CELLS // n_items, min(FEWEST, fitting))
        return draw_training_case(training, window, max(1, min(self.settings.customers, most)), seed)

    def build_rows(
        self, training: Training, window: TrainingWindow, case: TrainingCase, scores: PartScores, seed: int
    ) -> TrainingRows:
        """A window's training rows.

        Args:
            case: of `draw_case`.
            scores: of its customers by parts fitted before the window's cut.

        Raises:
            OverlapError: a part has days of the window.
            LeakError: a feature knows the answer.
        """
        sampling = RowSampling(self.settings.candidates, self.settings.others, seed)
        return build_training_rows(training, window, case, scores, sampling)

    def fit_ranker(self, training: Training, rows: Sequence[TrainingRows], seed: int) -> Self:
        """Grow the trees; the parts are fitted elsewhere.

        Raises:
            ValueError: history is too short for a window.
        """
        if not rows:
            raise ValueError("history is too short for a window to learn a ranker from")
        self.facts = compute_item_facts(training)
        return self._use_trees(grow_all_trees(concatenate_rows(rows), self.settings, seed))

    def score(self, customers: Customers) -> np.ndarray:
        n_items = customers.behaviour.n_items
        wide = np.full((len(customers), n_items), -np.inf, np.float32)
        for place, block in customers.split_into_blocks(compute_block_size(n_items)):
            candidates, scores = self.score_candidates(block)
            wide[place][candidates.row, candidates.item] = scores
        return wide

    def score_candidates(
        self, customers: Customers, allowed: np.ndarray | None = None
    ) -> tuple[CandidateItems, np.ndarray]:
        """The block's candidate items, and their scores, float32.

        Args:
            allowed: bool [items], what may be proposed; None for everything.
        """
        candidates, table = self.build_features(customers, allowed)
        return candidates, np.mean(
            [booster.predict(table, num_threads=1) for booster in self.boosters], axis=0
        ).astype(np.float32)

    def list_items(self, customers: Customers, eligible: EligibleItems, n: int) -> RecommendationLists:
        """The n best eligible items; what no part proposed is in no list."""
        candidates, total = self._score_all(customers, eligible.allowed)
        sources = np.zeros(eligible.bought.shape, np.uint32)
        sources[candidates.row, candidates.item] = candidates.sources
        items = self._select_diverse_items(total, eligible, n)
        # Where diversification moved an item down, those below it get no more than what stands above them.
        scores = np.minimum.accumulate(select_scores(total, items), axis=1)
        item_sources = np.take_along_axis(sources, np.maximum(items, 0), axis=1)
        return RecommendationLists(items, scores, item_sources, candidates.names)

    def list_test_items(
        self, customers: Customers, allowed: np.ndarray, consumable: np.ndarray, n: int
    ) -> dict[str, np.ndarray]:
        """See `Blend`; the order is that of diversified lists, which is not that of the scores."""
        bought = build_cell_matrix(customers.behaviour.wanted()).toarray()
        total = self._score_all(customers, allowed)[1]
        repeatable = {"discover": np.zeros_like(consumable), "next": consumable}
        lists = {
            task: self._select_diverse_items(total, EligibleItems(allowed, mask, bought), LENGTH)
            for task, mask in repeatable.items()
        }
        return {task: items[:, :n] for task, items in lists.items()}

    def diversify(self, items: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """Lists (int32 [rows, n], -1 for no item) with their top diversified as the settings say."""
        diversification = Diversification(self.settings.diversity, self.settings.most_per_category)
        if not diversification:
            return items
        categories = self.facts["category"].astype(np.int64)
        return diversify_lists(items, scores, diversification, self.get_diversity_likeness(), categories)

    def get_diversity_likeness(self) -> sparse.csr_matrix | None:
        """csr [items, items] of the first part that is a diversity basis and no twin; None without one."""
        basis = next((part for part in self.parts if part.is_diversity_basis and not part.is_twin), None)
        return basis and basis.likeness_matrix

    def build_features(
        self, customers: Customers, allowed: np.ndarray | None = None
    ) -> tuple[CandidateItems, np.ndarray]:
        """The block's candidate items, and their features in the order of the trees; arguments as of
        `score_candidates`.
        """
        scores, bought = (
            score_parts(self.parts, customers),
            build_cell_matrix(customers.behaviour.wanted()).toarray(),
        )
        candidates = propose_candidates(scores, bought, self.settings.candidates, allowed)
        names, table = build_feature_table(FeatureInputs(customers, self.facts, scores), candidates)
        fitted_names = self.boosters[0].feature_name()
        if list(names) != fitted_names:  # a model fitted before a feature was added is served until its refit
            place = {name: n for n, name in enumerate(names)}
            if missing := [name for name in fitted_names if name not in place]:
                raise ValueError(
                    f"the ranker was grown on columns that are no more ({', '.join(missing)}); fit it anew"
                )
            table = table[:, [place[name] for name in fitted_names]]
        return candidates, table

    @cached_property
    def boosters(self) -> list["Booster"]:
        """The trees as LightGBM reads them."""
        from lightgbm import Booster

        return [Booster(model_str=text) for text in self.trees]

    def arrays(self) -> dict[str, np.ndarray]:
        own = {f"{FACTS}{name}": fact for name, fact in self.facts.items()}
        own |= {f"{TREES}/{n}": np.frombuffer(text.encode(), np.uint8) for n, text in enumerate(self.trees)}
        return {**super().arrays(), **own}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> Self:
        super().restore(arrays)
        self.facts = {
            name.removeprefix(FACTS): fact for name, fact in arrays.items() if name.startswith(FACTS)
        }
        return self._use_trees(
            [arrays[f"{TREES}/{n}"].tobytes().decode() for n in range(self.settings.seeds)]
        )

    def _score_all(self, customers: Customers, allowed: np.ndarray) -> tuple[CandidateItems, np.ndarray]:
        """The candidate items, and float64 [rows, items]: their scores, -inf elsewhere."""
        candidates, scores = self.score_candidates(customers, allowed)
        total = np.full((len(customers), len(allowed)), -np.inf)
        total[candidates.row, candidates.item] = np.round(scores.astype(np.float64), DECIMALS)
        return candidates, total

    def _select_diverse_items(self, total: np.ndarray, eligible: EligibleItems, n: int) -> np.ndarray:
        items = select_best_items(total, eligible, n)
        return self.diversify(items, select_scores(total, items))

    def _use_trees(self, trees: list[str]) -> Self:
        """Replace the trees; boosters read from others are dropped."""
        self.trees = trees
        self.__dict__.pop("boosters", None)
        return self
