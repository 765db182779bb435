"""Write each customer's predictive traits by the accepted predictors.

Nobody has a score who said no to analytics or personalization, whom a review holds back, or whom the home's
restrictions name. Where these cannot be read nobody has one.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa

from expectations.contracts.home import HomePaths
from expectations.contracts.lake import CORE_IDENTITIES, PRED_CUSTOMER_SCORES
from expectations.contracts.restrictions import RestrictionsUnreadable
from expectations.contracts.restrictions_store import RestrictionDatabase
from models.model_version import PREDICTIONS
from models.predictions.artifact import PredictionArtifact
from models.predictions.scoring import TraitScores, score_customers
from models.predictions.traits import SPEND_TRAIT
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.tables import Lake, WriteResult
from spark_jobs.learning_data.customer_history import read_customer_history
from spark_jobs.run.context import RunContext
from spark_jobs.run.model_registry import open_registry

logger = logging.getLogger(__name__)


def write_predictions(run: RunContext, lake: Lake, con: duckdb.DuckDBPyConnection) -> WriteResult:
    """Make `pred_customer_scores` hold tonight's scores; none where no predictor is accepted.

    Args:
        con: of `open_learning_data`.
    """
    return lake.replace(compute_predictions(run, lake, con), PRED_CUSTOMER_SCORES)


def compute_predictions(run: RunContext, lake: Lake, con: duckdb.DuckDBPyConnection) -> pa.Table:
    """Tonight's rows of `pred_customer_scores`."""
    registry = open_registry(run, PREDICTIONS)
    champion = registry.champion()
    found = read_customer_history(con, lake) if champion else None
    if found is None:
        return build_arrow_schema(PRED_CUSTOMER_SCORES).empty_table()
    history, customer_ids = found
    artifact = PredictionArtifact.load(registry.download_file(champion, "model"), champion.digests)
    allowed = find_allowed(run.settings.paths, lake, customer_ids)
    scores = score_customers(history, list(artifact.predictors), allowed)
    ids, day = np.array(customer_ids), np.datetime64(history.until, "D").astype(object)
    parts = [format_scores(name, ids, each) for name, each in scores.items()]
    rows = pa.concat_tables(parts) if parts else build_arrow_schema(PRED_CUSTOMER_SCORES).empty_table()
    constants = {
        "scored_date": pa.array([day] * rows.num_rows, pa.date32()),
        "model_version": pa.array([champion.model_version] * rows.num_rows, pa.string()),
    }
    schema = build_arrow_schema(PRED_CUSTOMER_SCORES)
    columns = [constants[f.name] if f.name in constants else rows[f.name].cast(f.type) for f in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def format_scores(trait: str, ids: np.ndarray, scores: TraitScores) -> pa.Table:
    """One trait's rows, without the columns that are equal in all."""
    n = len(scores.customer)
    values, none = pa.array(scores.value, pa.float64()), pa.nulls(n, pa.float64())
    is_spend = trait.startswith(SPEND_TRAIT)
    kind = build_arrow_schema(PRED_CUSTOMER_SCORES).field("reasons").type
    return pa.table(
        {
            "customer_id": pa.array(ids[scores.customer].tolist(), pa.string()),
            "trait": pa.array([trait] * n, pa.string()),
            "probability": none if is_spend else values,
            "expected_spend": values if is_spend else none,
            "percentile": pa.array(scores.percentile, pa.int32()),
            "decile": pa.array(scores.decile, pa.int32()),
            "reasons": pa.array([[vars(reason) for reason in row] for row in scores.reasons], kind),
        }
    )


def find_allowed(paths: HomePaths, lake: Lake, customer_ids: Sequence[str]) -> np.ndarray:
    """bool [customers]: whom the restrictions that hold now do not name."""
    if not paths.restrictions.exists():
        return np.ones(len(customer_ids), bool)  # before the first night is published
    names = defaultdict(list)
    identities = lake.read_arrow(CORE_IDENTITIES, ["identifier_id", "customer_id"])
    for identifier, customer in zip(*(column.to_pylist() for column in identities.columns), strict=True):
        names[customer].append(identifier)
    version = lake.version(CORE_IDENTITIES)
    try:
        with RestrictionDatabase(paths.restrictions).open_view() as view:
            return np.array([view.may_be_personal([one, *names[one]], version) for one in customer_ids], bool)
    except RestrictionsUnreadable as error:
        logger.warning(f"{error}: nobody is scored", extra={"table": PRED_CUSTOMER_SCORES.name})
        return np.zeros(len(customer_ids), bool)
