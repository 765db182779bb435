"""What training leaves behind, frozen: one JSON file that scoring needs and nothing else.

It holds values of people (names, dates, postcodes with their frequencies), so it belongs beside `core_people`, not into a log.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from spark_jobs.identify.linkage.cluster import Thresholds

VERSION = 1


@dataclass(frozen=True)
class LinkageModel:
    """Weights, frequencies, learned variants, boosted model and thresholds.

    Attributes:
        splink: Splink's settings with trained m and u.
        frequencies: column -> value -> share of the filled records; only values seen more than once.
        rarest: column -> the share of a value seen once, given to values that training never saw.
        variants: "first", "place", "place_outcodes" -> pairs of values.
        words: of names; "given": first names when alone, "common": in too many records to be worth a block of their own.
        boosted: the self-trained LightGBM model as text, weights -> probability; None: scores are the raw weights.
        thresholds: what clustering takes.
    """

    profile: str
    splink: dict
    frequencies: dict[str, dict[str, float]]
    rarest: dict[str, float]
    variants: dict[str, list[tuple[str, str]]]
    words: dict[str, list[str]]
    boosted: str | None = None
    thresholds: Thresholds = field(default_factory=Thresholds)
    version: int = VERSION

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), sort_keys=True, ensure_ascii=False))

    @classmethod
    def load(cls, path: Path) -> "LinkageModel":
        """Raises ValueError: written by another version of this code."""
        raw = json.loads(path.read_text())
        if raw["version"] != VERSION:
            raise ValueError(f"linkage model has version {raw['version']}, this code reads {VERSION}; train again")
        raw["variants"] = {name: [tuple(pair) for pair in pairs] for name, pairs in raw["variants"].items()}
        raw["thresholds"] = Thresholds(**raw["thresholds"])
        return cls(**raw)
