"""`TrainingRun` (data, windows, seed) and `TrainingContext` (run, lake, registry, champion): what the parts
of one training share.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession

from models.model_version import ModelVersion
from models.registry import ModelRegistry
from models.steering.sessions import Sessions
from models.time_split import HoldoutWindows, split_into_windows
from spark_jobs.lake.tables import Lake
from spark_jobs.learning_data.behaviour import find_first_training_day, open_learning_data
from spark_jobs.learning_data.sessions import number_sessions, read_session_events
from spark_jobs.run.context import RunContext
from spark_jobs.sources.registry import find_shop_time_zone
from spark_jobs.train.matrices import TrainingMatrices, build_training_matrices


@dataclass(frozen=True)
class TrainingRun:
    """What every fit and every test of one training reads.

    Attributes:
        windows: where history is cut for tests; None where it is too short for one.
        seed: of everything that is drawn.
        sessions: by which steering is learned; None where it is not.
        shared_folder: where Spark's tasks read what they share; on a cluster, one that all workers see.
    """

    spark: SparkSession
    matrices: TrainingMatrices
    windows: HoldoutWindows | None
    seed: int
    sessions: Sessions | None = None
    shared_folder: Path = Path(tempfile.gettempdir())


@dataclass(frozen=True)
class TrainingContext:
    """Which run trains, and the home whose model it may replace.

    Attributes:
        champion: the accepted version before this training; None before the first.
    """

    run: RunContext
    lake: Lake
    registry: ModelRegistry
    champion: ModelVersion | None


def read_training_run(run: RunContext, lake: Lake) -> TrainingRun | None:
    """The run's matrices with their windows and seed; None when nobody has done anything yet."""
    settings = run.settings
    zone, memory = find_shop_time_zone(settings.sources), settings.spark_memory
    matrices, windows = read_training_data(lake, settings.training_days, zone, memory)
    if matrices is None:
        return None
    sessions = read_sessions(lake, matrices, zone, memory) if windows else None
    return TrainingRun(lake.spark, matrices, windows, settings.seed, sessions, settings.paths.shared_objects)


def read_sessions(lake: Lake, matrices: TrainingMatrices, time_zone: str, memory: str) -> Sessions:
    """The newest sessions of the customers that are trained on."""
    with open_learning_data(lake, time_zone, memory) as con:
        events = read_session_events(con, matrices.training.behaviour.until)
    return number_sessions(events, matrices.item_ids, matrices.customer_ids)


def read_training_data(
    lake: Lake, days: int | None = None, time_zone: str = "UTC", memory: str | None = None
) -> tuple[TrainingMatrices | None, HoldoutWindows | None]:
    """The lake as matrices, and the windows that cut them for tests.

    Args:
        days: newest days of behaviour to train on; None: all.
        time_zone: the shop's, whose days are counted.
        memory: what reading may take before it goes to disk; None for DuckDB's own limit.
    """
    with open_learning_data(lake, time_zone, memory) as con:
        matrices = build_training_matrices(con, find_first_training_day(con, days))
    if matrices is None:
        return None, None
    behaviour = matrices.training.behaviour
    return matrices, split_into_windows(int(behaviour.day.min()), behaviour.until)
