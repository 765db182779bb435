"""What a table promises: its name, grain, key, partition and columns.

Everything that crosses a folder is declared in this package, which imports nothing of ours, so Spark writes,
dbt sources, GX suites and the API can all be held against one page.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

MONEY = "decimal(12,4)"
AMOUNT = "decimal(18,4)"  # money times a quantity
# A million pieces at any price that MONEY holds (below 10^8) come to less than 10^14, which is what AMOUNT
# holds. The warehouse adds amounts up as decimal(38,4), below 10^34: of 2^63 lines, more than it can count,
# the sum is below 10^33.
MAX_QUANTITY = 1_000_000
# Of texts, lists and maps that a table says nothing else of. Nobody reads a longer one, and pages and answers
# repeat them.
MAX_CHARACTERS = 1_000
MAX_ENTRIES = 100


class ContractError(ValueError):
    """A frame, file or record does not have the shape its contract declares."""


@dataclass(frozen=True)
class Table:
    """One table of the lake.

    Attributes:
        name: the folder under `lake/`, and the name wherever a copy lies.
        grain: one sentence, "One row per …".
        key: the columns that identify a row; empty for an append-only log without one.
        columns: column name → Spark SQL type, in the order they are written.
        partition: a date column of `columns`, or None.
        not_null: columns that never hold null beside the key (written as a Delta constraint).
        personal: columns that hold personal values; empty everywhere but where design section 2 allows them.
        ranges: columns → least and greatest value, both allowed: narrower than their types, for what later
            steps make of them.
        lengths: columns → the most characters of a text, or entries of a list or map, where it is not
            `MAX_…`.
        checks: names → SQL that is true of every row (written as Delta constraints).
    """

    name: str
    grain: str
    key: tuple[str, ...]
    columns: Mapping[str, str]
    partition: str | None = None
    not_null: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    ranges: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    lengths: Mapping[str, int] = field(default_factory=dict)
    checks: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        mentioned = [*self.key, *self.not_null, *self.personal, *self.ranges, *self.lengths]
        mentioned += [self.partition] if self.partition else []
        missing = [name for name in mentioned if name not in self.columns]
        if missing:
            raise ContractError(f"{self.name}: {missing} are not among its columns {list(self.columns)}")

    @property
    def required(self) -> tuple[str, ...]:
        """Columns that never hold null: the key, then `not_null`."""
        return tuple(dict.fromkeys([*self.key, *self.not_null]))

    @property
    def schema(self) -> str:
        """The columns as a Spark DDL string."""
        return ", ".join(f"`{name}` {kind}" for name, kind in self.columns.items())
