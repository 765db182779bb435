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

import pyarrow.compute as pc

from expectations.contracts.lake import OPS_RUNS
from expectations.suites import SUITES
from expectations.suites.suite import Suite
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import TableReport
from spark_jobs.run.gx import UnmetExpectation, find_unmet_expectations

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
    "score": (
        "rec_customer_items_v1",
        "rec_item_items_v1",
        "rec_audience_items_v1",
        "rec_fold_in_v1",
        "rec_item_next_v1",
        "rec_steering_v1",
    ),
}
# Checked before the step reads them: `export` writes these without a JVM, and `train` is their first reader
# and has one.
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


def read_passed_checks(lake: Lake) -> set[tuple[str, int, str]]:
    """(table's id, version, suite) of every check result that let a table pass."""
    runs = lake.read_arrow(OPS_RUNS, columns=["step", "version_after", "detail"])
    rows = runs.filter(pc.equal(runs["step"], STEP)).to_pylist()
    details = [(row["version_after"], json.loads(row["detail"])) for row in rows]
    return {
        (detail.get("table_id", ""), version, detail["suite"])
        for version, detail in details
        if detail["passed"]
    }


def find_unchecked_tables(lake: Lake, tables: Sequence[str]) -> list[tuple[Suite, str, int]]:
    """The suites of those of these tables that hold a version that has not passed, with the table's id and
    that version.
    """
    suites = [SUITES[name] for name in tables if lake.exists(SUITES[name].table)]
    passed = read_passed_checks(lake) if suites else set()
    table_versions = [(suite, *lake.read_table_id_and_version(suite.table)) for suite in suites]
    return [one for one in table_versions if (*one[1:], hash_suite(one[0])) not in passed]


def check_tables(lake: Lake, tables: Sequence[str]) -> list[CheckResult]:
    """Check those of these tables that have not passed yet, and log each result.

    Args:
        lake: with a session, if `find_unchecked_tables` finds anything.
        tables: names; a table that was never written is not there to be checked.
    """
    results = []
    for suite, table_id, version in find_unchecked_tables(lake, tables):
        unmet = find_unmet_expectations(
            lake.read(suite.table, version),
            suite.table.name,
            suite.expectations,
            lake.is_small(suite.table, version),
        )
        result = CheckResult(
            suite.table.name, table_id, version, hash_suite(suite), len(suite.expectations), tuple(unmet)
        )
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
