"""Lists compared with what was wanted, customer by customer, in blocks: memory is that of one block, whatever
the catalogue.

Two tasks, as in the published comparisons of these data sets. `discover`: items a customer wanted before are
masked and do not count. `next`: nothing is masked, repeats count. A customer's `quality` is the mean of the
tasks they count in: the one figure that choices and gates are made on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from models.base import TASKS
from models.evaluation.beyond_accuracy import ItemFacts, compute_beyond_accuracy_metrics, compute_gini
from models.evaluation.ranking_metrics import compute_ranking_metrics
from models.inference import select_top_items
from models.time_split import HoldoutCase

K = 10
MOST_CELLS = 25_000_000  # customers × items of a block: 100 MB of scores
Ranked = Callable[[str, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class MetricResults:
    """One recommender's figures.

    Attributes:
        figures: by task, by name (`ndcg@10`, `novelty`, `recall@10 cold items`): float64 [customers]; nan
            where a customer does not count in the task.
        lists: by task and name (`coverage`, `compute_gini`, `answered`): what only all lists together have.
        k: the cut that `ndcg`, `recall` and `mrr` mean; the first of those measured.
    """

    figures: Mapping[str, Mapping[str, np.ndarray]]
    lists: Mapping[str, Mapping[str, float]]
    k: int = K

    @property
    def tasks(self) -> tuple[str, ...]:
        return tuple(self.figures)

    def get_metric(self, metric: str) -> dict[str, np.ndarray]:
        """A metric by task, at `k` where it has a cut and none is named."""
        return {
            task: figures.get(metric, figures.get(f"{metric}@{self.k}"))
            for task, figures in self.figures.items()
        }

    @property
    def ndcg(self) -> dict[str, np.ndarray]:
        return self.get_metric("ndcg")

    @property
    def recall(self) -> dict[str, np.ndarray]:
        return self.get_metric("recall")

    @property
    def mrr(self) -> dict[str, np.ndarray]:
        return self.get_metric("mrr")

    @property
    def novelty(self) -> dict[str, np.ndarray]:
        return self.get_metric("novelty")

    @property
    def coverage(self) -> dict[str, float]:
        """Share of the allowed items that reach the list of anybody who counts."""
        return {task: figures["coverage"] for task, figures in self.lists.items()}

    @property
    def quality(self) -> np.ndarray:
        """float [customers]."""
        ndcg = np.stack(list(self.ndcg.values()))
        counts = ~np.isnan(ndcg)
        return np.where(
            counts.any(axis=0),
            np.where(counts, ndcg, 0.0).sum(axis=0) / np.maximum(counts.sum(axis=0), 1),
            np.nan,
        )


@dataclass(frozen=True)
class EvaluationOptions:
    """Which metrics are measured, at which cuts, in which tasks and slices.

    Attributes:
        ks: cuts of the lists; the first is the one that choices are made on.
        tasks: `discover`, `next` or both.
        excluded: csr bool [customers, items]: never listed in either task (bought, and not a thing that is
            bought again).
        facts: of the items; without, novelty and serendipity only.
        item_slices: by name, bool [items]: ranking metrics with only these items counted, in the very same
            lists.
        block: customers at once; as many as `MOST_CELLS` allows when left out.
    """

    ks: Sequence[int] = (K,)
    tasks: Sequence[str] = TASKS
    excluded: sparse.csr_matrix | None = None
    facts: ItemFacts | None = None
    item_slices: Mapping[str, np.ndarray] | None = None
    block: int | None = None


DEFAULT_OPTIONS = EvaluationOptions()


def evaluate_scores_in_blocks(
    score_block: Callable[[np.ndarray], np.ndarray],
    test: HoldoutCase,
    allowed: np.ndarray,
    options: EvaluationOptions = DEFAULT_OPTIONS,
) -> MetricResults:
    """Rank by scores that are asked for block by block, and compare with what was wanted.

    Args:
        score_block: given int [rows], places in the test: float [rows, items], -inf for no opinion.
        allowed: bool [items].
    """
    longest, excluded = max(options.ks), options.excluded

    def list_block(rows: np.ndarray) -> dict[str, np.ndarray]:
        scores, open_to = score_block(rows), np.broadcast_to(allowed, (len(rows), test.n_items))
        if excluded is not None:
            open_to = open_to & ~excluded[rows].toarray()
        masks = {"discover": lambda: open_to & ~test.seen[rows].toarray(), "next": lambda: open_to}
        return {task: select_top_items(scores, longest, masks[task]())[0] for task in options.tasks}

    return _evaluate_blocks(list_block, test, int(allowed.sum()), options)


def evaluate_scores(
    scores: np.ndarray,
    test: HoldoutCase,
    allowed: np.ndarray,
    options: EvaluationOptions = DEFAULT_OPTIONS,
) -> MetricResults:
    """`evaluate_scores_in_blocks` for scores that are there already, float [customers of the test, items]."""
    return evaluate_scores_in_blocks(lambda rows: scores[rows], test, allowed, options)


def evaluate_lists(
    listed: Mapping[str, np.ndarray],
    test: HoldoutCase,
    n_allowed: int,
    facts: ItemFacts | None = None,
    item_slices: Mapping[str, np.ndarray] | None = None,
) -> MetricResults:
    """Compare lists that were made elsewhere with what was wanted.

    Args:
        listed: by task, int [customers of the test, k], -1 for no item.
        facts, item_slices: as of `EvaluationOptions`.
    """
    k = next(iter(listed.values())).shape[1]
    options = EvaluationOptions((k,), tuple(listed), facts=facts, item_slices=item_slices)
    return _evaluate_blocks(
        lambda rows: {task: items[rows] for task, items in listed.items()}, test, n_allowed, options
    )


def _evaluate_blocks(
    list_block: Callable[[np.ndarray], Mapping[str, np.ndarray]],
    test: HoldoutCase,
    n_allowed: int,
    options: EvaluationOptions,
) -> MetricResults:
    facts, ks, tasks = options.facts or ItemFacts.build(test.known_share), options.ks, options.tasks
    wants = {"discover": test.fresh, "next": test.wanted}
    shown = {task: np.zeros(test.n_items, np.int64) for task in tasks}
    answered: dict[str, list[np.ndarray]] = {task: [] for task in tasks}
    parts: dict[str, list[dict[str, np.ndarray]]] = {task: [] for task in tasks}
    size = options.block or max(1, MOST_CELLS // max(test.n_items, 1))
    for start in range(0, max(len(test), 1), size):
        rows = np.arange(start, min(start + size, len(test)))
        lists = list_block(rows)
        for task in tasks:
            wanted, items = wants[task][rows].toarray(), lists[task]
            counts, main = wanted.any(axis=1), items[:, : ks[0]]
            figures = {
                **compute_ranking_metrics(items, wanted, ks),
                **compute_beyond_accuracy_metrics(main, wanted, test.seen[rows], facts),
            }
            figures = {name: np.where(counts, values, np.nan) for name, values in figures.items()}
            for name, in_slice in (options.item_slices or {}).items():
                part = wanted & in_slice
                there = part.any(axis=1)
                for metric, values in compute_ranking_metrics(items, part, ks[:1]).items():
                    figures[f"{metric} {name}"] = np.where(there, values, np.nan)
            parts[task].append(figures)
            listed = main[counts]
            shown[task] += np.bincount(listed[listed >= 0], minlength=test.n_items)
            answered[task].append((listed >= 0).any(axis=1))
    return MetricResults(
        {
            task: {
                name: np.concatenate([block_figures[name] for block_figures in parts[task]])
                for name in parts[task][0]
            }
            for task in tasks
        },
        {
            task: {**_spread_of(shown[task], n_allowed), "answered": _share(np.concatenate(answered[task]))}
            for task in tasks
        },
        ks[0],
    )


def _share(answered: np.ndarray) -> float:
    """Of those who count, who is listed anything; 1 where nobody counts."""
    return float(answered.mean()) if len(answered) else 1.0


def _spread_of(shown: np.ndarray, n_allowed: int) -> dict[str, float]:
    """Coverage and Gini over the allowed items; the others are never listed, and left out of both."""
    reached = np.sort(shown[shown > 0])
    never = np.zeros(max(n_allowed - len(reached), 0), shown.dtype)
    return {
        "coverage": len(reached) / max(n_allowed, 1),
        "gini": compute_gini(np.concatenate([never, reached])),
    }
