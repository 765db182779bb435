"""Refused records of the lake: how many, why, and samples without anybody's values."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from expectations.contracts.home import HomePaths
from expectations.contracts.lake import OPS_DELIVERIES, QUARANTINE
from expectations.contracts.masking import MASK, mask_record
from expectations.contracts.personal import has_personal_value
from expectations.contracts.raw_tables import RAW_PROVENANCE
from expectations.contracts.reasons import REASONS
from pages.charts.bars import draw_stacked_bars
from pages.formats import format_number
from serving_app.console.figure_records import label_days, list_days, stack
from serving_app.timelines.lake_reading import ask_tables, list_columns

MOST_SAMPLES = 20
DAYS_ON_CHART = 30
LONGEST_HEADER = 64 << 10
TABLES = {"quarantine": QUARANTINE, "deliveries": OPS_DELIVERIES}
# Records of files that were replaced since are of no interest to anybody who mends a feed.
CURRENT = """
    from quarantine
    where delivery_id not in (select delivery_id from deliveries where superseded_by is not null)
"""
GROUPS = f"""
    select source, entity, reason, count(*) as n, min(landing_date), max(landing_date)
    {CURRENT}
    group by all
    order by max(landing_date) desc, n desc, source, entity, reason
"""
BY_DAY = f"select landing_date, reason, count(*) {CURRENT} group by all order by all"
SAMPLES = f"""
    select landing_date, source_file, source_line, raw_text, detail
    {CURRENT} and source = $source and entity = $entity and reason = $reason
    order by landing_date desc, source_file, source_line
    limit {MOST_SAMPLES}
"""


@dataclass(frozen=True)
class Group:
    """Refused records of one feed for one reason, and what the reason means."""

    source: str
    entity: str
    reason: str
    n: int
    first: date
    last: date

    @property
    def meaning(self) -> str:
        return REASONS.get(self.reason, "")


@dataclass(frozen=True)
class Sample:
    """A refused record as it may be shown."""

    landing_date: date
    place: str
    detail: str
    text: str


class QuarantineService:
    """The quarantine of a home."""

    def __init__(self, home: Path) -> None:
        self._paths = HomePaths(home)

    def list_groups(self) -> list[Group]:
        """Refused records by feed and reason, those of the newest day first."""
        return [Group(*row) for row in ask_tables(self._paths.lake, TABLES, GROUPS, {})]

    def draw_days(self) -> str:
        """Refused records of the last days by reason."""
        rows = ask_tables(self._paths.lake, TABLES, BY_DAY, {})
        days = list_days(rows[0][0], rows[-1][0])[-DAYS_ON_CHART:] if rows else []
        shown = [row for row in rows if days and row[0] >= days[0]]
        return draw_stacked_bars(
            "Refused records by day of receipt",
            label_days(days),
            stack(days, shown),
            format_label=format_number,
        )

    def list_samples(self, source: str, entity: str, reason: str) -> list[Sample]:
        """The newest refused records of a feed for a reason, masked."""
        asked = {"source": source, "entity": entity, "reason": reason}
        rows = ask_tables(self._paths.lake, TABLES, SAMPLES, asked)
        if not rows:
            return []
        columns = list_columns(self._paths.lake / f"raw_{source}__{entity}") - set(RAW_PROVENANCE)
        headers = {name: self._read_header(name, columns) for _, name, *_ in rows}
        return [
            Sample(day, f"{name} line {line}", mask_detail(detail), mask_record(text or "", headers[name]))
            for day, name, line, text, detail in rows
        ]

    def _read_header(self, name: str, columns: set[str]) -> list[str] | None:
        """The header of a landed CSV file; None of another format, or where it does not name the columns that
        its feed has: a first line without them may hold somebody's values.
        """
        path = (self._paths.landing / name).resolve()
        if path.suffix.lower() != ".csv" or not path.is_relative_to(self._paths.landing.resolve()):
            return None
        try:
            with path.open(encoding="utf-8", newline="") as file:
                header = read_names(file.readline(LONGEST_HEADER))
        except (OSError, ValueError):
            return None
        return header if columns and columns <= set(header) else None


def read_names(line: str) -> list[str]:
    """The names in the first line of a CSV file; none where it cannot be read."""
    try:
        return [name.strip() for name in next(csv.reader((line,), strict=True), [])]
    except csv.Error:
        return []


def mask_detail(detail: str | None) -> str:
    """What a record was refused for, unless that quotes somebody's value."""
    return MASK if detail and has_personal_value(detail) else detail or ""


def count_records(groups: Sequence[Group]) -> int:
    """The records of all groups."""
    return sum(group.n for group in groups)
