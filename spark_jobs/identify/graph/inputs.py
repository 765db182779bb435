"""What the identity graph of a run is made of."""

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True)
class GraphInputs:
    """Links before any rule, and what holds some of them back.

    Attributes:
        identifiers: `core_identifiers`, in the order of their ids, every end of a link among them.
        blocked: `identifier_id, held_by`: identifiers whose value an identity rule blocks.
        links: what was seen together, is alike or was decided.
        record_clusters: `identifier_id, record_cluster`: records that are one person's by likeness.
        refused, splits: `identifier_id_a, identifier_id_b`: pairs that a decision refuses or splits.
    """

    identifiers: pa.Table
    blocked: pa.Table
    links: pa.Table
    record_clusters: pa.Table
    refused: pa.Table
    splits: pa.Table
