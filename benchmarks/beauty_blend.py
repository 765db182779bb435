"""The linear blend on Amazon Beauty: its weights, chosen on the item before the last, and what each part adds
to the test.

    python -m benchmarks.beauty_blend [--customers 6000] [--test]

Parts are fitted on all but each user's last two items. Weights and the power climb by coordinates from equal
ones, on the NDCG@10 of the item before the last; a part whose addition there has an interval that reaches
zero goes, and the weights climb again. `--test` then asks for the last item, with all parts and without each,
and with trees (LambdaRank) that correct the blend's order: they learn from the item before the last of
`--customers` users, the parts fitted as ever.

A part that cannot be fitted (memory, data) is left out before any is fitted, and the others share its weight.
"""

import argparse
from collections.abc import Mapping

import numpy as np

from benchmarks.leaderboard.datasets import load_dataset
from benchmarks.leaderboard.datasets.window import TestWindow
from benchmarks.leaderboard.rows import BEAUTY_PARTS, BEAUTY_POWER, BEAUTY_WEIGHTS, MEMORY_BYTES
from models.base import Recommender
from models.blending.score_scale import normalise_scores
from models.data_shape import Shape
from models.evaluation import interval
from models.evaluation.part_worth import prune
from models.fit_limits import fittable
from models.inference import top_n
from models.recommenders import make_blend
from models.training_data import Training

BLOCK = 500
PROPOSED = 60
STEPS = (0.0, 0.5, 0.7, 1.4, 2.0)
POWERS = (0.35, 0.5, 0.7, 1.0)
CORRECTED = 60  # of the blend's best; below, its own order stays
TREES = {
    "objective": "lambdarank",
    "lambdarank_truncation_level": 20,
    "num_leaves": 8,
    "learning_rate": 0.04,
    "min_data_in_leaf": 200,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 10,
    "max_bin": 63,
    "seed": 1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}
ROUNDS = 100
LEARNERS = 3  # the seed of whom trees learn from


def collect_candidates(
    window: TestWindow, parts: list[Recommender], places: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the parts propose to these customers: query int [n], whether wanted bool [n], units float32 [n,
    parts].
    """
    columns = []
    for start in range(0, len(places), BLOCK):
        block = places[start : start + BLOCK]
        customers = window.customers(block)
        seen, wanted = (getattr(window.asked, name)[block].toarray() > 0 for name in ("seen", "wanted"))
        units = [normalise_scores(np.where(seen, -np.inf, part.score(customers))) for part in parts]
        is_candidate = np.zeros_like(seen)
        for share in units:
            items, is_filled = top_n(np.where(share > 0, share, -np.inf), PROPOSED)
            row, place = np.nonzero(np.isfinite(is_filled))
            is_candidate[row, items[row, place]] = True
        row, item = np.nonzero(is_candidate)
        columns.append(
            (row + start, wanted[row, item], np.stack([share[row, item] for share in units], axis=1))
        )
    query, wanted, table = (np.concatenate(column) for column in zip(*columns, strict=True))
    return query, wanted, table


def compute_metrics(
    scores: np.ndarray, query: np.ndarray, wanted: np.ndarray, n: int, k: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    """NDCG@k and hits@k float [n]: one item is wanted of each query, and what nobody proposed is missed.

    Among equals the lower position stands first, which is the earlier row.
    """
    best, place = np.full(n, np.inf), np.zeros(n, np.int64)
    best[query[wanted]], place[query[wanted]] = scores[wanted], np.flatnonzero(wanted)
    own = best[query]
    above = np.bincount(
        query, (scores > own) | ((scores == own) & (np.arange(len(query)) < place[query])), minlength=n
    )
    hit = np.isfinite(best) & (above < k)
    return np.where(hit, 1.0 / np.log2(2.0 + above), 0.0), hit.astype(float)


def optimise_weights(
    table: np.ndarray, query: np.ndarray, wanted: np.ndarray, n: int
) -> tuple[np.ndarray, float]:
    """Weights float [parts] by coordinates, from equal ones, as long as NDCG@10 rises; and that."""
    weights = np.ones(table.shape[1])
    total = table @ weights
    best = compute_metrics(total, query, wanted, n)[0].mean()
    for _ in range(4):
        before = best
        for part in range(len(weights)):
            for step in STEPS:
                weight = step * max(weights[part], 0.1)
                tried = total + (weight - weights[part]) * table[:, part]
                reached = compute_metrics(tried, query, wanted, n)[0].mean()
                if reached > best + 1e-6:
                    best, total, weights[part] = reached, tried, weight
        if best == before:
            break
    return weights, float(best)


def build_tree_columns(
    table: np.ndarray, query: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What trees read of candidates (float32 [n, columns]), the blend's scores and places in its lists (float
    [n]).
    """
    blended = table**BEAUTY_POWER @ weights
    starts = np.flatnonzero(np.diff(query, prepend=-1))
    group = np.cumsum(np.diff(query, prepend=-1) != 0) - 1
    top = np.maximum.reduceat(blended, starts)[group]
    place = np.empty(len(query))
    place[np.lexsort((-blended, query))] = np.arange(len(query))
    place -= starts[group]
    facts = [blended, blended / top, (table > 0).sum(axis=1), place, top]
    return np.column_stack([table, *facts]).astype(np.float32), blended, place


def correct_scores(
    learn: tuple[np.ndarray, ...], ask: tuple[np.ndarray, np.ndarray], weights: np.ndarray
) -> np.ndarray:
    """Scores float [n] of `ask` (query, table): the blend's, corrected by trees grown on `learn` (query,
    wanted, table).

    Only what stands among the blend's best is learned from, the wanted item too: or its low place alone would
    give it away.
    """
    from lightgbm import Dataset, train

    query, wanted, table = learn
    facts, blended, place = build_tree_columns(table, query, weights)
    near = place < CORRECTED
    is_row = near & np.isin(query, query[wanted & near])
    sizes = np.unique(query[is_row], return_counts=True)[1]
    data = Dataset(
        facts[is_row], wanted[is_row].astype(np.int8), group=sizes, init_score=blended[is_row], params=TREES
    )
    trees = train(TREES, data, ROUNDS)
    facts, blended, place = build_tree_columns(ask[1], ask[0], weights)
    near = place < CORRECTED
    scores = np.where(near, blended, blended - 1e3)
    scores[near] += trees.predict(facts[near], num_threads=1)
    return scores


def main() -> None:
    """Print what was chosen, and what it is worth."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--customers", type=int, default=8000, help="asked when weights are chosen; drawn by the seed"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--powers", type=float, nargs="*", default=POWERS, help="tried when weights are chosen"
    )
    parser.add_argument(
        "--test",
        action="store_true",
        help="measure the weights of the leaderboard's row, and without each part",
    )
    args = parser.parse_args()
    data = load_dataset("beauty", seed=args.seed)
    window = data.test if args.test else data.validation
    weights_of = BEAUTY_WEIGHTS if args.test else dict.fromkeys(BEAUTY_PARTS, 1.0)
    blend = make_blend(drop_unfittable_parts(weights_of, window.training))
    names, weights = tuple(blend.weights), np.array(list(blend.weights.values()))
    parts = [part.fit(window.training, args.seed) for part in blend.parts]
    everybody = len(window.asked.customers)
    if args.test:
        query, wanted, table = collect_candidates(window, parts, np.arange(everybody))
        print_ablation(names, weights, table**BEAUTY_POWER, query, wanted, everybody)
        places = np.sort(np.random.default_rng(LEARNERS).choice(everybody, args.customers, replace=False))
        scores = correct_scores(collect_candidates(data.validation, parts, places), (query, table), weights)
        print_corrected(scores, table**BEAUTY_POWER @ weights, query, wanted, everybody)
        return
    places = np.sort(np.random.default_rng(args.seed).choice(everybody, args.customers, replace=False))
    query, wanted, table = collect_candidates(window, parts, places)
    print(
        f"proposed: {wanted.sum() / len(places):.4f} of what was wanted, {len(query) / len(places):.0f} items"
        " a customer"
    )
    for part, name in enumerate(names):
        ndcg, hit = compute_metrics(table[:, part], query, wanted, len(places))
        print(f"{name:<20} HR@10 {hit.mean():.4f}  NDCG@10 {ndcg.mean():.4f}")
    shape = Shape.of(window.training)
    costs = {part.name: part.estimate_bytes(shape) / 1e9 for part in blend.parts}
    for power in args.powers:
        print(f"power {power}", flush=True)
        prune_parts(names, table**power, query, wanted, len(places), costs)


def drop_unfittable_parts(weights: dict[str, float], training: Training) -> dict[str, object]:
    """The blend's configuration without the parts that cannot be fitted on these data; says which and why."""
    parts, left_out = fittable(
        {"parts": BEAUTY_PARTS, "weights": weights, "power": BEAUTY_POWER}, Shape.of(training), MEMORY_BYTES
    )
    for name, reason in left_out.items():
        print(f"left out: {name}: {reason}")
    return parts


def prune_parts(
    names: tuple[str, ...],
    table: np.ndarray,
    query: np.ndarray,
    wanted: np.ndarray,
    n: int,
    costs: Mapping[str, float],
) -> None:
    """Climb, take away what is not worth its place, climb again, until every part stays; print each round.

    Whether a part is worth its place is asked of the costliest first (`costs`, whole GB of memory), then of
    the lightest. A climb that ends with no weight at all has nothing to order by and is not gone on with.
    """
    remaining = list(range(len(names)))
    while True:
        weights, reached = optimise_weights(table[:, remaining], query, wanted, n)
        described = ", ".join(
            f'"{names[part]}": {weight:.2f}' for part, weight in zip(remaining, weights, strict=True)
        )
        print(f"  NDCG@10 {reached:.4f} with {described}", flush=True)
        if not weights.any():
            return
        weight_of = {
            names[part]: (part, weight) for part, weight in zip(remaining, weights, strict=True) if weight > 0
        }

        def quality(some: frozenset[str], weight_of=weight_of) -> np.ndarray:
            return compute_metrics(
                sum(table[:, part] * w for part, w in (weight_of[name] for name in sorted(some))),
                query,
                wanted,
                n,
            )[0]

        stay, gains = prune(
            sorted(weight_of, key=lambda name: (-round(costs.get(name, 0)), weight_of[name][1])), quality
        )
        print(*(f"    {each}" for each in gains), sep="\n", flush=True)
        if len(stay) == len(remaining):
            return
        remaining = [part for part in remaining if names[part] in stay]


def print_corrected(
    scores: np.ndarray, blended: np.ndarray, query: np.ndarray, wanted: np.ndarray, n: int
) -> None:
    """Figures with trees, and what they add to the blend, paired."""
    (ndcg, hit), (before, _) = (
        compute_metrics(scores, query, wanted, n),
        compute_metrics(blended, query, wanted, n),
    )
    for name, values in (("HR@10", hit), ("NDCG@10", ndcg), ("NDCG@10 over the blend", ndcg - before)):
        print("with trees: {} {:.4f} [{:.4f}, {:.4f}]".format(name, *interval(values)))


def print_ablation(
    names: tuple[str, ...],
    weights: np.ndarray,
    table: np.ndarray,
    query: np.ndarray,
    wanted: np.ndarray,
    n: int,
) -> None:
    """The row's figures with intervals, and what leaving out each part costs, paired."""
    whole, hits = compute_metrics(table @ weights, query, wanted, n)
    for name, values in (("HR@10", hits), ("NDCG@10", whole)):
        print("all parts: {} {:.4f} [{:.4f}, {:.4f}]".format(name, *interval(values)))
    for part, name in enumerate(names):
        less = np.where(np.arange(len(weights)) == part, 0.0, weights)
        ndcg, _ = compute_metrics(table @ less, query, wanted, n)
        print("{:<20} adds {:+.4f} [{:+.4f}, {:+.4f}]".format(name, *interval(whole - ndcg)), flush=True)


if __name__ == "__main__":
    main()
