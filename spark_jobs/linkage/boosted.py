"""LightGBM over comparison vectors: it sees what Fellegi-Sunter cannot, that fields do not agree
independently.
"""

import lightgbm as lgb
import numpy as np

ROUNDS = 60
BOOSTER_PARAMETERS = {
    "objective": "binary",
    "num_leaves": 31,
    "learning_rate": 0.1,
    "min_data_in_leaf": 50,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "seed": 1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}
MIN_PROBABILITY = 1e-9  # probabilities are kept this far from 0 and 1, which is 30 bits


def fit_monotone_booster(features: np.ndarray, match: np.ndarray) -> str:
    """A model of a few thousand pairs, as text: small trees, and a field that agrees better never makes a
    pair less probable. Same input, same text: one thread, fixed seed.

    Args:
        features: (n_pairs, n_features), bits.
        match: (n_pairs,) booleans: are the two records one person's?
    """
    small = {"num_leaves": 8, "min_data_in_leaf": 20, "monotone_constraints": [1] * features.shape[1]}
    return lgb.train(
        BOOSTER_PARAMETERS | small, lgb.Dataset(features, match.astype(np.float32)), ROUNDS
    ).model_to_string()


def load_booster(model: str) -> lgb.Booster:
    """A booster from a model's text, ready to predict many times."""
    return lgb.Booster(model_str=model)


def predict_match_probability(model: str | lgb.Booster, features: np.ndarray) -> np.ndarray:
    """Probability that each pair is one person, shape (n_pairs,)."""
    if not len(features):
        return np.empty(0)
    return (load_booster(model) if isinstance(model, str) else model).predict(features, num_threads=1)


def convert_to_log_odds(probability: np.ndarray) -> np.ndarray:
    """Log-odds of a match probability, base 2 (bits)."""
    p = np.clip(probability, MIN_PROBABILITY, 1 - MIN_PROBABILITY)
    return np.log2(p / (1 - p))
