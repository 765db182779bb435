"""Scored pairs as feature arrays, which the boosted models are fitted on."""

from collections.abc import Iterator

import duckdb
import numpy as np

BATCH_PAIRS = 500_000  # pairs; 30 features of them are 60 MB


def list_feature_columns(con: duckdb.DuckDBPyConnection, scored: str) -> dict[str, str]:
    """Feature -> SQL over a table that `score` wrote: total weight, each comparison's weight, and its
    frequency part alone.
    """
    columns = [name for (name,) in con.execute(f"select column_name from (describe {scored})").fetchall()]
    features = {"match_weight": "match_weight"}
    for name in (c for c in columns if c.startswith("mw_") and not c.startswith("mw_tf_adj_")):
        frequency = name.replace("mw_", "mw_tf_adj_", 1)
        features[name] = f"{name} + {frequency}" if frequency in columns else name
        if frequency in columns:
            features[frequency] = frequency
    return features


def iterate_feature_batches(
    con: duckdb.DuckDBPyConnection, scored: str, size: int = BATCH_PAIRS
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """`left`, `right` (`idx` of both records) and features in bits, shape (n_pairs, n_features), float32,
    `size` pairs at a time.

    The connection is busy until the last batch is read.
    """
    features = list_feature_columns(con, scored)
    select = ", ".join(f"cast({sql} as float) as f{i}" for i, sql in enumerate(features.values()))
    for batch in con.sql(
        f"select idx_l, idx_r, {select} from {scored} order by idx_l, idx_r"
    ).to_arrow_reader(size):
        left, right, *columns = (column.to_numpy(zero_copy_only=False) for column in batch.columns)
        yield left, right, np.column_stack(columns)


def read_feature_vectors(
    con: duckdb.DuckDBPyConnection, scored: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The batches of `iterate_feature_batches` as one: `left`, `right` and features."""
    features = list_feature_columns(con, scored)
    n = con.execute(f"select count(*) from {scored}").fetchall()[0][0]
    left, right = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    matrix, at = np.empty((n, len(features)), dtype=np.float32), 0
    for some_left, some_right, some in iterate_feature_batches(con, scored):
        part = slice(at, at + len(some_left))
        left[part], right[part], matrix[part], at = some_left, some_right, some, part.stop
    return left, right, matrix
