"""Write each customer's predictive traits by the accepted predictors."""

import logging

import numpy as np
import pyarrow as pa

from expectations.contracts.lake import PRED_CUSTOMER_SCORES
from models.model_version import PREDICTIONS
from models.predictions.artifact import PredictionArtifact
from models.predictions.scoring import TraitScores, score_customers, select_usable
from models.predictions.traits import SPEND_TRAIT
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.tables import Lake, WriteResult
from spark_jobs.run.context import RunContext
from spark_jobs.run.model_registry import open_registry
from spark_jobs.score.scorable_customers import ScorableCustomers

logger = logging.getLogger(__name__)


def write_predictions(run: RunContext, lake: Lake, scorable: ScorableCustomers) -> WriteResult:
    """Make `pred_customer_scores` hold tonight's scores; none where no predictor is accepted."""
    return lake.replace(compute_predictions(run, scorable), PRED_CUSTOMER_SCORES)


def compute_predictions(run: RunContext, scorable: ScorableCustomers) -> pa.Table:
    """Tonight's rows of `pred_customer_scores`."""
    registry = open_registry(run, PREDICTIONS)
    champion = registry.champion()
    if champion is None or scorable.is_empty:
        return build_arrow_schema(PRED_CUSTOMER_SCORES).empty_table()
    artifact = PredictionArtifact.load(registry.download_file(champion, "model"), champion.digests)
    predictors = select_usable(artifact.predictors)
    if len(predictors) < len(artifact.predictors):
        logger.warning(
            "predictors of other features than this code has give no scores; `train` fits anew",
            extra={"table": PRED_CUSTOMER_SCORES.name},
        )
    scores = score_customers(scorable.history, predictors, scorable.allowed)
    ids, day = np.array(scorable.customer_ids), scorable.scored_date
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
