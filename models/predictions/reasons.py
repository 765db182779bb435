"""Reason codes: in plain words, what speaks most for and against a prediction."""

from dataclasses import dataclass

import numpy as np

from models.predictions.past_rows import Feature

MOST_REASONS = 3
RAISES, LOWERS = "raises", "lowers"


@dataclass(frozen=True)
class Reason:
    """One feature's share in a prediction.

    Attributes:
        code: the feature's name.
        words: `days since the last purchase: 12`.
        effect: `raises` or `lowers`.
        contribution: what it adds to the log-odds, or to the logarithm of the amount.
    """

    code: str
    words: str
    effect: str
    contribution: float


def list_reasons(
    table: np.ndarray, contributions: np.ndarray, features: tuple[Feature, ...]
) -> list[list[Reason]]:
    """The features that move each row's prediction most, strongest first.

    Args:
        table: float [rows, features].
        contributions: float [rows, features + 1], as `Predictor.explain` gives them.
    """
    own = contributions[:, :-1]
    order = np.argsort(-np.abs(own), axis=1, kind="stable")[:, :MOST_REASONS]
    return [
        [
            Reason(
                features[n].name,
                f"{features[n].words}: {format_value(row[n])}",
                RAISES if parts[n] > 0 else LOWERS,
                float(parts[n]),
            )
            for n in columns
            if parts[n] != 0
        ]
        for row, parts, columns in zip(table, own, order, strict=True)
    ]


def format_value(value: float) -> str:
    """`12`, `3.4`, or `none` where it is not known."""
    if np.isnan(value):
        return "none"
    return f"{value:.0f}" if float(value).is_integer() or abs(value) >= 100 else f"{value:.1f}"
