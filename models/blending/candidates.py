"""Candidate items: the best of every part's own list, and which part proposed what."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.inference import select_top_items

NOT_LISTED = np.int16(np.iinfo(np.int16).max)
# Ranks are known further down than a part proposes, so that rank 90 differs from no rank.
RANKED_PER_PROPOSED = 2


@dataclass(frozen=True)
class CandidateItems:
    """Pairs of a customer and an item that are ranked, sorted by row, then item.

    Attributes:
        row: int32, place of the customer in the block.
        item: int32.
        sources: uint32: bit p is set when part p (in the order of `names`) proposed the item.
        ranks: by part, int16: rank of the item in the part's own list, from 0; `NOT_LISTED` where it is not
            in it.
        names: the parts.
    """

    row: np.ndarray
    item: np.ndarray
    sources: np.ndarray
    ranks: dict[str, np.ndarray]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.item)


def propose_candidates(
    scores: Mapping[str, np.ndarray], seen: np.ndarray, n: int, allowed: np.ndarray | None = None
) -> CandidateItems:
    """The union of every part's best n, of all items and of those that are new to the customer.

    Args:
        scores: by part, float32 [rows, items], -inf for no opinion.
        seen: bool [rows, items], what the customer wanted before.
        allowed: bool [items], what may be proposed, so that what may not takes nobody's place; None for
            everything. Ranks count all items all the same: their meaning must not change with what is in
            stock.
    """
    rows, proposed = np.arange(len(seen))[:, None], np.zeros(seen.shape, np.uint32)
    lists = {part: select_top_items(own, RANKED_PER_PROPOSED * n)[0] for part, own in scores.items()}
    for bit, part in enumerate(scores):
        best = lists[part][:, :n] if allowed is None else select_top_items(scores[part], n, allowed)[0]
        for listed in (
            best,
            select_top_items(scores[part], n, ~seen if allowed is None else allowed & ~seen)[0],
        ):
            is_filled = listed >= 0
            proposed[np.broadcast_to(rows, is_filled.shape)[is_filled], listed[is_filled]] |= np.uint32(
                1 << bit
            )
    row, item = np.nonzero(proposed)
    ranks = {}
    for part, listed in lists.items():
        is_filled, rank = listed >= 0, np.full(seen.shape, NOT_LISTED)
        rank[np.broadcast_to(rows, is_filled.shape)[is_filled], listed[is_filled]] = np.nonzero(is_filled)[1]
        ranks[part] = rank[row, item]
    return CandidateItems(
        row.astype(np.int32), item.astype(np.int32), proposed[row, item], ranks, tuple(scores)
    )
