"""A linkage model, frozen: one JSON file, all that linking needs.

It holds values of people (names, dates, postcodes with their frequencies), so it belongs beside
`core_people`, not into a log.
"""

import json
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from math import log2
from pathlib import Path

from expectations.contracts.files import write_text_atomically
from spark_jobs.linkage.cluster import ClusterThresholds
from spark_jobs.linkage.learned_values import LearnedValues

VERSION = 1
SHIPPED_MODEL = Path(__file__).parent / "shipped_model.json"


@dataclass(frozen=True)
class LinkageModel:
    """Weights, frequencies, learned variants, boosted model and thresholds.

    Attributes:
        splink: Splink's settings with trained m and u.
        frequencies: column -> value -> share of the filled records; only values seen more than once.
        rarest: column -> the share of a value seen once, given to values that training never saw.
        variants: "first", "place", "place_outcodes" -> pairs of values.
        words: of names; "given": first names when alone, "common": in too many records to be worth a block of
            their own.
        boosted: the self-trained LightGBM model as text, weights -> probability; None: scores are the raw
            weights.
        thresholds: what clustering takes.
    """

    profile: str
    splink: dict
    frequencies: dict[str, dict[str, float]]
    rarest: dict[str, float]
    variants: dict[str, list[tuple[str, str]]]
    words: dict[str, list[str]]
    boosted: str | None = None
    thresholds: ClusterThresholds = field(default_factory=ClusterThresholds)
    version: int = VERSION

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)

    @property
    def fingerprint(self) -> str:
        """12 hex digits; equal for equal models."""
        return sha256(self.to_json().encode()).hexdigest()[:12]

    @property
    def learned_values(self) -> LearnedValues:
        """Variants and words, as preparing records takes them."""
        return LearnedValues(self.variants, self.words)

    def with_probabilities(self, review: float, link: float) -> "LinkageModel":
        """The same weights with thresholds from these two probabilities: from `review` up pairs are stored
        and asked about, from `link` up they link.
        """
        floor, join = (log2(p / (1 - p)) for p in (review, link))
        return replace(self, thresholds=replace(self.thresholds, floor=floor, join=join, attach=join))

    def save(self, path: Path) -> None:
        """Write a temporary file and rename it: a reader sees the old model or the new one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text_atomically(path, self.to_json())

    @classmethod
    def load(cls, path: Path) -> "LinkageModel":
        """Raises ValueError: written by another version of this code."""
        raw = json.loads(path.read_text())
        if raw["version"] != VERSION:
            raise ValueError(
                f"linkage model has version {raw['version']}, this code reads {VERSION}; train again"
            )
        raw["variants"] = {name: [tuple(pair) for pair in pairs] for name, pairs in raw["variants"].items()}
        raw["thresholds"] = ClusterThresholds(**raw["thresholds"])
        return cls(**raw)

    @classmethod
    def load_shipped(cls) -> "LinkageModel":
        """The model every home starts with: weights of a simulated shop
        (`shipped_model.py`), no values.

        It comes with the code, because one trained on a home's first night would make its tables hang on
        which night that was.
        """
        return cls.load(SHIPPED_MODEL)
