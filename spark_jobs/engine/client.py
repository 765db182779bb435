"""How a step gets its session: from the home's engine, from one of its own where there is none, or from the
Connect server that the settings name.

The step that holds the home's step lock uses the home's engine. A step that was killed leaves its job
running in the engine, where it would write beside the retry: so it also leaves its name in `engine_client`,
and the next step ends that engine before it does anything. What runs beside the nights (housekeeping, a
rebuild) has an engine to itself.
"""

import contextlib
import json
import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from expectations.contracts.home import HomePaths
from spark_jobs.engine.processes import EngineStarter, identify_engine
from spark_jobs.engine.record import read_record, write_record
from spark_jobs.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.connect.client.retries import RetryPolicy

logger = logging.getLogger(__name__)


def make_starter(paths: HomePaths) -> EngineStarter:
    """The starter of a home's engine."""
    return EngineStarter(paths.engine_record, paths.engine_client, paths.engine_log)


def clear_up_after_killed_step(settings: Settings) -> None:
    """Remove what a killed step left: what its tasks shared, and the engine in which its job runs. For the
    holder of the step lock, before it does anything.
    """
    shutil.rmtree(settings.paths.shared_objects, ignore_errors=True)
    end_abandoned_engine(settings)


def end_abandoned_engine(settings: Settings) -> None:
    """End the home's engine when a step was killed while it used it.

    Its record stays, by which the next session knows that a night goes on.
    """
    if not settings.paths.engine_client.exists():
        return
    starter, record = make_starter(settings.paths), read_record(settings.paths.engine_record)
    logger.warning("a step was killed while it used the engine, which is ended")
    starter.end()
    if record is not None:
        write_record(settings.paths.engine_record, record)
    settings.paths.engine_client.unlink(missing_ok=True)


@contextlib.contextmanager
def open_session(settings: Settings, name: str, code_hash: str) -> Iterator["SparkSession"]:
    """A session for the step that holds the step lock.

    Args:
        name: of the step and its run.
        code_hash: of the code; an engine that was started by another one is not used.
    """
    paths = settings.paths
    with contextlib.ExitStack() as stack:
        url = settings.spark_remote or stack.enter_context(_use_home_engine(settings, code_hash))
        paths.engine_client.parent.mkdir(parents=True, exist_ok=True)
        paths.engine_client.write_text(json.dumps({"name": name, "pid": os.getpid()}))
        stack.callback(paths.engine_client.unlink, missing_ok=True)
        yield stack.enter_context(_connect(url, is_ours=not settings.spark_remote))


@contextlib.contextmanager
def _use_home_engine(settings: Settings, code_hash: str) -> Iterator[str]:
    """The URL of the home's engine, started where there is none.

    One that takes the place of a night's engine lives as long as that would have.
    """
    end_abandoned_engine(settings)
    starter, before = make_starter(settings.paths), read_record(settings.paths.engine_record)
    identity = identify_engine(settings.spark_master, settings.spark_memory, code_hash)
    if before and before.is_ready and before.identity == identity:
        yield before.url
        return
    is_kept = before is not None and before.owner is None
    owner = None if is_kept else os.getpid()
    try:
        yield starter.start(settings.spark_master, settings.spark_memory, identity, owner).url
    finally:
        if not is_kept:
            starter.end()


@contextlib.contextmanager
def open_own_session(settings: Settings) -> Iterator["SparkSession"]:
    """A session of an engine of its own, for what runs beside the nights."""
    with contextlib.ExitStack() as stack:
        url = settings.spark_remote
        if not url:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="concierge-engine-"))
            paths = HomePaths(Path(folder))
            paths.engine.mkdir()
            starter = make_starter(paths)
            paths.engine_client.touch()
            stack.callback(starter.end)
            url = starter.start(settings.spark_master, settings.spark_memory, "own", os.getpid()).url
        yield stack.enter_context(_connect(url, is_ours=not settings.spark_remote))


def allow_deep_plans() -> None:
    """Lift protobuf's limit of 100 nested messages in this process: a plan of 50 operators has as many.

    A client copies a plan into its command, and protobuf's C code parses it in doing so.
    """
    with contextlib.suppress(ImportError):
        from google._upb import _message

        _message.SetAllowOversizeProtos(True)


def make_local_retry_policy(max_retries: int = 5) -> "RetryPolicy":
    """For how long a call is repeated to an engine of this machine: 8 seconds, since one that does not answer
    is gone. By PySpark's own policy each call waits ten minutes, and a step makes several.
    """
    from pyspark.sql.connect.client.retries import DefaultPolicy

    return DefaultPolicy(max_retries, max_backoff=4_000)  # after 0.05, 0.2, 0.8, 3.2 and 4 s


@contextlib.contextmanager
def _connect(url: str, is_ours: bool) -> Iterator["SparkSession"]:
    from pyspark.sql import SparkSession

    from spark_jobs.lake.session import SESSION_SETTINGS

    allow_deep_plans()
    # A window over all rows is meant so; a client says it aloud each time.
    warnings.filterwarnings("ignore", message=".*No Partition Defined for Window operation")
    builder = SparkSession.builder.remote(url)
    for name, value in ({} if is_ours else SESSION_SETTINGS).items():  # ours was started with them
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    if is_ours:
        spark.client.set_retry_policies([make_local_retry_policy()])
    try:
        yield spark
    finally:
        # Of an engine that is gone there is nothing to release, and the step's own error says so.
        with contextlib.suppress(Exception):
            if is_ours:
                spark.client.set_retry_policies([make_local_retry_policy(max_retries=0)])
                spark.catalog.clearCache()  # frames outlive their session
            spark.stop()
