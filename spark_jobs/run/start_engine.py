"""Start the night's engine, so that its Spark steps share one application.

Reads:   nothing
Writes:  engine/engine.json
If it fails: the message ends with Spark's log (`logs/engine.log`); clear the task.
"""

import logging

from spark_jobs.engine.client import make_starter
from spark_jobs.engine.processes import identify_engine
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import RunContext, TableReport

logger = logging.getLogger(__name__)


def run(context: RunContext, lake: Lake) -> list[TableReport]:
    """Start an engine that lives until it is stopped or has been idle for long. One that was there is ended:
    a night that was killed leaves it behind.
    """
    settings = context.settings
    if settings.spark_remote:
        logger.info("Spark steps use the Connect server of CONCIERGE_SPARK_REMOTE")
        return []
    identity = identify_engine(settings.spark_master, settings.spark_memory, context.code_hash)
    make_starter(settings.paths).start(settings.spark_master, settings.spark_memory, identity)
    return []
