"""Texts as numbers: where they stand among sorted ones, so that the smaller text has the smaller number."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def sort_values(values: pa.ChunkedArray | pa.Array) -> pa.Array:
    """The values ascending."""
    ordered = values.take(pc.sort_indices(values))
    return ordered.combine_chunks() if isinstance(ordered, pa.ChunkedArray) else ordered


def find_positions(values: pa.ChunkedArray | pa.Array, among: pa.Array) -> np.ndarray:
    """Where each value stands in `among`; -1 where it does not."""
    return pc.fill_null(pc.index_in(values, value_set=among), -1).to_numpy().astype(np.int64)
