"""The run context that every step gets: run id, landing dates, settings and the time.

The clock is read here alone; no job reads it.
"""

import argparse
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from spark_jobs.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
CODE_FOLDERS = ("spark_jobs", "models", "segments", "expectations", "dbt_project")


class NothingNew(Exception):  # noqa: N818 - not an error
    """Raised by a step whose inputs are those of the last run; the message says how it knows."""


@dataclass(frozen=True)
class LandingDates:
    """A range of landing days, both ends included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"the range of days ends ({self.last}) before it begins ({self.first})")

    def __iter__(self) -> Iterator[date]:
        for n in range((self.last - self.first).days + 1):
            yield self.first + timedelta(days=n)

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


def slugify_run_id(run_id: str) -> str:
    """A run id as a file name: Airflow's holds colons and pluses."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", run_id)


@dataclass(frozen=True)
class RunContext:
    """One run of the pipeline. `now` is for logs (`ops_runs`, `published_at`), never for
    data.
    """

    run_id: str
    days: LandingDates
    settings: Settings
    now: datetime
    code_hash: str = ""
    config_hash: str = ""

    @property
    def slug(self) -> str:
        """The run's name among files."""
        return slugify_run_id(self.run_id)


@dataclass
class TableReport:
    """What a step did to one table: goes to `ops_runs` and to the screen.

    For entities that received records, the outcomes add up to `n_received` (see `is_balanced`).
    """

    table_name: str
    version_before: int | None = None
    version_after: int | None = None
    n_rows: int | None = None
    n_received: int | None = None
    n_inserted: int = 0
    n_updated: int = 0
    n_unchanged: int = 0
    n_superseded: int = 0
    n_duplicate: int = 0
    n_quarantined: int = 0
    touched_dates: list[date] = field(default_factory=list)
    detail: dict = field(default_factory=dict)
    failure: str | None = None  # why the step fails although all was written, so that it can be looked at

    @property
    def is_balanced(self) -> bool:
        """Conservation: received = inserted + updated + unchanged + superseded + duplicate + quarantined."""
        outcomes = (
            self.n_inserted,
            self.n_updated,
            self.n_unchanged,
            self.n_superseded,
            self.n_duplicate,
            self.n_quarantined,
        )
        return self.n_received is None or self.n_received == sum(outcomes)


def hash_code(root: Path = ROOT) -> str:
    """Hash of the code that makes data: the source files of `CODE_FOLDERS` as they are on disk, 12 hex
    digits.
    """
    digest = hashlib.sha256()
    for folder in CODE_FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if (
                path.is_file()
                and path.suffix in (".py", ".sql", ".yml", ".yaml", ".csv")
                and "__pycache__" not in path.parts
                and "target" not in path.parts
                and "generated" not in path.parts
            ):
                digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def hash_config(settings: Settings) -> str:
    """Hash of the settings that can change data, 12 hex digits; where things lie and how much memory they get
    do not.
    """
    hashed = (
        settings.sources,
        settings.identity_key,
        settings.warehouse,
        settings.seed,
        settings.training_days,
    )
    return hashlib.sha256(repr(hashed).encode()).hexdigest()[:12]


def build_step_parser(step: str) -> argparse.ArgumentParser:
    """The arguments every step takes."""
    parser = argparse.ArgumentParser(prog=step)
    parser.add_argument(
        "--from", dest="first", type=date.fromisoformat, required=True, help="first landing day, YYYY-MM-DD"
    )
    parser.add_argument(
        "--to", dest="last", type=date.fromisoformat, required=True, help="last landing day, included"
    )
    parser.add_argument("--run-id", required=True, help="the Airflow run")
    return parser


def parse_run_context(step: str, argv: Sequence[str]) -> RunContext:
    """The run context that a step's command line names."""
    args = build_step_parser(step).parse_args(argv)
    settings = Settings.from_environment()
    return RunContext(
        run_id=args.run_id,
        days=LandingDates(args.first, args.last),
        settings=settings,
        now=datetime.now(UTC),
        code_hash=hash_code(),
        config_hash=hash_config(settings),
    )
