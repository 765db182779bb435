"""Off-cycle: search for a better configuration than the one every night refits.

Reads:   fct_interactions, feat_customers, feat_items
Writes:  MLflow runs of the trials; a model version, accepted only when it beats the accepted one;
reports/<run>/model.json If it fails: nothing that is served has changed.
"""

from models.gate import judge_new
from models.search import read_space
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import Night, TableReport
from spark_jobs.run.model_registry import open_registry
from spark_jobs.sources.registry import find_shop_time_zone
from spark_jobs.train import job, leaderboard, search_schedule
from spark_jobs.train.configuration_search import OFF_CYCLE
from spark_jobs.train.drift import FOUND_AGAIN_TAG
from spark_jobs.train.evaluate import ACCEPTED_BEFORE, evaluate_configuration
from spark_jobs.train.gate_inputs import (
    GateReference,
    compute_mean_quality,
    find_model_flaws,
    read_catalogue_coverage,
)
from spark_jobs.train.learned_blend import search_configuration
from spark_jobs.train.provenance import SEARCH, date_to_day, fingerprint_inputs
from spark_jobs.train.register import register_evaluation, report_refusal, report_repeat


def run(night: Night, lake: Lake) -> list[TableReport]:
    """Search, and compare what is found with what is accepted, both fitted before the test."""
    registry, seed = open_registry(night), night.settings.seed
    champion = registry.champion()
    if champion is None:
        return job.run(night, lake)
    accepted = registry.load(champion).configuration
    found, cut = job.read_training_data(
        lake, night.settings.training_days, find_shop_time_zone(night.settings.sources)
    )
    if found is None:
        return [job.NO_BEHAVIOUR]
    if accepted == job.FALLBACK:
        return job.train_by_search(night, lake, registry, found, cut, champion)
    if cut is None:
        return report_refusal(night, champion, job.HISTORY_TOO_SHORT)
    chosen = search_configuration(lake.spark, found, cut, seed, read_space(), OFF_CYCLE)
    known = registry.made_from(fingerprint_inputs(night, lake, chosen.configuration))
    if known:
        registry.mark(known, FOUND_AGAIN_TAG)
        return report_repeat(night, registry, known, champion)
    examined = evaluate_configuration(lake.spark, found, cut, chosen.configuration, seed, rival=accepted)
    theirs = (
        compute_mean_quality(examined, ACCEPTED_BEFORE),
        read_catalogue_coverage(examined, ACCEPTED_BEFORE),
    )
    before = GateReference(*theirs, until=champion.until)
    verdict = judge_new(
        examined.quality(),
        examined.quality(ACCEPTED_BEFORE),
        examined.quality("popularity"),
        leaderboard.slice_test_customers(found, examined.test, cut),
        find_model_flaws(found, cut, examined, date_to_day(night.days.last), before),
    )
    cost = {**chosen.report, "asked_because": search_schedule.find_search_reasons(night, lake)}
    return register_evaluation(
        night, lake, registry, SEARCH, found, cut, examined, verdict, champion, chosen.trials, cost
    )
