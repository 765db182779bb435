"""Scored pairs as arrays: what the boosted models learn from."""

import duckdb
import numpy as np


def vector_columns(con: duckdb.DuckDBPyConnection, scored: str) -> dict[str, str]:
    """Feature -> SQL over a table that `score` wrote: total weight, each comparison's weight, and its frequency part alone."""
    columns = [name for (name,) in con.execute(f"select column_name from (describe {scored})").fetchall()]
    features = {"match_weight": "match_weight"}
    for name in (c for c in columns if c.startswith("mw_") and not c.startswith("mw_tf_adj_")):
        frequency = name.replace("mw_", "mw_tf_adj_", 1)
        features[name] = f"{name} + {frequency}" if frequency in columns else name
        if frequency in columns:
            features[frequency] = frequency
    return features


def read_vectors(con: duckdb.DuckDBPyConnection, scored: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`left`, `right` (row numbers) and features in bits, shape (n_pairs, n_features), float32, in order of the pairs."""
    features = vector_columns(con, scored)
    select = ", ".join(f"cast({sql} as float) as f{i}" for i, sql in enumerate(features.values()))
    got = con.execute(f"select idx_l, idx_r, {select} from {scored} order by idx_l, idx_r").fetchnumpy()
    matrix = np.empty((len(got["idx_l"]), len(features)), dtype=np.float32)
    for i in range(len(features)):
        matrix[:, i] = got.pop(f"f{i}")
    return np.asarray(got["idx_l"]), np.asarray(got["idx_r"]), matrix
