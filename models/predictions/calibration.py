"""Scores made into probabilities, or sums of money, by what came to be in a window after the fit."""

from dataclasses import dataclass

import numpy as np

LEAST_OF_EACH = 50  # outcomes of the rarer kind; isotonic regression follows chance below
FOLDS = 5
IDENTITY, PLATT, ISOTONIC, SCALE = "identity", "platt", "isotonic", "scale"


@dataclass(frozen=True)
class Calibration:
    """A rising function of a score.

    Attributes:
        method: `identity`; `platt`: a logistic function of the log-odds (Platt 1999); `isotonic`: steps
            (Zadrozny and Elkan 2002), drawn through as lines; `scale`: a factor, of money.
        xs, ys: slope and intercept, knots, or the factor.
    """

    method: str
    xs: tuple[float, ...] = ()
    ys: tuple[float, ...] = ()

    def apply(self, scores: np.ndarray) -> np.ndarray:
        """Calibrated probabilities or amounts.

        Args:
            scores: probabilities as the trees give them, or amounts.
        """
        if self.method == PLATT:
            return sigmoid(self.xs[0] * logit(scores) + self.ys[0])
        if self.method == ISOTONIC:
            return np.interp(scores, self.xs, self.ys)
        return scores * self.ys[0] if self.method == SCALE else scores


NO_CALIBRATION = Calibration(IDENTITY)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-x))


def logit(p: np.ndarray) -> np.ndarray:
    clipped = np.clip(p, 1e-6, 1 - 1e-6)
    return np.log(clipped / (1 - clipped))


def choose_calibration(scores: np.ndarray, outcomes: np.ndarray, seed: int) -> Calibration:
    """The method with the least Brier score on customers it was not fitted on, fitted on all of them.

    Args:
        scores: float [n], probabilities.
        outcomes: float [n], 0 or 1.
    """
    if min(outcomes.sum(), (1 - outcomes).sum()) < LEAST_OF_EACH:
        return NO_CALIBRATION
    folds = np.random.default_rng(seed).permutation(len(scores)) % FOLDS
    errors = {}
    for method, fit in FITS.items():
        out = np.empty(len(scores))
        for fold in range(FOLDS):
            inside = folds == fold
            out[inside] = fit(scores[~inside], outcomes[~inside]).apply(scores[inside])
        errors[method] = float(np.mean((out - outcomes) ** 2))
    return FITS[min(errors, key=errors.get)](scores, outcomes)


def fit_platt(scores: np.ndarray, outcomes: np.ndarray) -> Calibration:
    """Slope and intercept of the log-odds; the identity where they would turn the order round."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=1e6).fit(logit(scores)[:, None], outcomes)
    slope, intercept = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    return Calibration(PLATT, (slope,), (intercept,)) if slope > 0 else NO_CALIBRATION


def fit_isotonic(scores: np.ndarray, outcomes: np.ndarray) -> Calibration:
    """The rising steps with the least squared error."""
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(scores, outcomes)
    return Calibration(
        ISOTONIC, tuple(map(float, fitted.X_thresholds_)), tuple(map(float, fitted.y_thresholds_))
    )


def fit_identity(scores: np.ndarray, outcomes: np.ndarray) -> Calibration:
    """Scores as they are."""
    return NO_CALIBRATION


def fit_scale(amounts: np.ndarray, outcomes: np.ndarray) -> Calibration:
    """The factor that makes the sums equal; 1 where nothing was predicted or nothing came to be."""
    total, spent = float(amounts.sum()), float(outcomes.sum())
    return Calibration(SCALE, (), (spent / total if total > 0 and spent > 0 else 1.0,))


FITS = {IDENTITY: fit_identity, PLATT: fit_platt, ISOTONIC: fit_isotonic}
