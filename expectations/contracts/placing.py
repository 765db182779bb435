"""The record of a snapshot by which the service places a customer who did something since last night."""

from typing import NamedTuple


class FoldInFactors(NamedTuple):
    """What places a customer by fresh events, and how much such a placing is trusted.

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
        """How much a placing by so many events is trusted: 0…1."""
        if not self.trust or n_events < 1:
            return 0.0
        return next((weight for most, weight in self.trust if n_events <= most), self.trust[-1][1])
