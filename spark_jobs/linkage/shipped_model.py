"""The shipped model, with which every home starts: how it is fitted.

It holds weights and no values of people. It is fitted on the customer file of a simulated shop whose truth is
known (`benchmarks/shipped_linkage_model.py` makes that file, writes the model and judges it on other shops).
A model fitted on a home's first night would make the home's tables hang on which night that was.
"""

import duckdb

from spark_jobs.linkage.cluster import ClusterThresholds
from spark_jobs.linkage.model import LinkageModel
from spark_jobs.linkage.profile import RecordTable
from spark_jobs.linkage.refit import fit_on_known_pairs

# A household's second card joins by all of its pairs, or not at all.
SHIPPED_THRESHOLDS = ClusterThresholds(join=1.0, attach=1.0, small=0)


def fit_shipped_model(con: duckdb.DuckDBPyConnection, records: RecordTable, known: str) -> LinkageModel:
    """The model to ship, fitted on these records.

    Args:
        known: table of `record_key`, `person`: who truly stands behind each record.

    Raises:
        TooFewKnownPairsError: too few pairs of one person, or of two.
    """
    return fit_on_known_pairs(con, records, known, SHIPPED_THRESHOLDS, holds_values=False)
