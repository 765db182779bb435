"""The linear blend on Amazon Beauty: its weights, chosen on the item before the last, and what each part adds to the test.

    python -m benchmarks.beauty_blend [--customers 6000] [--test]

Parts are fitted on all but each user's last two items. Weights and the power climb by coordinates from equal ones, on the NDCG@10
of the item before the last; `--test` then asks for the last item, with all parts and without each.
"""

import argparse

import numpy as np

from benchmarks.leaderboard.datasets import load
from benchmarks.leaderboard.datasets.window import Window
from benchmarks.leaderboard.rows import BEAUTY_PARTS, BEAUTY_POWER, BEAUTY_WEIGHTS
from models.base import Recommender
from models.blend import unit
from models.evaluation import interval
from models.inference import top_n
from models.recommenders import make

BLOCK = 500
PROPOSED = 60
STEPS = (0.0, 0.5, 0.7, 1.4, 2.0)
POWERS = (0.35, 0.5, 0.7, 1.0)


def candidates(window: Window, parts: list[Recommender], places: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the parts propose to these customers: query int [n], whether wanted bool [n], units float32 [n, parts]."""
    found = []
    for start in range(0, len(places), BLOCK):
        block = places[start : start + BLOCK]
        customers = window.customers(block)
        seen, wanted = (getattr(window.asked, name)[block].toarray() > 0 for name in ("seen", "wanted"))
        units = [unit(np.where(seen, -np.inf, part.score(customers))) for part in parts]
        kept = np.zeros_like(seen)
        for share in units:
            items, held = top_n(np.where(share > 0, share, -np.inf), PROPOSED)
            row, place = np.nonzero(np.isfinite(held))
            kept[row, items[row, place]] = True
        row, item = np.nonzero(kept)
        found.append((row + start, wanted[row, item], np.stack([share[row, item] for share in units], axis=1)))
    query, wanted, table = (np.concatenate(column) for column in zip(*found, strict=True))
    return query, wanted, table


def figures(scores: np.ndarray, query: np.ndarray, wanted: np.ndarray, n: int, k: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """NDCG@k and hits@k float [n]: one item is wanted of each query, and what nobody proposed is missed.

    Among equals the lower position stands first, which is the earlier row.
    """
    best, place = np.full(n, np.inf), np.zeros(n, np.int64)
    best[query[wanted]], place[query[wanted]] = scores[wanted], np.flatnonzero(wanted)
    own = best[query]
    above = np.bincount(query, (scores > own) | ((scores == own) & (np.arange(len(query)) < place[query])), minlength=n)
    hit = np.isfinite(best) & (above < k)
    return np.where(hit, 1.0 / np.log2(2.0 + above), 0.0), hit.astype(float)


def climb(table: np.ndarray, query: np.ndarray, wanted: np.ndarray, n: int) -> tuple[np.ndarray, float]:
    """Weights float [parts] by coordinates, from equal ones, as long as NDCG@10 rises; and that."""
    weights = np.ones(table.shape[1])
    total = table @ weights
    best = figures(total, query, wanted, n)[0].mean()
    for _ in range(4):
        before = best
        for part in range(len(weights)):
            for step in STEPS:
                weight = step * max(weights[part], 0.1)
                tried = total + (weight - weights[part]) * table[:, part]
                reached = figures(tried, query, wanted, n)[0].mean()
                if reached > best + 1e-6:
                    best, total, weights[part] = reached, tried, weight
        if best == before:
            break
    return weights, float(best)


def main() -> None:
    """Print what was chosen, and what it is worth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=6000, help="asked when weights are chosen; drawn by the seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--test", action="store_true", help="measure the weights of the leaderboard's row, and without each part")
    given = parser.parse_args()
    data = load("beauty")
    window = data.test if given.test else data.validation
    names = tuple(BEAUTY_WEIGHTS if given.test else BEAUTY_PARTS)
    parts = [make(name, BEAUTY_PARTS[name]).fit(window.training, given.seed) for name in names]
    everybody = len(window.asked.customers)
    if given.test:
        query, wanted, table = candidates(window, parts, np.arange(everybody))
        print_ablation(names, table**BEAUTY_POWER, query, wanted, everybody)
        return
    places = np.sort(np.random.default_rng(given.seed).choice(everybody, given.customers, replace=False))
    query, wanted, table = candidates(window, parts, places)
    print(f"proposed: {wanted.sum() / len(places):.4f} of what was wanted, {len(query) / len(places):.0f} items a customer")
    for part, name in enumerate(names):
        ndcg, hit = figures(table[:, part], query, wanted, len(places))
        print(f"{name:<20} HR@10 {hit.mean():.4f}  NDCG@10 {ndcg.mean():.4f}")
    for power in POWERS:
        weights, reached = climb(table**power, query, wanted, len(places))
        said = ", ".join(f'"{name}": {weight:.2f}' for name, weight in zip(names, weights, strict=True))
        print(f"power {power}: NDCG@10 {reached:.4f} with {said}", flush=True)


def print_ablation(names: tuple[str, ...], table: np.ndarray, query: np.ndarray, wanted: np.ndarray, n: int) -> None:
    """The row's figures with intervals, and what leaving out each part costs, paired."""
    weights = np.array([BEAUTY_WEIGHTS[name] for name in names])
    whole, hits = figures(table @ weights, query, wanted, n)
    for name, values in (("HR@10", hits), ("NDCG@10", whole)):
        print("all parts: {} {:.4f} [{:.4f}, {:.4f}]".format(name, *interval(values)))
    for part, name in enumerate(names):
        less = np.where(np.arange(len(weights)) == part, 0.0, weights)
        ndcg, _ = figures(table @ less, query, wanted, n)
        print("{:<20} adds {:+.4f} [{:+.4f}, {:+.4f}]".format(name, *interval(whole - ndcg)), flush=True)


if __name__ == "__main__":
    main()
