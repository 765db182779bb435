"""What a line of the step log says of tables: what became of the records they received, and which checks they
met. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

OUTCOMES = ("received", "inserted", "updated", "unchanged", "superseded", "duplicate", "quarantined")


@dataclass(frozen=True)
class Balance:
    """What became of the records that one table received in one feed.

    Attributes:
        counts: in the order of `OUTCOMES`.
        reasons: of the refused ones, how many for each reason code.
        suspicious: sentences on whole files that were not believed.
    """

    table: str
    source: str
    entity: str
    counts: tuple[int, ...]
    reasons: Mapping[str, int]
    suspicious: tuple[str, ...]

    @property
    def is_balanced(self) -> bool:
        """Whether every received record has one outcome."""
        return self.counts[0] == sum(self.counts[1:])


@dataclass(frozen=True)
class BorderCheck:
    """A table's suite on what a step wrote or was about to read."""

    table: str
    n_expectations: int
    unmet: tuple[str, ...]
    has_passed: bool


def read_balances(tables: Any) -> list[Balance]:
    """What became of the received records, of each table and feed."""
    balances = []
    for row in list_rows(tables):
        if row.get("n_received") is None:
            continue
        detail = row.get("detail") if isinstance(row.get("detail"), Mapping) else {}
        reasons = detail.get("reasons")
        suspicious = detail.get("suspicious_whole_files")
        balances.append(
            Balance(
                str(row.get("table_name")),
                str(detail.get("source", "")),
                str(detail.get("entity", "")),
                tuple(read_count(row.get(f"n_{name}")) for name in OUTCOMES),
                {str(code): read_count(n) for code, n in reasons.items()}
                if isinstance(reasons, Mapping)
                else {},
                tuple(map(str, suspicious)) if isinstance(suspicious, list) else (),
            )
        )
    return balances


def read_checks(tables: Any) -> list[BorderCheck]:
    """The suites that a step's border asked."""
    checks = []
    for row in list_rows(tables):
        detail = row.get("detail") if isinstance(row.get("detail"), Mapping) else {}
        unmet = [each for each in detail.get("unmet") or () if isinstance(each, Mapping)]
        checks.append(
            BorderCheck(
                str(row.get("table_name")),
                read_count(detail.get("n_expectations")),
                tuple(str(each.get("expectation")) for each in unmet),
                bool(detail.get("passed", True)),
            )
        )
    return checks


def list_rows(tables: Any) -> list[Mapping[str, Any]]:
    """The rows of a log line that are rows."""
    return [row for row in tables if isinstance(row, Mapping)] if isinstance(tables, list) else []


def read_count(value: Any) -> int:
    """A count of a log line; 0 where it is none."""
    return value if isinstance(value, int) else 0
