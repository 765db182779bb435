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
from spark_jobs.learning_data.behaviour import by_shop_clock, newest
from spark_jobs.run.context import Night, TableReport
from spark_jobs.run.model_registry import open_registry
from spark_jobs.sources.registry import find_shop_time_zone
from spark_jobs.train.configuration_search import FALLBACK
from spark_jobs.train.evaluate import SERVED, examine
from spark_jobs.train.gate_inputs import Before, former, found_flaws, refused_since
from spark_jobs.train.learned_blend import choose
from spark_jobs.train.matrices import Material, material
from spark_jobs.train.provenance import REFIT, SEARCH, fingerprint, named, number
from spark_jobs.train.register import decline, register, repeat

FOUND = "found"
UNTESTABLE = (
    "nothing to test on: the days that would be learned from are too few, so what is accepted goes on being"
    " served"
)
NOBODY_YET = TableReport(
    "model", detail={"verdict": "nothing to learn: nobody who may be personalised for did anything yet"}
)


def run(night: Night, lake: Lake) -> list[TableReport]:
    """Train, unless these tables, this code and this configuration were trained before."""
    registry = open_registry(night)
    champion = registry.champion()
    configuration = registry.load(champion).configuration if champion else FALLBACK
    known = registry.made_from(fingerprint(night, lake, configuration)) if champion else None
    if known:
        return repeat(night, registry, known, champion)
    found, cut = prepare(lake, night.settings.training_days, find_shop_time_zone(night.settings.sources))
    if found is None:
        return [NOBODY_YET]
    if configuration == FALLBACK:
        return first(night, lake, registry, found, cut, champion)
    if cut is None:
        return decline(night, champion, UNTESTABLE)
    examined = examine(lake.spark, found, cut, configuration, night.settings.seed)
    before = former(
        champion, refused_since(registry, champion, named(examined.artifact.configuration)), night.config_hash
    )
    wrong = found_flaws(found, cut, examined, number(night.days.last), before)
    verdict = judge_refit(examined.quality(), examined.quality("popularity"), before.quality, wrong)
    return register(night, lake, registry, REFIT, found, cut, examined, verdict, champion)


def prepare(
    lake: Lake, days: int | None = None, time_zone: str = "UTC"
) -> tuple[Material | None, Windows | None]:
    """The lake as matrices, and where to cut them.

    Args:
        days: newest days of behaviour to learn from; None: all.
        time_zone: the shop's, whose days are learned.
    """
    interactions, customers, items = (
        lake.read(table) for table in (FCT_INTERACTIONS, FEAT_CUSTOMERS, FEAT_ITEMS)
    )
    interactions = by_shop_clock(interactions, "occurred_at", time_zone)
    found = material(newest(interactions, customers, days), customers, items)
    if found is None:
        return None, None
    behaviour = found.training.behaviour
    return found, windows(int(behaviour.day.min()), behaviour.until)


def first(
    night: Night,
    lake: Lake,
    registry: Registry,
    found: Material,
    cut: Windows | None,
    champion: Version | None,
) -> list[TableReport]:
    """Search; where nothing found beats popularity, or nothing can be tested yet, popularity is served."""
    seed, chosen = night.settings.seed, None
    if cut:
        chosen = choose(lake.spark, found, cut, seed, read_space())
        examined = examine(lake.spark, found, cut, chosen.configuration, seed)
        wrong = found_flaws(found, cut, examined, number(night.days.last), Before())
        verdict = beats_popularity(examined.quality(), examined.quality("popularity"), wrong)
        why = f"what the search found is refused, so popularity is served; {verdict.reason}"
    else:
        verdict, why = Verdict(False, ""), "history is too short to test anything, so popularity is served"
    if not verdict.accepted:
        plain = examine(lake.spark, found, None, FALLBACK, seed)
        if (
            cut
        ):  # what is served is scored as what it is; what was found stays on the board under its own name
            board = {**examined.board, SERVED: examined.board["popularity"], FOUND: examined.board[SERVED]}
            placing = examined.artifact.fold_in  # the same factors, with the trust that only a test can tell
            examined = replace(examined, artifact=replace(plain.artifact, fold_in=placing), board=board)
        else:
            examined = plain
        verdict = Verdict(True, why)
    how = (chosen.trials, chosen.report) if chosen else ()
    return register(night, lake, registry, SEARCH, found, cut, examined, verdict, champion, *how)
