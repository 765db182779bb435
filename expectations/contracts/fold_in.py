"""The snapshot's record for fold-in: item factors, and the trust in a customer folded in by n events."""

from typing import NamedTuple


class FoldInFactors(NamedTuple):
    """The factors to fold a customer's fresh events into, and how much such a fold-in is trusted.

    Attributes:
        item_ids: of the items that have a place, in the order of their factors.
        n_components: length of a factor.
        factors: float16, little-endian, one item's after the other's.
        gram: float64, little-endian: the factors' products with each other, n_components rows.
        confidence, regularisation, half_life_days: as the factors were learned with.
        kinds: the kinds of behaviour and what each weighs.
        trust: (most events, weight 0…1), ascending; of more events than the last has, the last's. Empty: not
            measured, and then not trusted.
    """

    model_version: str
    item_ids: tuple[str, ...]
    n_components: int
    factors: bytes
    gram: bytes
    confidence: float
    regularisation: float
    half_life_days: float
    kinds: tuple[tuple[str, float], ...]
    trust: tuple[tuple[int, float], ...]

    def trust_in(self, n_events: int) -> float:
        """How much a fold-in of so many events is trusted: 0…1."""
        if not self.trust or n_events < 1:
            return 0.0
        return next((weight for most, weight in self.trust if n_events <= most), self.trust[-1][1])
