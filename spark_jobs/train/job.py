"""Refit the accepted configuration on the newest window; accept it or refuse it, with the reason in writing.

Reads:   fct_interactions, feat_customers, feat_items
Writes:  an MLflow model version, reports/<run>/model.json
If it fails: the accepted model goes on being served. A refusal is not a failure: the task ends green and the
reason is in the report. A home without an accepted configuration, or with popularity for want of a better
one, is searched.
"""

from dataclasses import replace

from expectations.contracts.lake import FCT_INTERACTIONS, FEAT_CUSTOMERS, FEAT_ITEMS
from models.gate import Verdict, beats_popularity, judge_refit
from models.registry import Registry, Version
from models.search import read_space
from models.time_split import Windows, windows
from spark_jobs.lake.tables import Lake
from spark_jobs.learning_data.behaviour import select_newest_days, shift_to_shop_time
from spark_jobs.run.context import Night, TableReport
from spark_jobs.run.model_registry import open_registry
from spark_jobs.sources.registry import find_shop_time_zone
from spark_jobs.train.configuration_search import FALLBACK
from spark_jobs.train.evaluate import SERVED, evaluate_configuration
from spark_jobs.train.gate_inputs import (
    GateReference,
    build_gate_reference,
    find_model_flaws,
    find_refused_refits,
)
from spark_jobs.train.learned_blend import search_configuration
from spark_jobs.train.matrices import TrainingMatrices, build_training_matrices
from spark_jobs.train.provenance import REFIT, SEARCH, date_to_day, fingerprint_inputs, hash_configuration
from spark_jobs.train.register import register_evaluation, report_refusal, report_repeat

SEARCHED = "found"
HISTORY_TOO_SHORT = (
    "nothing to test on: the days that would be learned from are too few, so what is accepted goes on being"
    " served"
)
NO_BEHAVIOUR = TableReport(
    "model", detail={"verdict": "nothing to learn: nobody who may be personalised for did anything yet"}
)


def run(night: Night, lake: Lake) -> list[TableReport]:
    """Train, unless these tables, this code and this configuration were trained before."""
    registry = open_registry(night)
    champion = registry.champion()
    configuration = registry.load(champion).configuration if champion else FALLBACK
    known = registry.made_from(fingerprint_inputs(night, lake, configuration)) if champion else None
    if known:
        return report_repeat(night, registry, known, champion)
    found, cut = read_training_data(
        lake, night.settings.training_days, find_shop_time_zone(night.settings.sources)
    )
    if found is None:
        return [NO_BEHAVIOUR]
    if configuration == FALLBACK:
        return train_by_search(night, lake, registry, found, cut, champion)
    if cut is None:
        return report_refusal(night, champion, HISTORY_TOO_SHORT)
    examined = evaluate_configuration(lake.spark, found, cut, configuration, night.settings.seed)
    before = build_gate_reference(
        champion,
        find_refused_refits(registry, champion, hash_configuration(examined.artifact.configuration)),
        night.config_hash,
    )
    wrong = find_model_flaws(found, cut, examined, date_to_day(night.days.last), before)
    verdict = judge_refit(examined.quality(), examined.quality("popularity"), before.quality, wrong)
    return register_evaluation(night, lake, registry, REFIT, found, cut, examined, verdict, champion)


def read_training_data(
    lake: Lake, days: int | None = None, time_zone: str = "UTC"
) -> tuple[TrainingMatrices | None, Windows | None]:
    """The lake as matrices, and where to cut them.

    Args:
        days: newest days of behaviour to learn from; None: all.
        time_zone: the shop's, whose days are learned.
    """
    interactions, customers, items = (
        lake.read(table) for table in (FCT_INTERACTIONS, FEAT_CUSTOMERS, FEAT_ITEMS)
    )
    interactions = shift_to_shop_time(interactions, "occurred_at", time_zone)
    found = build_training_matrices(select_newest_days(interactions, customers, days), customers, items)
    if found is None:
        return None, None
    behaviour = found.training.behaviour
    return found, windows(int(behaviour.day.min()), behaviour.until)


def train_by_search(
    night: Night,
    lake: Lake,
    registry: Registry,
    found: TrainingMatrices,
    cut: Windows | None,
    champion: Version | None,
) -> list[TableReport]:
    """Search; where nothing found beats popularity, or nothing can be tested yet, popularity is served."""
    seed, chosen = night.settings.seed, None
    if cut:
        chosen = search_configuration(lake.spark, found, cut, seed, read_space())
        examined = evaluate_configuration(lake.spark, found, cut, chosen.configuration, seed)
        wrong = find_model_flaws(found, cut, examined, date_to_day(night.days.last), GateReference())
        verdict = beats_popularity(examined.quality(), examined.quality("popularity"), wrong)
        why = f"what the search found is refused, so popularity is served; {verdict.reason}"
    else:
        verdict, why = Verdict(False, ""), "history is too short to test anything, so popularity is served"
    if not verdict.accepted:
        plain = evaluate_configuration(lake.spark, found, None, FALLBACK, seed)
        if (
            cut
        ):  # what is served is scored as what it is; what was found stays on the board under its own name
            board = {**examined.board, SERVED: examined.board["popularity"], SEARCHED: examined.board[SERVED]}
            placing = examined.artifact.fold_in  # the same factors, with the trust that only a test can tell
            examined = replace(examined, artifact=replace(plain.artifact, fold_in=placing), board=board)
        else:
            examined = plain
        verdict = Verdict(True, why)
    how = (chosen.trials, chosen.report) if chosen else ()
    return register_evaluation(night, lake, registry, SEARCH, found, cut, examined, verdict, champion, *how)
