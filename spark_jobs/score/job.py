"""Lists for everybody, by the accepted model: customers, items, audiences.

Reads:   fct_interactions, feat_customers, feat_items, the accepted model where there is one
Writes:  rec_customer_items_v1, rec_item_items_v1, rec_audience_items_v1, rec_fold_in_v1
If it fails: last night's lists are still published; clear the task. A model whose files are not those that
were registered is refused here: find out who touched them, or search anew.
"""

from expectations.contracts.lake import (
    FCT_INTERACTIONS,
    FEAT_CUSTOMERS,
    FEAT_ITEMS,
    REC_AUDIENCE_ITEMS,
    REC_CUSTOMER_ITEMS,
    REC_FOLD_IN,
    REC_ITEM_ITEMS,
)
from expectations.contracts.tables import Table
from models.base import KINDS
from spark_jobs.lake.tables import Lake, WriteResult
from spark_jobs.learning_data.behaviour import aggregate_daily_behaviour, filter_consented, shift_to_shop_time
from spark_jobs.run.context import RunContext, TableReport
from spark_jobs.run.model_registry import open_registry
from spark_jobs.score import item_demand, list_frames, personal_lists
from spark_jobs.sources.registry import find_shop_time_zone

NO_MODEL = "none"  # stands where a list names its model, until one is accepted


def run(night: RunContext, lake: Lake) -> list[TableReport]:
    """Score with the champion. Without one there are the lists that are counted: what is popular and what is
    new.

    A shop of guests, or one where nobody may be personalised for, never has a model; its pages have lists all
    the same.
    """
    registry = open_registry(night)
    champion = registry.champion()
    interactions, customers, items = (
        lake.read(table) for table in (FCT_INTERACTIONS, FEAT_CUSTOMERS, FEAT_ITEMS)
    )
    zone = find_shop_time_zone(night.settings.sources)
    interactions, items = (
        shift_to_shop_time(interactions, "occurred_at", zone),
        shift_to_shop_time(items, "first_seen_at", zone),
    )
    newest, kinds = item_demand.find_newest_day_and_kinds(interactions)
    if newest is None:
        return [TableReport("model", detail={"verdict": "nobody did anything yet, so there are no lists"})]
    # Guests count in what is popular; whoever may not be personalised for counts nowhere.
    counted = filter_consented(interactions, customers).unionByName(interactions.where("customer_id is null"))
    demand = item_demand.count_item_demand(counted, items, kinds, newest + 1)
    behaviour, until = (
        aggregate_daily_behaviour(filter_consented(interactions, customers)).persist(),
        newest + 1,
    )
    version = champion.model_version if champion else NO_MODEL
    if champion:
        made_by = [champion.run_id, night.code_hash, *sorted(champion.digests.values())]
        model = registry.load(champion)
        since = item_demand.find_first_training_day(behaviour, night.settings.training_days)
        scoring = list_frames.build_scoring_model(
            model, items, until, kinds != KINDS, version, made_by, since
        )
        shared = lake.spark.sparkContext.broadcast(scoring)
        reports, similar = (
            [personal_lists.update_personal_lists(lake, night, shared, behaviour, customers)],
            list_frames.compute_similar_items(lake.spark, shared, demand),
        )
    else:
        nobody, similar = (
            lake.spark.createDataFrame([], table.schema) for table in (REC_CUSTOMER_ITEMS, REC_ITEM_ITEMS)
        )
        reports = [report_write(REC_CUSTOMER_ITEMS, lake.replace(nobody, REC_CUSTOMER_ITEMS))]
    lists = [
        (REC_ITEM_ITEMS, similar),
        (REC_FOLD_IN, list_frames.export_fold_in_factors(lake.spark, model if champion else None, version)),
        (
            REC_AUDIENCE_ITEMS,
            list_frames.compute_audience_lists(
                lake.spark, demand, behaviour, customers, kinds, until, version
            ),
        ),
    ]
    reports += [report_write(table, lake.replace(frame, table)) for table, frame in lists]
    behaviour.unpersist()
    return reports


def report_write(table: Table, written: WriteResult) -> TableReport:
    """What a write did, for the run manifest."""
    return TableReport(
        table.name,
        written.version_before,
        written.version_after,
        n_rows=written.n_inserted + written.n_updated + written.n_unchanged,
        n_inserted=written.n_inserted,
        n_updated=written.n_updated,
        n_unchanged=written.n_unchanged,
        detail={"deleted": written.n_deleted},
    )
