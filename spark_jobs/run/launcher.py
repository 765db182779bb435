"""Start one step: `python spark_jobs/run/launcher.py ingest --from 2011-12-01 --to 2011-12-01 --run-id
by-hand`.

One launcher for all steps: Python puts the script's folder first on `sys.path`, where `logs.py` and
`context.py` would shadow other people's modules; the first lines put the repository there instead. A step is
a module of `STEP_MODULES` with `run(context, lake) -> list[TableReport]`; its session opens when it first
asks the lake for one.
"""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

import importlib  # noqa: E402
import logging  # noqa: E402
import time  # noqa: E402
from contextlib import nullcontext  # noqa: E402
from dataclasses import replace  # noqa: E402
from datetime import UTC, datetime  # noqa: E402
from types import ModuleType  # noqa: E402

from spark_jobs.engine import client  # noqa: E402
from spark_jobs.lake.session_on_demand import SessionOnDemand  # noqa: E402
from spark_jobs.lake.tables import Lake  # noqa: E402
from spark_jobs.run import checks  # noqa: E402
from spark_jobs.run.context import NothingNew, RunContext, TableReport, parse_run_context  # noqa: E402
from spark_jobs.run.locks import refuse_another_shop, step_lock  # noqa: E402
from spark_jobs.run.logs import log_step  # noqa: E402
from spark_jobs.run.manifest import log_reports, record_reports  # noqa: E402

logger = logging.getLogger("spark_jobs.run.launcher")  # __name__ is __main__ here
STEP_MODULES = {
    "start_engine": "spark_jobs.run.start_engine",
    "stop_engine": "spark_jobs.run.stop_engine",
    "land": "spark_jobs.land.job",
    "ingest": "spark_jobs.ingest.job",
    "identify": "spark_jobs.identify.job",
    "load": "spark_jobs.warehouse.load",
    "dbt": "spark_jobs.warehouse.dbt",
    "export": "spark_jobs.warehouse.export",
    "train": "spark_jobs.train.job",
    "due": "spark_jobs.train.search_schedule",
    "search": "spark_jobs.train.search",
    "score": "spark_jobs.score.job",
    "publish": "spark_jobs.publish.job",
    "maintain": "spark_jobs.maintain.job",
}
SKIPPING = ("land", "due")  # the steps that may skip all behind them: a whole night, a search
BEGINNINGS = ("land", "ingest")  # the steps that take in what a home does not hold yet
# locks the home itself, a table at a time, so that a night waits for seconds and not for minutes; and works
# beside a night, so its engine is its own
YIELDING = ("maintain",)
NOTHING_NEW = 99  # Airflow's BashOperator turns this exit code into "skipped", and skips all that follows


def run_job(
    step: str, job: ModuleType, context: RunContext, lake: Lake, started_at: float, checked: float
) -> list[TableReport] | None:
    """Run the job, show and record what it did; None when there was nothing to do.

    Args:
        started_at: when the step began, on the monotonic clock.
        checked: seconds since then that its incoming border took, which are that border's own.
    """
    try:
        reports = job.run(context, lake)
    except NothingNew as nothing:
        logger.info(f"nothing new ({nothing})")
        return None
    elapsed = time.monotonic() - started_at
    record_reports(lake, context, step, reports, elapsed - checked, elapsed)
    log_reports(reports)
    return reports


def main(argv: list[str]) -> int:
    """Run the step named first in argv; 0 when it did its work, 99 when there was none."""
    if not argv or argv[0] not in STEP_MODULES:
        print(
            f"usage: launcher.py {{{','.join(STEP_MODULES)}}} --from DAY --to DAY --run-id ID",
            file=sys.stderr,
        )
        return 2
    step = argv[0]
    context = parse_run_context(step, argv[1:])
    lock = (
        nullcontext() if step in YIELDING else step_lock(context.settings.home, f"{step} of {context.run_id}")
    )
    with log_step(context.settings.home, context.run_id, step), lock:
        # What was waited for is over: the step's time begins here.
        return execute_step(step, replace(context, now=datetime.now(UTC)), time.monotonic())


def execute_step(step: str, context: RunContext, started_at: float) -> int:
    """The step between its borders, alone in the home; its exit code."""
    if step in BEGINNINGS:
        refuse_another_shop(Lake(context.settings.lake), context.settings.sources)
    job = importlib.import_module(STEP_MODULES[step])
    with prepare_session(step, context) as session:
        return execute_job(step, job, context, Lake(context.settings.lake, session), started_at)


def prepare_session(step: str, context: RunContext) -> SessionOnDemand:
    """The step's session, for when it asks for one."""
    settings = context.settings
    if step in YIELDING:
        return SessionOnDemand(lambda: client.open_own_session(settings))
    # Now, and not when a session is asked for: the step may write without one, or share objects before it.
    client.clear_up_after_killed_step(settings)
    return SessionOnDemand(
        lambda: client.open_session(settings, f"{step} of {context.run_id}", context.code_hash)
    )


def execute_job(step: str, job: ModuleType, context: RunContext, lake: Lake, started_at: float) -> int:
    """The job between its borders; its exit code."""
    border, reports = checks.BorderChecks(lake), None
    try:
        border.check(checks.INCOMING_TABLES.get(step, ()))
        reports = run_job(step, job, context, lake, started_at, border.seconds)
        border.check(checks.OUTGOING_TABLES.get(step, ()))
    except checks.BorderError as stopped:
        logger.error(f"stopped at the border. {stopped}")
        return 1
    except Exception as error:
        # Python prints the traceback and the text, which may hold a value: the log gets the kind alone.
        logger.error(f"stopped by {type(error).__name__}")
        raise
    finally:
        results, elapsed = [result.report() for result in border.results], time.monotonic() - started_at
        record_reports(lake, context, checks.STEP, results, border.seconds, elapsed)
    if reports is None:
        return NOTHING_NEW if step in SKIPPING else 0
    failures = [report.failure for report in reports if report.failure]
    for failure in failures:
        logger.error(failure)
    if failures:
        return 1
    unbalanced = [report.table_name for report in reports if not report.is_balanced]
    if unbalanced:
        logger.error(f"rows received and outcomes do not add up for {unbalanced}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
