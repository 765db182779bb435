"""Compute all lists with the accepted model: of customers, of similar items, of audiences.

Reads:   fct_interactions, feat_customers, feat_items, the accepted model where there is one
Writes:  rec_customer_items_v1, rec_item_items_v1, rec_audience_items_v1, rec_fold_in_v1, rec_item_next_v1,
         rec_steering_v1; pred_customer_scores by the accepted predictors,
         pred_customer_clusters by the accepted clusters, pred_customer_segments
If it fails: last night's lists are still published; clear the task. A model whose files are not those that
were registered is refused here: find out who changed them, or run a search.
"""

from dataclasses import replace

import duckdb

from expectations.contracts.lake import (
    PRED_CUSTOMER_CLUSTERS,
    PRED_CUSTOMER_SCORES,
    PRED_CUSTOMER_SEGMENTS,
    REC_AUDIENCE_ITEMS,
    REC_CUSTOMER_ITEMS,
    REC_FOLD_IN,
    REC_ITEM_ITEMS,
    REC_ITEM_NEXT,
    REC_STEERING,
)
from expectations.contracts.tables import Table
from spark_jobs.engine.shared_objects import share_object
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.queries import run_query
from spark_jobs.lake.tables import Lake, WriteResult
from spark_jobs.learning_data.behaviour import find_first_training_day, open_learning_data
from spark_jobs.learning_data.sessions import number_sessions, read_session_events
from spark_jobs.run.context import RunContext, TableReport
from spark_jobs.run.model_registry import open_registry
from spark_jobs.score import clusters, learned_segments, list_frames, personal_lists, predictions
from spark_jobs.score.audiences import sum_audience_tastes
from spark_jobs.score.interaction_span import read_interaction_span
from spark_jobs.score.item_demand import count_item_demand
from spark_jobs.score.scorable_customers import read_scorable_customers
from spark_jobs.score.scoring_model import build_scoring_model
from spark_jobs.sources.registry import find_shop_time_zone

NO_MODEL = "none"  # the model version of lists before a model is accepted


def run(run: RunContext, lake: Lake) -> list[TableReport]:
    """Score with the champion. Without one, write only the lists that are counted: what is popular and new.

    A shop of guests, or one where nobody may be personalised for, never has a model, and yet has lists.
    """
    zone = find_shop_time_zone(run.settings.sources)
    with open_learning_data(lake, zone, run.settings.spark_memory) as con:
        lists = write_lists(run, lake, con)
        scorable = read_scorable_customers(run, lake, con)
        predicted = predictions.write_predictions(run, lake, scorable)
        learned = learned_segments.write_learned_segments(run, lake, con, scorable)
    return [
        *lists,
        report_table_write(PRED_CUSTOMER_SCORES, predicted),
        report_table_write(PRED_CUSTOMER_CLUSTERS, clusters.write_clusters(run, lake, scorable)),
        report_table_write(PRED_CUSTOMER_SEGMENTS, learned),
    ]


def write_lists(run: RunContext, lake: Lake, con: duckdb.DuckDBPyConnection) -> list[TableReport]:
    """Write every table of lists from the data of `open_learning_data`."""
    registry, settings = open_registry(run), run.settings
    champion = registry.champion()
    span = read_interaction_span(con)
    if span is None:
        return [TableReport("model", detail={"verdict": "nobody did anything yet, so there are no lists"})]
    demand = count_item_demand(con, span)
    version = champion.model_version if champion else NO_MODEL
    if champion:
        artifact = registry.load(champion)
        provenance = [champion.run_id, run.code_hash, *sorted(champion.digests.values())]
        span = replace(span, since=find_first_training_day(con, settings.training_days))
        items = run_query(con, "select * from feat_items")
        model = build_scoring_model(artifact, items, span, version, provenance)
        with share_object(model, settings.paths.shared_objects) as shared:
            reports = [personal_lists.update_personal_lists(lake, run, shared, con)]
            similar = list_frames.compute_similar_items(lake.spark, shared, demand)
    else:
        artifact = None
        no_lists = build_arrow_schema(REC_CUSTOMER_ITEMS).empty_table()
        reports = [report_table_write(REC_CUSTOMER_ITEMS, lake.replace(no_lists, REC_CUSTOMER_ITEMS))]
        similar = build_arrow_schema(REC_ITEM_ITEMS).empty_table()
    sessions = number_sessions(read_session_events(con, span.until), demand.item_ids)
    tables = [
        (REC_ITEM_ITEMS, similar),
        (REC_FOLD_IN, list_frames.export_fold_in_factors(artifact, version)),
        (REC_ITEM_NEXT, list_frames.compute_next_items(sessions, demand, version)),
        (REC_STEERING, list_frames.export_steering(artifact, version)),
        (
            REC_AUDIENCE_ITEMS,
            list_frames.compute_audience_lists(demand, sum_audience_tastes(con, span), version),
        ),
    ]
    return reports + [report_table_write(table, lake.replace(rows, table)) for table, rows in tables]


def report_table_write(table: Table, result: WriteResult) -> TableReport:
    """The rows that a write changed, for the run manifest."""
    return TableReport(
        table.name,
        result.version_before,
        result.version_after,
        n_rows=result.n_inserted + result.n_updated + result.n_unchanged,
        n_inserted=result.n_inserted,
        n_updated=result.n_updated,
        n_unchanged=result.n_unchanged,
        detail={"deleted": result.n_deleted},
    )
