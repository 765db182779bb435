"""Columns that grow: the shop's people, items and devices, one numpy array an attribute."""

import numpy as np


class Columns:
    """Equally long one-dimensional arrays by name, read as attributes; `append` adds rows to all of them."""

    def __init__(self, **arrays: np.ndarray) -> None:
        self.arrays: dict[str, np.ndarray] = {}
        if arrays:
            self.append(**arrays)

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values()))) if self.arrays else 0

    def __getattr__(self, name: str) -> np.ndarray:
        if name == "arrays" or name not in self.arrays:
            raise AttributeError(name)
        return self.arrays[name]

    def append(self, **arrays: np.ndarray) -> np.ndarray:
        """Add rows; returns their row numbers.

        Raises:
            ValueError: the names are not those of the columns there are, or the lengths differ.
        """
        lengths = {len(values) for values in arrays.values()}
        if len(lengths) != 1 or (self.arrays and set(arrays) != set(self.arrays)):
            raise ValueError(
                f"columns {sorted(arrays)} with lengths {lengths} do not fit {sorted(self.arrays)}"
            )
        before = len(self)
        for name, values in arrays.items():
            values = np.asarray(values)
            self.arrays[name] = np.concatenate([self.arrays[name], values]) if before else values.copy()
        return np.arange(before, len(self))

    def take(self, rows: np.ndarray) -> "Columns":
        """The named rows, as columns of their own."""
        return Columns(**{name: values[rows] for name, values in self.arrays.items()})
