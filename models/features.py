"""Attributes as matrices: tokens such as `brand=Elm` or `word=lantern` become columns, few to a row.

LightFM's cost grows with the attributes of a row, so a row has tens of them and never hundreds; a token that
fewer than `MIN_ROWS` rows have says less than the row's id does.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from scipy import sparse

MIN_ROWS = 5
# Likeness is read from what two items share: a word that only they have says more than one that hundreds
# have.
SHARED = 2
RUNS = (3, 4, 5)


def build_vocabulary(rows: Iterable[Sequence[str]], min_rows: int = MIN_ROWS) -> dict[str, int]:
    """Column of each token that enough rows have, columns in the tokens' order."""
    counts = Counter(token for tokens in rows for token in set(tokens))
    return {
        token: n
        for n, token in enumerate(sorted(token for token, count in counts.items() if count >= min_rows))
    }


def encode_tokens(rows: Sequence[Sequence[str]], columns: dict[str, int]) -> sparse.csr_matrix:
    """csr float32 [rows, columns]: 1 where the row has the token; tokens without a column are left out."""
    columns_by_row = [sorted({columns[token] for token in tokens if token in columns}) for tokens in rows]
    indptr = np.concatenate([[0], np.cumsum([len(row_columns) for row_columns in columns_by_row])]).astype(
        np.int32
    )
    indices = np.array([column for row_columns in columns_by_row for column in row_columns], np.int32)
    return sparse.csr_matrix(
        (np.ones(len(indices), np.float32), indices, indptr), shape=(len(rows), len(columns))
    )


def extract_letter_runs(words: Sequence[str]) -> list[str]:
    """Tokens of every run of 3 to 5 characters of a title, ends of words included: `LANTERNS` shares most of
    `LANTERN`.
    """
    text = f" {' '.join(words)} " if words else ""
    runs = {text[start : start + n] for n in RUNS for start in range(len(text) - n + 1)}
    return [f"letters={run}" for run in sorted(runs)]


def number_names(names: Sequence[str | None]) -> np.ndarray:
    """int32 [names]: each name's place in the order of the names there are; -1 for None."""
    place = {name: n for n, name in enumerate(sorted({name for name in names if name is not None}))}
    return np.array([-1 if name is None else place[name] for name in names], np.int32)
