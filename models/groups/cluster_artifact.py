"""Fitted clusters as the two files of a registered model: numbers in `factors.npz`, words in `model.json`."""

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import numpy as np

from models.artifact import ABOUT, FACTORS, check_digests, compute_sha256, pack_arrays, unpack_arrays
from models.groups.clusters import Cluster, Clustering, Scaling

LAYOUT = 1


def save_clustering(clustering: Clustering, folder: Path) -> dict[str, str]:
    """Write both files; the SHA-256 of each by name. Equal clusterings give equal bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    scaling = {f"scaling/{each.name}": getattr(clustering.scaling, each.name) for each in fields(Scaling)}
    about = {
        "layout": LAYOUT,
        "features": clustering.features,
        "last_number": clustering.last_number,
        "clusters": [vars(cluster) for cluster in clustering.clusters],
    }
    (folder / FACTORS).write_bytes(pack_arrays({**scaling, "centres": clustering.centres}))
    (folder / ABOUT).write_text(json.dumps(about, indent=1, sort_keys=True))
    return {name: compute_sha256(folder / name) for name in (FACTORS, ABOUT)}


def load_clustering(folder: Path, digests: Mapping[str, str]) -> Clustering:
    """Read both files.

    Raises:
        DigestError: a file's SHA-256 is not the registered one, or none was registered.
    """
    check_digests(folder, digests)
    arrays: dict[str, np.ndarray] = unpack_arrays((folder / FACTORS).read_bytes())
    about = json.loads((folder / ABOUT).read_text())
    if about["layout"] != LAYOUT:
        raise ValueError(f"clusters of layout {about['layout']}; this code reads {LAYOUT}")
    clusters = [
        Cluster(each["number"], each["name"], tuple((name, sign) for name, sign in each["marks"]))
        for each in about["clusters"]
    ]
    scaling = Scaling(**{each.name: arrays[f"scaling/{each.name}"] for each in fields(Scaling)})
    return Clustering(
        tuple(about["features"]), scaling, arrays["centres"], tuple(clusters), about["last_number"]
    )
