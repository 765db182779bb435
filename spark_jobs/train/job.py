"""Refit the accepted configuration on the newest window; accept the fit or refuse it, with the reason in the
report.

Reads:   fct_interactions, feat_customers, feat_items
Writes:  an MLflow model version, reports/<run>/model.json; a version of predictors and one of clusters
         where a fit is due
If it fails: the accepted model goes on being served. A refusal is not a failure: the task ends green and the
reason is in the report. A home that has no accepted configuration, or only popularity as a fallback, gets a
search.
"""

from models.gate import GateVerdict, check_beats_popularity, evaluate_refit_gate
from models.search import read_search_space
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import RunContext, TableReport
from spark_jobs.run.model_registry import open_registry
from spark_jobs.train import gate_inputs
from spark_jobs.train.clusters import train_clusters
from spark_jobs.train.configuration_search import FALLBACK
from spark_jobs.train.evaluate import evaluate_configuration, replace_by_popularity
from spark_jobs.train.gate_inputs import GateReference, find_model_flaws
from spark_jobs.train.learned_blend import search_configuration
from spark_jobs.train.model_report import report_refusal, report_repeat
from spark_jobs.train.predictions import read_history, train_predictions
from spark_jobs.train.provenance import REFIT, SEARCH, date_to_day, fingerprint_inputs, hash_configuration
from spark_jobs.train.register import register_evaluation
from spark_jobs.train.training_run import TrainingContext, TrainingRun, read_training_run

HISTORY_TOO_SHORT = (
    "nothing to test on: the days that would be learned from are too few, so what is accepted goes on being"
    " served"
)
NO_BEHAVIOUR = TableReport(
    "model", detail={"verdict": "nothing to learn: nobody who may be personalised for did anything yet"}
)


def run(run: RunContext, lake: Lake) -> list[TableReport]:
    """Train the recommenders, and the predictors and clusters where they are due."""
    reports = train_recommenders(run, lake)
    history = read_history(run, lake)
    return [*reports, train_predictions(run, lake, history), train_clusters(run, lake, history)]


def train_recommenders(run: RunContext, lake: Lake) -> list[TableReport]:
    """Train, unless a version was made of these tables, this code and this configuration before."""
    registry = open_registry(run)
    registry.complete_registrations()
    champion = registry.champion()
    context = TrainingContext(run, lake, registry, champion)
    configuration = registry.load(champion).configuration if champion else FALLBACK
    known = (
        registry.find_version_by_inputs(fingerprint_inputs(run, lake, configuration)) if champion else None
    )
    if known:
        return report_repeat(context, known)
    training = read_training_run(run, lake)
    if training is None:
        return [NO_BEHAVIOUR]
    if configuration == FALLBACK:
        return train_by_search(context, training)
    if training.windows is None:
        return report_refusal(context, HISTORY_TOO_SHORT)
    evaluation = evaluate_configuration(training, configuration)
    name = hash_configuration(evaluation.artifact.configuration)
    refused = gate_inputs.find_refused_refits(registry, champion, name)
    reference = gate_inputs.build_gate_reference(champion, refused, run.config_hash)
    flaws = find_model_flaws(training, evaluation, date_to_day(run.days.last), reference)
    verdict = evaluate_refit_gate(
        evaluation.quality(), evaluation.quality("popularity"), reference.quality, flaws
    )
    return register_evaluation(context, training, REFIT, evaluation, verdict)


def train_by_search(context: TrainingContext, training: TrainingRun) -> list[TableReport]:
    """Search, and register what was found, or popularity where that does not beat it or cannot be tested."""
    if training.windows is None:
        evaluation = evaluate_configuration(training, FALLBACK)
        verdict = GateVerdict(True, "history is too short to test anything, so popularity is served")
        return register_evaluation(context, training, SEARCH, evaluation, verdict)
    search = search_configuration(training, read_search_space())
    evaluation = evaluate_configuration(training, search.configuration)
    flaws = find_model_flaws(training, evaluation, date_to_day(context.run.days.last), GateReference())
    verdict = check_beats_popularity(evaluation.quality(), evaluation.quality("popularity"), flaws)
    if not verdict.accepted:
        evaluation = replace_by_popularity(training, evaluation)
        reason = f"what the search found is refused, so popularity is served; {verdict.reason}"
        verdict = GateVerdict(True, reason)
    return register_evaluation(context, training, SEARCH, evaluation, verdict, search)
