"""Off-cycle: search for a better configuration than the one that every night refits.

Reads:   fct_interactions, feat_customers, feat_items
Writes:  MLflow runs of the trials; a model version, accepted only when it beats the accepted one;
         reports/<run>/model.json
If it fails: nothing that is served has changed.
"""

from dataclasses import replace

from models.gate import evaluate_new_configuration_gate
from models.search import read_search_space
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import RunContext, TableReport
from spark_jobs.run.model_registry import open_registry
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
from spark_jobs.train.model_report import report_refusal, report_repeat
from spark_jobs.train.provenance import SEARCH, date_to_day, fingerprint_inputs
from spark_jobs.train.register import register_evaluation
from spark_jobs.train.training_run import TrainingContext, read_training_run


def run(run: RunContext, lake: Lake) -> list[TableReport]:
    """Search, and compare what is found with the accepted configuration, both fitted before the test."""
    registry = open_registry(run)
    registry.complete_registrations()
    champion = registry.champion()
    if champion is None:
        return job.run(run, lake)
    context = TrainingContext(run, lake, registry, champion)
    accepted = registry.load(champion).configuration
    training = read_training_run(run, lake)
    if training is None:
        return [job.NO_BEHAVIOUR]
    if accepted == job.FALLBACK:
        return job.train_by_search(context, training)
    if training.windows is None:
        return report_refusal(context, job.HISTORY_TOO_SHORT)
    search = search_configuration(training, read_search_space(), OFF_CYCLE)
    known = registry.find_version_by_inputs(fingerprint_inputs(run, lake, search.configuration))
    if known:
        registry.tag_version(known, FOUND_AGAIN_TAG)
        return report_repeat(context, known)
    evaluation = evaluate_configuration(training, search.configuration, rival=accepted)
    reference = GateReference(
        compute_mean_quality(evaluation, ACCEPTED_BEFORE),
        read_catalogue_coverage(evaluation, ACCEPTED_BEFORE),
        until=champion.until,
    )
    verdict = evaluate_new_configuration_gate(
        evaluation.quality(),
        evaluation.quality(ACCEPTED_BEFORE),
        evaluation.quality("popularity"),
        leaderboard.slice_test_customers(training.matrices, evaluation.test, training.windows),
        find_model_flaws(training, evaluation, date_to_day(run.days.last), reference),
    )
    cost = {**search.report, "asked_because": search_schedule.find_search_reasons(run, lake)}
    return register_evaluation(context, training, SEARCH, evaluation, verdict, replace(search, report=cost))
