"""Great Expectations' own answers about a pandas frame: the oracle of what our queries mean by its words."""

import logging
import os
import warnings
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

import pandas as pd

from expectations.suites.suite import Expectation

COUNTS_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0}


def import_great_expectations() -> ModuleType:
    """The package, with its analytics off and its logs shut: they quote what was looked at."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read when the package is imported
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        package = import_module("great_expectations")
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    return package


def get_expectation_class(kind: str) -> type:
    """`expect_column_values_to_be_unique` → Great Expectations' `ExpectColumnValuesToBeUnique`.

    Raises:
        AttributeError: there is no such expectation.
    """
    return getattr(
        import_great_expectations().expectations, "".join(part.capitalize() for part in kind.split("_"))
    )


def count_unmet(frame: pd.DataFrame, expectations: Sequence[Expectation]) -> dict[str, int | None]:
    """By name, the expectations that the frame does not meet, and by how many rows."""
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
    asset = context.data_sources.add_pandas("frames").add_dataframe_asset("rows")
    batch = asset.add_batch_definition_whole_dataframe("rows").get_batch({"dataframe": frame})
    suite = package.ExpectationSuite(name="suite")
    for number, each in enumerate(expectations):
        suite.add_expectation(get_expectation_class(each.kind)(**each.arguments, meta={"number": number}))
    results = batch.validate(suite, result_format=COUNTS_ONLY).results
    return {
        expectations[result.expectation_config.meta["number"]].name: (result.result or {}).get(
            "unexpected_count"
        )
        for result in results
        if not result.success
    }
