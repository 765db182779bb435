"""Candidates: the best of every part's own list, and which part proposed what."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.inference import top_n

NOT_LISTED = np.int16(np.iinfo(np.int16).max)
# A part's places are known further down than it proposes: what it has at 90 is told from what it does not
# have.
LOOKED_AT = 2


@dataclass(frozen=True)
class Candidates:
    """Pairs of a customer and an item that are ranked, sorted by row, then item.

    Attributes:
        row: int32, place of the customer in the block.
        item: int32.
        sources: uint32: bit p is set when part p (in the order of `names`) proposed the item.
        places: by part, int16: place of the item in the part's own list, from 0; `NOT_LISTED` where it is not
            in it.
        names: the parts.
    """

    row: np.ndarray
    item: np.ndarray
    sources: np.ndarray
    places: dict[str, np.ndarray]
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.item)


def propose(
    scores: Mapping[str, np.ndarray], seen: np.ndarray, n: int, allowed: np.ndarray | None = None
) -> Candidates:
    """The union of every part's best n, of all items and of those that are new to the customer.

    Args:
        scores: by part, float32 [rows, items], -inf for no opinion.
        seen: bool [rows, items], what the customer wanted before.
        allowed: bool [items], what may be proposed, so that what may not takes nobody's place; None for
            everything. Places in a part's list are told of all items all the same: what they mean must not
            change with what is in stock.
    """
    rows, proposed = np.arange(len(seen))[:, None], np.zeros(seen.shape, np.uint32)
    lists = {part: top_n(own, LOOKED_AT * n)[0] for part, own in scores.items()}
    for bit, part in enumerate(scores):
        best = lists[part][:, :n] if allowed is None else top_n(scores[part], n, allowed)[0]
        for listed in (best, top_n(scores[part], n, ~seen if allowed is None else allowed & ~seen)[0]):
            held = listed >= 0
            proposed[np.broadcast_to(rows, held.shape)[held], listed[held]] |= np.uint32(1 << bit)
    row, item = np.nonzero(proposed)
    places = {}
    for part, listed in lists.items():
        held, place = listed >= 0, np.full(seen.shape, NOT_LISTED)
        place[np.broadcast_to(rows, held.shape)[held], listed[held]] = np.nonzero(held)[1]
        places[part] = place[row, item]
    return Candidates(row.astype(np.int32), item.astype(np.int32), proposed[row, item], places, tuple(scores))
