"""Fitted predictors as the two files of a registered model: trees in `factors.npz`, their meaning in
`model.json`.

LightGBM's text is parsed, never run.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from models.artifact import ABOUT, FACTORS, check_digests, compute_sha256, pack_arrays, unpack_arrays
from models.predictions.calibration import Calibration
from models.predictions.predictor import Predictor
from models.predictions.traits import Trait

LAYOUT = 1


@dataclass(frozen=True)
class PredictionArtifact:
    """The accepted traits of one training."""

    predictors: tuple[Predictor, ...]

    def save(self, folder: Path) -> dict[str, str]:
        """Write both files; the SHA-256 of each by name. Equal predictors give equal bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        arrays, about = {}, []
        for predictor in self.predictors:
            trait = predictor.trait
            for n, text in enumerate(predictor.trees):
                arrays[f"{trait.name}/trees/{n}"] = np.frombuffer(text.encode(), np.uint8)
            about.append(
                {
                    "trait": asdict(trait),
                    "n_trees": len(predictor.trees),
                    "names": predictor.names,
                    "calibration": asdict(predictor.calibration),
                }
            )
        (folder / FACTORS).write_bytes(pack_arrays(arrays))
        (folder / ABOUT).write_text(
            json.dumps({"layout": LAYOUT, "predictors": about}, indent=1, sort_keys=True)
        )
        return {name: compute_sha256(folder / name) for name in (FACTORS, ABOUT)}

    @classmethod
    def load(cls, folder: Path, digests: Mapping[str, str]) -> "PredictionArtifact":
        """Read both files.

        Raises:
            DigestError: a file's SHA-256 is not the registered one, or none was registered.
        """
        check_digests(folder, digests)
        arrays = unpack_arrays((folder / FACTORS).read_bytes())
        fields = json.loads((folder / ABOUT).read_text())
        if fields["layout"] != LAYOUT:
            raise ValueError(f"predictors of layout {fields['layout']}; this code reads {LAYOUT}")
        return cls(tuple(restore_predictor(each, arrays) for each in fields["predictors"]))


def restore_predictor(about: Mapping, arrays: Mapping[str, np.ndarray]) -> Predictor:
    """One predictor of its part of both files."""
    trait, calibration = Trait(**about["trait"]), about["calibration"]
    trees = tuple(arrays[f"{trait.name}/trees/{n}"].tobytes().decode() for n in range(about["n_trees"]))
    fitted = Calibration(calibration["method"], tuple(calibration["xs"]), tuple(calibration["ys"]))
    return Predictor(trait, tuple(about["names"]), trees, fitted)
