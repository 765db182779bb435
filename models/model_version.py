"""One registered version of the model, as its tags describe it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

NAME = "concierge"  # of the recommenders'
PREDICTIONS = "concierge_predictions"
CLUSTERS = "concierge_clusters"
DIGEST = "sha256."


@dataclass(frozen=True)
class ModelVersion:
    """One registered version."""

    number: int
    run_id: str
    tags: Mapping[str, str]
    name: str = NAME

    @property
    def model_version(self) -> str:
        return f"{self.name}/{self.number}"

    @property
    def accepted(self) -> bool:
        return self.tags.get("verdict") == "accepted"

    @property
    def kind(self) -> str:
        """`refit` or `search`."""
        return self.tags.get("kind", "")

    @property
    def qualities(self) -> list[float]:
        """Mean qualities of its configuration as it was accepted night after night, its own last."""
        return json.loads(self.tags.get("qualities", "[]"))

    @property
    def coverages(self) -> list[float]:
        """Shares of the shop's items that anybody is shown first, of the same nights."""
        return json.loads(self.tags.get("coverages", "[]"))

    @property
    def n_customers(self) -> int | None:
        """Customers it was fitted on. Versions of earlier releases do not say, nor in `until`."""
        return int(self.tags["n_customers"]) if "n_customers" in self.tags else None

    @property
    def until(self) -> int | None:
        """The day before which what it learned from ends, counted from 1970-01-01."""
        return int(self.tags["until"]) if "until" in self.tags else None

    @property
    def digests(self) -> dict[str, str]:
        """SHA-256 of each of the model's files, by name."""
        return {
            name.removeprefix(DIGEST): value for name, value in self.tags.items() if name.startswith(DIGEST)
        }
