"""How good predictions are on outcomes they have not seen, with intervals over customers."""

from collections.abc import Callable, Mapping

import numpy as np
from scipy.stats import rankdata

DRAWS = 500
BINS = 10
POWER = 1.5  # of the Tweedie deviance: between counts (1) and amounts (2), as the trees are fitted


def compute_auc(scores: np.ndarray, outcomes: np.ndarray) -> float:
    """Area under the ROC curve, ties counting half (Mann, Whitney 1947); nan where all outcomes are one."""
    ranks, n = rankdata(scores), outcomes.sum()
    others = len(outcomes) - n
    return float((ranks[outcomes > 0].sum() - n * (n + 1) / 2) / (n * others)) if n and others else np.nan


def compute_brier(probabilities: np.ndarray, outcomes: np.ndarray) -> float:
    """Mean squared error of probabilities (Brier 1950)."""
    return float(np.mean((probabilities - outcomes) ** 2))


def compute_ece(probabilities: np.ndarray, outcomes: np.ndarray) -> float:
    """Expected calibration error (Naeini et al. 2015) over ten bins of equally many customers."""
    return float(
        np.sum([len(p) * abs(p.mean() - y.mean()) for p, y in split_bins(probabilities, outcomes)])
    ) / len(outcomes)


def split_bins(predicted: np.ndarray, outcomes: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Predictions and outcomes in `BINS` groups of equal size, lowest predictions first."""
    order = np.argsort(predicted, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    return [(predicted[part], outcomes[part]) for part in parts]


def compute_absolute_error(amounts: np.ndarray, spent: np.ndarray) -> float:
    """Mean absolute error."""
    return float(np.mean(np.abs(amounts - spent)))


def compute_root_squared_error(amounts: np.ndarray, spent: np.ndarray) -> float:
    """Root of the mean squared error."""
    return float(np.sqrt(np.mean((amounts - spent) ** 2)))


def compute_deviance(amounts: np.ndarray, spent: np.ndarray) -> float:
    """Mean Tweedie deviance of power 1.5 (Jørgensen 1987): least for the expected amount.

    The mean absolute error is not: of customers of whom most spend nothing, it is least where all are
    predicted to spend nothing.
    """
    mu = np.maximum(amounts, 1e-3)
    terms = (
        spent ** (2 - POWER) / ((1 - POWER) * (2 - POWER))
        - spent * mu ** (1 - POWER) / (1 - POWER)
        + mu ** (2 - POWER) / (2 - POWER)
    )
    return float(2 * terms.mean())


def compute_top_share(amounts: np.ndarray, spent: np.ndarray) -> float:
    """Share of all that was spent that the tenth with the highest predictions spent."""
    top = np.argsort(-amounts, kind="stable")[: max(1, len(amounts) // 10)]
    return float(spent[top].sum() / spent.sum()) if spent.sum() else np.nan


def compute_total_ratio(amounts: np.ndarray, spent: np.ndarray) -> float:
    """What was predicted of all together over what they spent."""
    return float(amounts.sum() / spent.sum()) if spent.sum() else np.nan


Measure = Callable[[np.ndarray, np.ndarray], float]
PROBABILITY_MEASURES: Mapping[str, Measure] = {
    "auc": compute_auc,
    "brier": compute_brier,
    "ece": compute_ece,
}
SPEND_MEASURES: Mapping[str, Measure] = {
    "deviance": compute_deviance,
    "mae": compute_absolute_error,
    "rmse": compute_root_squared_error,
    "top_tenth": compute_top_share,
    "total": compute_total_ratio,
}


def measure_with_intervals(
    predictions: Mapping[str, np.ndarray], outcomes: np.ndarray, measures: Mapping[str, Measure], seed: int
) -> dict[str, dict[str, list[float]]]:
    """Each measure of each prediction: figure, low and high of 95 %, by the bootstrap over customers.

    All are measured on the same resamples. Behind the first prediction, which is compared with each of the
    others, stands `over <other>`: the first's figure minus the other's.
    """
    generator, n = np.random.default_rng(seed), len(outcomes)
    draws = [np.arange(n), *(generator.integers(0, n, n) for _ in range(DRAWS))]
    figures = {
        name: {
            key: np.array([measure(predicted[rows], outcomes[rows]) for rows in draws])
            for key, measure in measures.items()
        }
        for name, predicted in predictions.items()
    }
    first, *others = figures
    for other in others:
        figures[f"over {other}"] = {key: figures[first][key] - figures[other][key] for key in measures}
    return {
        name: {
            key: [float(drawn[0]), *map(float, np.nanquantile(drawn[1:], [0.025, 0.975]))]
            for key, drawn in row.items()
        }
        for name, row in figures.items()
    }


def list_deciles(predicted: np.ndarray, outcomes: np.ndarray) -> list[dict[str, float]]:
    """Mean prediction and mean outcome of each tenth, lowest predictions first."""
    return [
        {"n": len(p), "predicted": float(p.mean()), "came": float(y.mean())}
        for p, y in split_bins(predicted, outcomes)
    ]
