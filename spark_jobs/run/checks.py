"""What a step wrote is checked before anyone may read it: style rule 35, once, at the border.

A check result belongs to a version of a table and a suite, and stands in `ops_runs` under the step
`validate`. The table is known by its id, because one made anew counts its versions from 0 again. So a table
that was not written again is not checked again; and a step that failed at its border fails again when it is
retried, even if its job then finds nothing new to do.
"""

import hashlib
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from deltalake.exceptions import DeltaError

from expectations.contracts.lake import OPS_RUNS
from expectations.suites import SUITES
from expectations.suites.suite import Suite
from spark_jobs.lake.queries import open_database
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import TableReport
from spark_jobs.run.suite_evaluation import MEMORY_LIMIT, UnmetExpectation, find_unmet_expectations

logger = logging.getLogger(__name__)
STEP = "validate"
# Checked when the step has written them.
OUTGOING_TABLES = {
    "ingest": (
        "core_events",
        "core_order_lines",
        "core_people",
        "core_items",
        "core_item_changes",
        "core_consents",
        "core_identifiers",
        "core_impressions",
        "quarantine",
    ),
    "identify": (
        "core_identity_likeness",
        "core_identity_decisions",
        "core_identity_links",
        "core_identities",
        "core_identity_changes",
        "core_identity_reviews",
    ),
    "export": (
        "fct_interactions",
        "feat_customers",
        "feat_customer_traits",
        "feat_items",
        "feat_live_segments",
        "feat_segment_states",
    ),
    "score": (
        "rec_customer_items_v1",
        "rec_item_items_v1",
        "rec_audience_items_v1",
        "rec_fold_in_v1",
        "rec_item_next_v1",
        "rec_steering_v1",
        "pred_customer_scores",
        "pred_customer_clusters",
        "pred_customer_segments",
    ),
}
# Checked again before the step reads them, where they have not passed: `train` may be started by hand.
INCOMING_TABLES = {"train": ("fct_interactions", "feat_customers", "feat_items")}


class BorderError(Exception):
    """A table is not what it promises. The message names table, expectation, count and reason, and holds no
    value.
    """


@dataclass(frozen=True)
class CheckResult:
    """What a suite said of one version of a table."""

    table_name: str
    table_id: str
    version: int
    suite: str
    n_expectations: int
    unmet: tuple[UnmetExpectation, ...] = ()

    @property
    def passed(self) -> bool:
        return not any(each.is_fatal for each in self.unmet)

    def log(self) -> None:
        """Log how many expectations are met, and each that is not: an error where it stops the run."""
        fields = {"step": STEP, "table": self.table_name}
        n_met = self.n_expectations - len(self.unmet)
        logger.info(f"{self.table_name:<28} {n_met} of {self.n_expectations} expectations met", extra=fields)
        for each in self.unmet:
            level = logging.ERROR if each.is_fatal else logging.WARNING
            logger.log(level, f"{self.table_name}: {each}", extra=fields)

    def report(self) -> TableReport:
        """The result as a row of `ops_runs`."""
        detail = {
            "n_expectations": self.n_expectations,
            "n_unmet": len(self.unmet),
            "passed": self.passed,
            "suite": self.suite,
            "table_id": self.table_id,
            "unmet": [
                {"expectation": e.expectation.name, "severity": e.expectation.severity, "n_rows": e.n_rows}
                for e in self.unmet
            ],
        }
        return TableReport(self.table_name, self.version, self.version, detail=detail)


def hash_suite(suite: Suite) -> str:
    """Hash of all that a suite says, 12 hex digits: a changed suite checks again."""
    declared = [(e.kind, sorted(e.arguments.items()), e.severity, e.sql) for e in suite.expectations]
    return hashlib.sha256(repr(declared).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class PassedCheck:
    """The newest version of a table that a suite let pass, and the expectations that it did not meet."""

    version: int
    unmet_names: frozenset[str]


def read_passed_checks(lake: Lake, tables: Sequence[str]) -> dict[tuple[str, str], PassedCheck]:
    """(table's id, suite) → the newest check result of these tables that let one pass."""
    rows = lake.read_matching(
        OPS_RUNS, ["version_after", "detail"], {"step": [STEP], "table_name": tables}
    ).to_pylist()
    passed: dict[tuple[str, str], PassedCheck] = {}
    for row in sorted(rows, key=lambda row: row["version_after"]):
        detail = json.loads(row["detail"])
        if detail["passed"]:
            unmet_names = frozenset(each["expectation"] for each in detail["unmet"])
            passed[detail.get("table_id", ""), detail["suite"]] = PassedCheck(
                row["version_after"], unmet_names
            )
    return passed


@dataclass(frozen=True)
class DueCheck:
    """A version of a table that has not passed its suite, and the last one that has."""

    suite: Suite
    table_id: str
    version: int
    last_passed: PassedCheck | None


def find_due_checks(lake: Lake, tables: Sequence[str]) -> list[DueCheck]:
    """The checks of those of these tables that hold a version that has not passed."""
    suites = [SUITES[name] for name in tables if lake.exists(SUITES[name].table)]
    passed = read_passed_checks(lake, [suite.table.name for suite in suites]) if suites else {}
    due = []
    for suite in suites:
        table_id, version = lake.read_table_id_and_version(suite.table)
        last = passed.get((table_id, hash_suite(suite)))
        if last is None or last.version != version:
            due.append(DueCheck(suite, table_id, version, last))
    return due


def list_new_files(lake: Lake, check: DueCheck) -> list[str] | None:
    """The files that came after the last passed version; None where there is none, or its log is gone."""
    last = check.last_passed
    if last is None or last.version > check.version:
        return None
    try:
        checked = set(lake.list_files(check.suite.table, last.version))
    except DeltaError:
        return None
    return [file for file in lake.list_files(check.suite.table, check.version) if file not in checked]


def check_table(lake: Lake, check: DueCheck) -> CheckResult:
    """What the suite says of the version.

    A file never changes. So where a version passed before, a condition over one row that all its rows met is
    asked of the files that came since, and a key is looked for among all rows by the values of those files.
    """
    suite, new_files = check.suite, list_new_files(lake, check)
    with open_database(MEMORY_LIMIT) as connection:
        all_files = lake.list_files(suite.table, check.version)
        lake.create_view(connection, suite.table, "rows", all_files)
        met_before = frozenset[str]()
        if new_files is not None:
            lake.create_view(connection, suite.table, "new_rows", new_files)
            unmet_names = check.last_passed.unmet_names
            met_before = frozenset(e.name for e in suite.expectations if e.name not in unmet_names)
        unmet = find_unmet_expectations(connection, suite.expectations, met_before)
    return CheckResult(
        suite.table.name,
        check.table_id,
        check.version,
        hash_suite(suite),
        len(suite.expectations),
        tuple(unmet),
    )


def check_tables(lake: Lake, tables: Sequence[str]) -> list[CheckResult]:
    """Check those of these tables that have not passed yet, and log each result.

    Args:
        lake: needs no session.
        tables: names; a table that was never written is not there to be checked.
    """
    results = []
    for check in find_due_checks(lake, tables):
        result = check_table(lake, check)
        result.log()
        results.append(result)
    return results


def raise_if_failed(results: list[CheckResult]) -> None:
    """Let the night go on, or stop it.

    Raises:
        BorderError: a table failed.
    """
    failures = [
        f"{result.table_name}: {each}" for result in results for each in result.unmet if each.is_fatal
    ]
    if failures:
        raise BorderError("; ".join(failures))


@dataclass
class BorderChecks:
    """One step's checks: all results so far, and the seconds they took."""

    lake: Lake
    results: list[CheckResult] = field(default_factory=list)
    seconds: float = 0.0

    def check(self, tables: Sequence[str]) -> None:
        """Check these tables.

        Raises:
            BorderError: one failed; its result is among `results`.
        """
        start = time.monotonic()
        results = check_tables(self.lake, tables)
        self.seconds += time.monotonic() - start
        self.results += results
        raise_if_failed(results)
