"""How a frame is written over a table, and what a write did."""

from dataclasses import dataclass, field
from datetime import date


@dataclass
class WriteResult:
    """What a write did. `version_before` is None for a table that did not exist."""

    version_before: int | None
    version_after: int | None
    n_inserted: int = 0
    n_updated: int = 0
    n_unchanged: int = 0
    n_kept: int = 0  # rows that differ and were not allowed to replace the old ones
    n_deleted: int = 0
    touched_dates: list[date] = field(default_factory=list)


@dataclass(frozen=True)
class WriteOptions:
    """How a frame is written over a table.

    Attributes:
        delete_absent: rows of the table that the frame has not are deleted.
        update_when: SQL over `new` and `old` that a changed row must meet to replace the old one.
        within: SQL over the table's columns: the part of the table that is written.
        counted: a boolean column beside the contract's: only rows where it is true are counted by outcome.
        n_rows: how many rows are offered, where that is known.
    """

    delete_absent: bool = False
    update_when: str = "true"
    within: str = "true"
    counted: str | None = None
    n_rows: int | None = None
