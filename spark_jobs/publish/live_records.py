"""What a snapshot holds for live events: the factors they are folded into, and what they weigh in a list."""

from collections.abc import Iterator

import numpy as np

from expectations.contracts import snapshot
from expectations.contracts.lake import REC_FOLD_IN, REC_STEERING
from models.steering.weights import SteeringWeights
from models.training_data import KIND_WEIGHTS, KINDS
from spark_jobs.publish.snapshot_tables import SnapshotTables

Pairs = Iterator[tuple[bytes, bytes]]


def encode_fold_in(sources: SnapshotTables, meta: snapshot.SnapshotMeta) -> Pairs:
    """The served model's factors for fold-in; none where they are of another model than the lists."""
    rows = sources.lake.read_arrow(REC_FOLD_IN).to_pylist() if sources.lake.exists(REC_FOLD_IN) else []
    for row in rows:
        if row["model_version"] != meta.model_version:
            continue
        factors = np.array(row["factors"], np.float32).reshape(-1, row["n_components"])
        wide = factors.astype(np.float64)
        record = snapshot.FoldInFactors(
            meta.model_version,
            tuple(row["item_ids"]),
            row["n_components"],
            factors.astype("<f2").tobytes(),
            (wide.T @ wide).astype("<f8").tobytes(),
            row["confidence"],
            row["regularisation"],
            row["half_life_days"],
            tuple(zip(KINDS, KIND_WEIGHTS.tolist(), strict=True)),
            tuple((one["most_events"], one["weight"]) for one in row["trust"]),
        )
        yield snapshot.FOLD_IN, snapshot.pack_record(record)


def encode_steering(sources: SnapshotTables, meta: snapshot.SnapshotMeta) -> Pairs:
    """What live behaviour weighs in the served model's lists; none where it is of another model."""
    rows = sources.lake.read_arrow(REC_STEERING).to_pylist() if sources.lake.exists(REC_STEERING) else []
    for row in rows:
        if row["model_version"] == meta.model_version:
            weights = SteeringWeights.from_rows(row["half_life_places"], row["cohorts"])
            record = snapshot.SteeringRecord(
                meta.model_version, KINDS, weights.half_life_places, tuple(map(tuple, weights.cohorts))
            )
            yield snapshot.STEERING, snapshot.pack_record(record)
