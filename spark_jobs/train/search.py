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
from spark_jobs.train.drift import FOUND_AGAIN
from spark_jobs.train.evaluate import ACCEPTED_BEFORE, examine
from spark_jobs.train.gate_inputs import Before, coverage, found_flaws, mean_quality
from spark_jobs.train.learned_blend import choose
from spark_jobs.train.provenance import SEARCH, fingerprint, number
from spark_jobs.train.register import decline, register, repeat


def run(night: Night, lake: Lake) -> list[TableReport]:
    """Search, and compare what is found with what is accepted, both fitted before the test."""
    registry, seed = open_registry(night), night.settings.seed
    champion = registry.champion()
    if champion is None:
        return job.run(night, lake)
    accepted = registry.load(champion).configuration
    found, cut = job.prepare(lake, night.settings.training_days, find_shop_time_zone(night.settings.sources))
    if found is None:
        return [job.NOBODY_YET]
    if accepted == job.FALLBACK:
        return job.first(night, lake, registry, found, cut, champion)
    if cut is None:
        return decline(night, champion, job.UNTESTABLE)
    chosen = choose(lake.spark, found, cut, seed, read_space(), OFF_CYCLE)
    known = registry.made_from(fingerprint(night, lake, chosen.configuration))
    if known:
        registry.mark(known, FOUND_AGAIN)
        return repeat(night, registry, known, champion)
    examined = examine(lake.spark, found, cut, chosen.configuration, seed, rival=accepted)
    theirs = (mean_quality(examined, ACCEPTED_BEFORE), coverage(examined, ACCEPTED_BEFORE))
    before = Before(*theirs, until=champion.until)
    verdict = judge_new(
        examined.quality(),
        examined.quality(ACCEPTED_BEFORE),
        examined.quality("popularity"),
        leaderboard.whom(found, examined.test, cut),
        found_flaws(found, cut, examined, number(night.days.last), before),
    )
    cost = {**chosen.report, "asked_because": search_schedule.reasons(night, lake)}
    return register(
        night, lake, registry, SEARCH, found, cut, examined, verdict, champion, chosen.trials, cost
    )
