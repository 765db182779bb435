"""Great Expectations with an ephemeral context, no logs, on a Spark frame, and never asked to show a value.

Its results hold the failing values unless it is asked for booleans; so it is asked for booleans, and then,
for the few that were not met, for counts with no examples. Neither its own results nor its messages leave
this module.
"""

import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from expectations.suites.suite import FAIL, Expectation

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame

SEVERITY = {"fail": "critical", "warn": "warning"}
COUNTS_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0}


@dataclass(frozen=True)
class UnmetExpectation:
    """An expectation that is not met, and by how many rows (None where it is not about rows, or could not be
    evaluated).
    """

    expectation: Expectation
    n_rows: int | None
    could_not_run: bool = False

    @property
    def is_fatal(self) -> bool:
        return self.could_not_run or self.expectation.severity == FAIL

    def __str__(self) -> str:
        rows = (
            "could not be evaluated"
            if self.could_not_run
            else ""
            if self.n_rows is None
            else f"{self.n_rows:,} rows"
        )
        return f"{self.expectation.name}{f' ({rows})' if rows else ''}: {self.expectation.reason}"


def find_unmet_expectations(
    frame: "DataFrame", name: str, expectations: Sequence[Expectation], is_small: bool = False
) -> list[UnmetExpectation]:
    """The expectations that this frame does not meet, in their order.

    Args:
        frame: the table's rows.
        name: the table's name.
        expectations: all of them are evaluated; a condition over a row becomes a boolean column first.
        is_small: the rows fit the driver's memory. Then Spark works out the conditions and pandas the rest:
            of a night's eight tables with a few thousand rows each, Spark alone took 17 s, most of it the
            starting of jobs.
    """
    nested = any(kind.startswith(("array", "map")) for _, kind in frame.dtypes)
    columns = dict.fromkeys(column for each in expectations for column in each.columns)
    rows = [f"({each.sql}) as `{each.arguments['column']}`" for each in expectations if each.sql]
    frame = frame.selectExpr(*[f"`{column}`" for column in columns], *rows)
    with silence_spark_logs():
        here = collect_to_pandas(frame) if is_small else None
        if here is None and nested:
            # A condition over an array is interpreted, and Spark would work it out anew in each aggregate
            # that reads it: 16 s for 4,000 lists. Flat frames are not kept: 541,909 order lines took longer
            # to cache than to read twice.
            frame = frame.localCheckpoint()
        batch = build_batch(frame if here is None else here, name)
        results = zip(expectations, evaluate_expectations(batch, expectations, "BOOLEAN_ONLY"), strict=True)
        failed = [each for each, result in results if not result.success]
        counted = (
            zip(failed, evaluate_expectations(batch, failed, COUNTS_ONLY), strict=True) if failed else ()
        )
        return [
            UnmetExpectation(each, (result.result or {}).get("unexpected_count"), has_raised(result))
            for each, result in counted
        ]


def collect_to_pandas(frame: "DataFrame") -> "pd.DataFrame | None":
    """The rows in pandas; None when a condition could not be worked out, which Spark's own path tells apart
    by expectation.
    """
    from pyspark.errors import PySparkException

    try:
        return frame.toArrow().to_pandas(date_as_object=True)
    except PySparkException:
        return None


@contextmanager
def silence_spark_logs() -> Iterator[None]:
    """Nothing of PySpark's in the log: of a condition that raises, it logs the very value that did it. Spark
    itself logs nothing (`lake.session`).
    """
    from pyspark.logger import PySparkLogger

    loggers = [
        PySparkLogger.getLogger(name) for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger")
    ]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger in loggers:
            logger.disabled = False


def import_great_expectations() -> ModuleType:
    """The package, with its analytics off and its logs shut: they quote what was looked at."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read when the package is imported
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        package = import_module("great_expectations")
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    return package


def build_batch(frame: "DataFrame | pd.DataFrame", name: str):
    """The frame, Spark's or pandas', as a batch of a context that lives in memory and makes no folder for its
    docs.
    """
    package = import_great_expectations()
    config = import_module("great_expectations.data_context.types.base")
    context = package.get_context(
        mode="ephemeral",
        project_config=config.DataContextConfig(
            store_backend_defaults=config.InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            progress_bars=config.ProgressBarsConfig(globally=False),
            analytics_enabled=False,
        ),
    )
    sources = context.data_sources
    source = (
        sources.add_spark("lake", persist=False)
        if hasattr(frame, "sparkSession")
        else sources.add_pandas("lake")
    )
    definition = source.add_dataframe_asset(name).add_batch_definition_whole_dataframe(name)
    return definition.get_batch({"dataframe": frame})


def evaluate_expectations(batch, expectations: Sequence[Expectation], result_format) -> list:
    """Great Expectations' results, in the order asked: one run for all, so that their aggregates share one
    query.
    """
    suite = import_great_expectations().ExpectationSuite(name="suite")
    for number, each in enumerate(expectations):
        said = {
            **each.arguments,
            "severity": SEVERITY[each.severity],
            "meta": {"number": number, "reason": each.reason},
        }
        suite.add_expectation(get_expectation_class(each.kind)(**said))
    results = batch.validate(suite, result_format=result_format).results
    return sorted(results, key=lambda result: result.expectation_config.meta["number"])


def get_expectation_class(kind: str) -> type:
    """`expect_column_values_to_be_unique` → Great Expectations' `ExpectColumnValuesToBeUnique`.

    Raises:
        AttributeError: there is no such expectation.
    """
    return getattr(
        import_great_expectations().expectations, "".join(part.capitalize() for part in kind.split("_"))
    )


def has_raised(result) -> bool:
    """Whether evaluating it raised: then it says nothing about the rows, and its message may quote them."""
    info = result.exception_info or {}
    return bool(info.get("raised_exception")) or any(
        isinstance(i, dict) and i.get("raised_exception") for i in info.values()
    )
