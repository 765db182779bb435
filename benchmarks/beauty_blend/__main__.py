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

from benchmarks.beauty_blend.linear_blend import (
    collect_candidates,
    compute_metrics,
    correct_scores,
    optimise_weights,
)
from benchmarks.leaderboard.datasets import load_dataset
from benchmarks.leaderboard.rows import BEAUTY_PARTS, BEAUTY_POWER, BEAUTY_WEIGHTS, MEMORY_BYTES
from models import fit_limits
from models.data_shape import DataShape
from models.evaluation import bootstrap_interval, part_worth
from models.recommenders import build_blend
from models.training_data import Training

POWERS = (0.35, 0.5, 0.7, 1.0)
LEARNERS = 3  # the seed of whom trees learn from


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
    blend = build_blend(drop_unfittable_parts(weights_of, window.training))
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
    shape = DataShape.from_training(window.training)
    costs = {part.name: part.estimate_bytes(shape) / 1e9 for part in blend.parts}
    for power in args.powers:
        print(f"power {power}", flush=True)
        prune_parts(names, table**power, query, wanted, len(places), costs)


def drop_unfittable_parts(weights: dict[str, float], training: Training) -> dict[str, object]:
    """The blend's configuration without the parts that cannot be fitted on these data; says which and why."""
    parts, left_out = fit_limits.drop_unfittable_parts(
        {"parts": BEAUTY_PARTS, "weights": weights, "power": BEAUTY_POWER},
        DataShape.from_training(training),
        MEMORY_BYTES,
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

        stay, gains = part_worth.prune_parts(
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
        print("with trees: {} {:.4f} [{:.4f}, {:.4f}]".format(name, *bootstrap_interval(values)))


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
        print("all parts: {} {:.4f} [{:.4f}, {:.4f}]".format(name, *bootstrap_interval(values)))
    for part, name in enumerate(names):
        less = np.where(np.arange(len(weights)) == part, 0.0, weights)
        ndcg, _ = compute_metrics(table @ less, query, wanted, n)
        print(
            "{:<20} adds {:+.4f} [{:+.4f}, {:+.4f}]".format(name, *bootstrap_interval(whole - ndcg)),
            flush=True,
        )


if __name__ == "__main__":
    main()
