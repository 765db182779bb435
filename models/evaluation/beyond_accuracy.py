"""Metrics of lists beside accuracy: novelty, diversity, serendipity, miscalibration and the Gini index."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from models.training_data import Training

SMOOTHING = (
    0.01  # Steck's alpha: a list without a category that the customer has would be infinitely far away
)


@dataclass(frozen=True)
class ItemFacts:
    """The facts of items that metrics of lists need.

    Attributes:
        known_share: float [items], share of customers who had the item, above zero.
        direction: csr [items, attributes], rows of length 1 (or 0): who is like whom. None where items have
            no attributes.
        mix: csr [items, kinds], rows that sum to 1 (or 0): what an item counts as. None where it is not
            known.
        famous: bool [items], the most known ones: what a list of popular items would hold.
    """

    known_share: np.ndarray
    direction: sparse.csr_matrix | None
    mix: sparse.csr_matrix | None
    famous: np.ndarray

    @classmethod
    def build(cls, known_share: np.ndarray, training: Training | None = None, k: int = 10) -> "ItemFacts":
        """Kinds are categories; attributes in equal shares where the shop names no category."""
        famous = np.zeros(len(known_share), bool)
        famous[np.argsort(-known_share, kind="stable")[:k]] = True
        if training is None or not training.content.nnz:
            return cls(known_share, None, None, famous)
        features = training.content.astype(np.float64)
        mix = features if training.category is None else encode_one_hot(training.category)
        return cls(
            known_share,
            _scaled(features, np.sqrt(_sums(features.multiply(features)))),
            _scaled(mix, _sums(mix)),
            famous,
        )


def encode_one_hot(category: np.ndarray) -> sparse.csr_matrix:
    """csr float64 [items, categories]; an empty row for -1."""
    known = np.flatnonzero(category >= 0)
    shape = (len(category), int(category.max(initial=-1)) + 1)
    return sparse.csr_matrix((np.ones(len(known)), (known, category[known])), shape=shape)


def compute_beyond_accuracy_metrics(
    listed: np.ndarray, wanted: np.ndarray, seen: sparse.csr_matrix, facts: ItemFacts
) -> dict[str, np.ndarray]:
    """Figures of each row; nan where they are not defined.

    * novelty: mean of -log2 of the share of customers who knew each listed item (self-information, Zhou et
      al. 2010).
    * diversity: 1 - mean cosine of the attributes of two items of the list (Ziegler et al. 2005).
    * serendipity: share of the list that was wanted and that a list of the best known items would not have
      held (Ge, Delgado-Battenfeld and Jannach 2010).
    * miscalibration: Kullback-Leibler divergence of the list's mix of kinds from that of the customer's past,
      in nats, the list's mix smoothed by .01 of the past's (Steck 2018); 0 is the customer's own mix.

    Args:
        listed: int [rows, k], -1 for no item.
        wanted: bool [rows, items].
        seen: csr bool [rows, items], what each had.
    """
    is_filled = listed >= 0
    place = np.maximum(listed, 0)
    n = is_filled.sum(axis=1)
    some = np.maximum(n, 1)
    surprise = np.where(is_filled, -np.log2(facts.known_share[place]), 0.0).sum(axis=1) / some
    useful = is_filled & np.take_along_axis(wanted, place, axis=1) & ~facts.famous[place]
    figures = {
        "novelty": np.where(n > 0, surprise, np.nan),
        "serendipity": np.where(n > 0, useful.sum(axis=1) / some, np.nan),
        "diversity": np.full(len(listed), np.nan),
        "miscalibration": np.full(len(listed), np.nan),
    }
    listed_cells = sparse.csr_matrix(
        (is_filled[is_filled].astype(np.float64), (np.nonzero(is_filled)[0], listed[is_filled])),
        shape=seen.shape,
    )
    if facts.direction is not None:
        together = listed_cells @ facts.direction
        alike = _sums(together.multiply(together)) - listed_cells @ _sums(
            facts.direction.multiply(facts.direction)
        )
        figures["diversity"] = np.where(n > 1, 1.0 - alike / np.maximum(n * (n - 1), 1), np.nan)
    if facts.mix is not None:
        figures["miscalibration"] = compute_divergence(
            seen.astype(np.float64) @ facts.mix, listed_cells @ facts.mix
        )
    return figures


def compute_divergence(past_mix: sparse.csr_matrix, list_mix: sparse.csr_matrix) -> np.ndarray:
    """float64 [rows]: KL of the mix of a list from that of the past, each row brought to shares; nan where
    either is empty.
    """
    empty = (_sums(past_mix) <= 0) | (_sums(list_mix) <= 0)
    p, q = _scaled(past_mix, _sums(past_mix)).tocoo(), _scaled(list_mix, _sums(list_mix))
    shares = np.asarray(q[p.row, p.col]).ravel()
    terms = p.data * np.log(p.data / ((1 - SMOOTHING) * shares + SMOOTHING * p.data))
    return np.where(empty, np.nan, np.bincount(p.row, terms, minlength=past_mix.shape[0]))


def compute_gini(shown: np.ndarray) -> float:
    """How unevenly items are shown (Gini 1912): 0 when each as often as any other, near 1 when one item has
    it all.

    Args:
        shown: int [items that may be shown], how many lists each is in.
    """
    counts = np.sort(shown).astype(np.float64)
    n, total = len(counts), counts.sum()
    return float((2 * np.arange(1, n + 1) - n - 1) @ counts / (n * total)) if total > 0 else float("nan")


def _sums(matrix: sparse.spmatrix) -> np.ndarray:
    return np.asarray(matrix.sum(axis=1)).ravel()


def _scaled(matrix: sparse.spmatrix, lengths: np.ndarray) -> sparse.csr_matrix:
    scaled = (sparse.diags(1.0 / np.where(lengths > 0, lengths, 1.0)) @ matrix).tocsr()
    scaled.eliminate_zeros()
    return scaled
