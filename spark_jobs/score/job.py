"""Compute all lists with the accepted model: of customers, of similar items, of audiences.

Reads:   fct_interactions, feat_customers, feat_items, the accepted model where there is one
Writes:  rec_customer_items_v1, rec_item_items_v1, rec_audience_items_v1, rec_fold_in_v1, rec_item_next_v1,
         rec_steering_v1
If it fails: last night's lists are still published; clear the task. A model whose files are not those that
were registered is refused here: find out who changed them, or run a search.
"""

from contextlib import ExitStack
from dataclasses import replace

from expectations.contracts.lake import (
    FCT_INTERACTIONS,
    FEAT_CUSTOMERS,
    FEAT_ITEMS,
    REC_AUDIENCE_ITEMS,
    REC_CUSTOMER_ITEMS,
    REC_FOLD_IN,
    REC_ITEM_ITEMS,
    REC_ITEM_NEXT,
    REC_STEERING,
)
from expectations.contracts.tables import Table
from spark_jobs.engine.shared_objects import share_object
from spark_jobs.lake.tables import Lake, WriteResult
from spark_jobs.learning_data.behaviour import aggregate_daily_behaviour, filter_consented, shift_to_shop_time
from spark_jobs.learning_data.sessions import number_sessions, read_session_events
from spark_jobs.run.context import RunContext, TableReport
from spark_jobs.run.model_registry import open_registry
from spark_jobs.score import list_frames, personal_lists
from spark_jobs.score.interaction_span import find_first_training_day, read_interaction_span
from spark_jobs.score.item_demand import count_item_demand
from spark_jobs.score.scoring_model import build_scoring_model
from spark_jobs.sources.registry import find_shop_time_zone

NO_MODEL = "none"  # the model version of lists before a model is accepted


def run(run: RunContext, lake: Lake) -> list[TableReport]:
    """Score with the champion. Without one, write only the lists that are counted: what is popular and new.

    A shop of guests, or one where nobody may be personalised for, never has a model, and yet has lists.
    """
    with ExitStack() as stack:
        return write_all_lists(run, lake, stack)


def write_all_lists(run: RunContext, lake: Lake, stack: ExitStack) -> list[TableReport]:
    """Write every table of lists.

    Args:
        stack: ends when all are written; holds what Spark's tasks share.
    """
    registry, settings = open_registry(run), run.settings
    champion = registry.champion()
    interactions, customers, items = (
        lake.read(table) for table in (FCT_INTERACTIONS, FEAT_CUSTOMERS, FEAT_ITEMS)
    )
    zone = find_shop_time_zone(settings.sources)
    interactions = shift_to_shop_time(interactions, "occurred_at", zone)
    items = shift_to_shop_time(items, "first_seen_at", zone)
    span = read_interaction_span(interactions)
    if span is None:
        return [TableReport("model", detail={"verdict": "nobody did anything yet, so there are no lists"})]
    # Guests count in what is popular; customers who may not be personalised for count nowhere.
    consented = filter_consented(interactions, customers)
    counted = consented.unionByName(interactions.where("customer_id is null"))
    demand = count_item_demand(counted, items, span)
    behaviour = aggregate_daily_behaviour(consented).persist()
    version = champion.model_version if champion else NO_MODEL
    if champion:
        artifact = registry.load(champion)
        provenance = [champion.run_id, run.code_hash, *sorted(champion.digests.values())]
        span = replace(span, since=find_first_training_day(behaviour, settings.training_days))
        model = build_scoring_model(artifact, items, span, version, provenance)
        shared = stack.enter_context(share_object(model, settings.paths.shared_objects))
        reports = [personal_lists.update_personal_lists(lake, run, shared, behaviour, customers)]
        similar = list_frames.compute_similar_items(lake.spark, shared, demand)
    else:
        artifact = None
        no_lists = lake.spark.createDataFrame([], REC_CUSTOMER_ITEMS.schema)
        reports = [report_table_write(REC_CUSTOMER_ITEMS, lake.replace(no_lists, REC_CUSTOMER_ITEMS))]
        similar = lake.spark.createDataFrame([], REC_ITEM_ITEMS.schema)
    factors = list_frames.export_fold_in_factors(lake.spark, artifact, version)
    steering = list_frames.export_steering(lake.spark, artifact, version)
    sessions = number_sessions(read_session_events(interactions, customers, span.until), demand.item_ids)
    following = list_frames.compute_next_items(lake.spark, sessions, demand, version)
    audiences = list_frames.compute_audience_lists(demand, behaviour, customers, span, version)
    frames = [
        (REC_ITEM_ITEMS, similar),
        (REC_FOLD_IN, factors),
        (REC_ITEM_NEXT, following),
        (REC_STEERING, steering),
        (REC_AUDIENCE_ITEMS, audiences),
    ]
    reports += [report_table_write(table, lake.replace(frame, table)) for table, frame in frames]
    behaviour.unpersist()
    return reports


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
