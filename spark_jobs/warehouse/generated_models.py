"""dbt's generated models lie in the checkout, from which several homes may build, each by its definitions.

Builds that want the same models go on beside each other; one that wants others waits until they have ended.
"""

import fcntl
import logging
import re
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

from segments.in_force import SegmentsInForce
from segments.parsing.traits import load_traits
from segments.sql_traits import load_shop_sql_traits
from segments.to_sql import write_if_changed, write_models
from segments.trait_models import write_trait_models
from spark_jobs.lake.tables import Lake
from spark_jobs.settings import Settings
from spark_jobs.warehouse.segments_in_force import load_segments_in_force
from spark_jobs.warehouse.survivorship import POLICY, write_policy_models

LOCK = ".generated.lock"
OF_ONE_BUILD = "models/**/int_kept_traits__*.sql"  # the models that a build may have and another not

logger = logging.getLogger(__name__)


def hold_models(
    project: Path,
    settings: Settings,
    segments: SegmentsInForce | None = None,
    kept: Collection[str] = (),
) -> AbstractContextManager[list[str]]:
    """What `generate_models` says; while inside, no build of another home writes other models there."""
    evaluated = segments or load_segments_in_force(settings, Lake(settings.lake))
    return hold_generated_models(project, lambda folder: generate_models(folder, settings, evaluated, kept))


def generate_models(
    project: Path,
    settings: Settings,
    segments: SegmentsInForce | None = None,
    kept: Collection[str] = (),
) -> list[str]:
    """Write the models that are made from YAML: segments, of the home too, which value wins in a profile, and
    traits; a sentence for each SQL trait that cannot be built.

    Args:
        segments: None: what a build of the home would evaluate now.
        kept: SQL traits that failed in this build already.
    """
    write_models(project, segments or load_segments_in_force(settings, Lake(settings.lake)))
    write_policy_models(project)
    sql_traits, flaws = load_shop_sql_traits()
    ignored = [*(flaw.file for flaw in flaws), *(f"{model}.sql" for model in kept)]
    # Of what a file may be called, some is a pattern there.
    escaped = [re.sub(r"([^A-Za-z0-9_.])", r"\\\1", file) for file in sorted(ignored)]
    write_if_changed(project / ".dbtignore", "".join(f"models/traits/{file}\n" for file in escaped))
    write_trait_models(project, load_traits(), sql_traits, kept)
    return [flaw.message for flaw in flaws]


@contextmanager
def hold_generated_models(project: Path, generate: Callable[[Path], list[str]]) -> Iterator[list[str]]:
    """What `generate` says; while inside, the project holds what it writes.

    Args:
        generate: writes all generated files into a dbt project, those alone that differ.
    """
    with (project / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        while (sentences := find_up_to_date(project, generate)) is None:
            wait_for_others(lock)
            generate(project)
            fcntl.flock(
                lock, fcntl.LOCK_SH
            )  # another may write before this is granted, so it is looked at again
        yield sentences


def wait_for_others(lock: TextIO) -> None:
    """Have the lock alone."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        logger.warning("a build from this checkout with other definitions is going on; waiting until it ends")
        fcntl.flock(lock, fcntl.LOCK_EX)


def find_up_to_date(project: Path, generate: Callable[[Path], list[str]]) -> list[str] | None:
    """What `generate` says where the project holds all that it writes; else None."""
    with TemporaryDirectory() as name:
        wanted = Path(name)
        if (project / POLICY).is_file():
            shutil.copyfile(project / POLICY, wanted / POLICY)
        sentences = generate(wanted)
        files = [file.relative_to(wanted) for file in wanted.rglob("*") if file.is_file()]
        kept = {file.relative_to(project) for file in project.glob(OF_ONE_BUILD)}
        is_same = kept <= set(files) and all(
            (project / file).is_file() and (project / file).read_bytes() == (wanted / file).read_bytes()
            for file in files
        )
    return sentences if is_same else None
