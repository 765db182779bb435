"""A fitted model as two files, `factors.npz` (arrays) and `model.json` (what they mean), loaded only when
their digests hold.

A pickle runs whatever it says when it is opened; an npz opened without pickles is numbers.
"""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from models.blending.base import Blend
from models.evaluation.fold_in import FoldInModel
from models.recommenders import build_blend, build_recommender, get_parameters
from models.steering.weights import NO_STEERING, SteeringWeights

FACTORS, ABOUT = "factors.npz", "model.json"
LAYOUT = 1
FOLD_IN_PREFIX = "fold_in/"  # what the names of its arrays begin with


class DigestError(ValueError):
    """A file is not the one that was registered."""


@dataclass
class ModelArtifact:
    """A fitted model with the ids and vocabulary that scoring needs.

    Attributes:
        configuration: parts with their parameters, and weights or a ranker.
        blend: fitted.
        item_ids, customer_ids: bytes arrays: the id at each position; customers sorted, items in the order
            they were learned in.
        customer_vocabulary: column of each customer attribute.
        fold_in: factors in which the service places customers by fresh events; None in models of before
            there were any.
        steering: what live behaviour weighs; no cohort where none was learned, or none passed its gate.
    """

    configuration: Mapping[str, Any]
    blend: Blend
    item_ids: np.ndarray
    customer_ids: np.ndarray
    customer_vocabulary: dict[str, int] = field(default_factory=dict)
    fold_in: FoldInModel | None = None
    steering: SteeringWeights = NO_STEERING

    def save(self, folder: Path) -> dict[str, str]:
        """Write both files; the SHA-256 of each by name. Equal models give equal bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        arrays = {**self.blend.arrays(), "ids/items": self.item_ids, "ids/customers": self.customer_ids}
        about = {
            "layout": LAYOUT,
            "configuration": self.configuration,
            "customer_vocabulary": self.customer_vocabulary,
        }
        if self.fold_in:
            arrays |= {FOLD_IN_PREFIX + name: array for name, array in self.fold_in.als.arrays().items()}
            about["fold_in"] = {"parameters": get_parameters(self.fold_in.als), "trust": self.fold_in.trust}
        if self.steering.cohorts:
            about["steering"] = {
                "half_life_places": self.steering.half_life_places,
                "cohorts": self.steering.as_rows(),
            }
        (folder / FACTORS).write_bytes(pack_arrays(arrays))
        (folder / ABOUT).write_text(json.dumps(about, indent=1, sort_keys=True))
        return {name: compute_sha256(folder / name) for name in (FACTORS, ABOUT)}

    @classmethod
    def load(cls, folder: Path, digests: Mapping[str, str]) -> "ModelArtifact":
        """Read both files.

        Raises:
            DigestError: a file's SHA-256 is not the registered one, or none was registered.
        """
        check_digests(folder, digests)
        return cls.unpack((folder / FACTORS).read_bytes(), (folder / ABOUT).read_text())

    @classmethod
    def unpack(cls, factors: bytes, about: str) -> "ModelArtifact":
        """The model from its files' contents."""
        fields = json.loads(about)
        if fields["layout"] != LAYOUT:
            raise ValueError(f"model of layout {fields['layout']}; this code reads {LAYOUT}")
        arrays = unpack_arrays(factors)
        blend = build_blend(fields["configuration"]).restore(arrays)
        fold_in, fold_in_fields = None, fields.get("fold_in")
        if fold_in_fields:
            own = {
                name.removeprefix(FOLD_IN_PREFIX): array
                for name, array in arrays.items()
                if name.startswith(FOLD_IN_PREFIX)
            }
            fold_in = FoldInModel(
                build_recommender("als", fold_in_fields["parameters"]).restore(own),
                tuple(map(tuple, fold_in_fields["trust"])),
            )
        ids = arrays["ids/items"], arrays["ids/customers"]
        steered = fields.get("steering")
        steering = (
            SteeringWeights.from_rows(steered["half_life_places"], steered["cohorts"])
            if steered
            else NO_STEERING
        )
        return cls(fields["configuration"], blend, *ids, fields["customer_vocabulary"], fold_in, steering)


def check_digests(folder: Path, digests: Mapping[str, str]) -> None:
    """Check that both files are the registered ones.

    Raises:
        DigestError: a file's SHA-256 is not the registered one, or none was registered.
    """
    for name in (FACTORS, ABOUT):
        if compute_sha256(folder / name) != digests.get(name):
            raise DigestError(f"{folder / name} is not the file that was registered; it is not opened")


def pack_arrays(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Arrays as npz bytes; the same arrays give the same bytes (numpy writes a fixed time into the zip)."""
    out = io.BytesIO()
    np.savez_compressed(out, **{name: arrays[name] for name in sorted(arrays)})
    return out.getvalue()


def unpack_arrays(packed: bytes) -> dict[str, np.ndarray]:
    """The arrays of npz bytes that `pack_arrays` wrote; pickled objects are refused."""
    with np.load(io.BytesIO(packed), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def compute_sha256(path: Path) -> str:
    """SHA-256 of a file, hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
