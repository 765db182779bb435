"""The rule that a prediction must beat: recency, frequency and money in fifths, with what came of each."""

from dataclasses import dataclass

import numpy as np

from models.predictions.cuts import Examples

FIFTHS = 5
CELLS = (FIFTHS + 1) ** 3  # 0 is nobody's fifth: they never bought
SCORED = ("recency", "frequency", "money")
PRIOR = 10.0  # customers' worth of the mean of all, so that a cell of three is not believed


@dataclass(frozen=True)
class RfmRule:
    """The mean outcome of each cell.

    Attributes:
        means: float64 [cells].
    """

    means: np.ndarray

    def predict(self, table: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
        """float64 [rows]: the outcome of the cell a customer lies in among these customers."""
        return self.means[find_cells(table, names)]


def find_cells(table: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """int [rows]: recency, frequency and money in fifths of the buyers among these rows, as one number.

    Args:
        table: float [rows, features] of one cut.
    """
    recency, frequency, money = (table[:, names.index(name)].astype(float) for name in SCORED)
    buys = ~np.isnan(recency)
    cell = np.zeros(len(table), np.int64)
    for values in (-recency, frequency, money):
        fifth = np.zeros(len(table), np.int64)
        if buys.any():
            cuts = np.quantile(values[buys], np.arange(1, FIFTHS) / FIFTHS)
            fifth[buys] = 1 + np.searchsorted(cuts, values[buys], side="left")
        cell = cell * (FIFTHS + 1) + fifth
    return cell


def fit_rfm_rule(examples: list[Examples], names: tuple[str, ...]) -> RfmRule:
    """The rule of the outcomes of several cuts, the customers of each scored among themselves."""
    cells = np.concatenate([find_cells(each.table, names) for each in examples])
    labels = np.concatenate([each.labels for each in examples])
    n = np.bincount(cells, minlength=CELLS)
    total = np.bincount(cells, labels, minlength=CELLS)
    return RfmRule((total + PRIOR * labels.mean()) / (n + PRIOR))
