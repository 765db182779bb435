"""dbt's generated models lie in the checkout, from which several homes may build, each by its definitions.

Builds that want the same models go on beside each other; one that wants others waits until they have ended.
"""

import fcntl
import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

from spark_jobs.warehouse.survivorship import POLICY

LOCK = ".generated.lock"
OF_ONE_BUILD = "models/**/int_kept_traits__*.sql"  # the models that a build may have and another not

logger = logging.getLogger(__name__)


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
