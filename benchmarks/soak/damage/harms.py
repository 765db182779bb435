"""What is done to the files that the service reads and writes, one at a time, each undone before the next."""

import os
import random
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from expectations.contracts.home import HomePaths
from expectations.contracts.manifest import DATA_FILE, FILE
from expectations.contracts.override import FOLDER as STATE
from expectations.contracts.restrictions_store import FOLDER as RESTRICTIONS
from serving_app.storage.private_copy import FOLDER as COPIES

LOG = HomePaths(Path()).decision_log.name
SNAPSHOTS = HomePaths(Path()).snapshots
PUBLISHED = SNAPSHOTS / "night-2" / DATA_FILE
CUT_TO = 100_000  # bytes; what killed the service that mapped its snapshot
N_FLIPPED = 40


def truncate_file(file: Path) -> None:
    """Cut a file short in place, as a disk that lost its end does."""
    os.truncate(file, min(CUT_TO, file.stat().st_size // 2))


def flip_bits(file: Path) -> None:
    """Turn over every bit of some bytes in place, not in LMDB's two meta pages: those it checks itself."""
    size, draw = file.stat().st_size, random.Random(1)
    with file.open("r+b") as out:
        for at in sorted(draw.sample(range(min(2 * 4096, size // 2), size), min(N_FLIPPED, size // 4))):
            out.seek(at)
            byte = out.read(1)[0]
            out.seek(at)
            out.write(bytes([byte ^ 0xFF]))


def delete_path(file: Path) -> None:
    """A file or a folder is gone, at one moment: the service may make it anew at the next."""
    if file.is_dir() and not file.is_symlink():
        temporary = file.with_name(f".{file.name}.gone")
        shutil.rmtree(file.rename(temporary))
    else:
        file.unlink()


def swap_snapshot(file: Path) -> None:
    """Another night's data, over this one's, in place."""
    with (file.parent.parent / "night-1" / DATA_FILE).open("rb") as other, file.open("r+b") as out:
        shutil.copyfileobj(other, out)
        out.truncate()


def garble_text(file: Path) -> None:
    """Half of the text, and then something else."""
    file.write_text(file.read_text()[:20] + "[" * 5_000)


def redirect_link(file: Path) -> None:
    """A link of the shared copy that leads to another file."""
    file.unlink()
    file.symlink_to("/etc/hostname")


# Of which file, what; a folder's name ends with a slash.
HARMS: tuple[tuple[str, Callable[[Path], None]], ...] = (
    *((str(PUBLISHED), harm) for harm in (truncate_file, flip_bits, delete_path, swap_snapshot)),
    *((str(PUBLISHED.with_name(FILE)), harm) for harm in (garble_text, delete_path)),
    (f"{SNAPSHOTS}/", delete_path),
    *(("published.json", harm) for harm in (garble_text, truncate_file, delete_path)),
    ("serving/history/", delete_path),
    *((f"serving/{COPIES}/night-2", harm) for harm in (redirect_link, delete_path)),
    (f"serving/{COPIES}/", delete_path),
    *((f"{STATE}/overrides.json", harm) for harm in (truncate_file, flip_bits, garble_text, delete_path)),
    *((f"{STATE}/overrides.copy.json", harm) for harm in (flip_bits, delete_path)),
    (f"{STATE}/", delete_path),
    (f"serving/{LOG}/", delete_path),
    *((f"{RESTRICTIONS}/data.mdb", harm) for harm in (truncate_file, flip_bits, delete_path)),
    (f"{RESTRICTIONS}/lock.mdb", delete_path),
    (f"{RESTRICTIONS}/", delete_path),
)


@contextmanager
def apply_harm(home: Path, name: str, harm: Callable[[Path], None]) -> Iterator[None]:
    """Do it, and afterwards put back what is still not as it was; a log is not put back, whose files were
    moved on meanwhile.
    """
    file, copy = home / name, home.with_name(f"{home.name}-before")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(home, copy, symlinks=True, ignore=shutil.ignore_patterns(LOG))
    harm(file)
    try:
        yield
    finally:
        # those the service mends itself
        if LOG not in name and COPIES not in name and str(STATE) not in name:
            if file.is_dir():
                delete_path(file)
            temporary = file.with_name(f".{file.name}.back")
            (shutil.copytree if (copy / name).is_dir() else shutil.copyfile)(copy / name, temporary)
            temporary.replace(file)  # whole at once, as a restore from a backup should be


@contextmanager
def limit_file_size(pids: list[int]) -> Iterator[None]:
    """No process of these can make a file longer, as when the disk is full; what reading needs is there."""
    before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY)) for pid in pids}
    try:
        yield
    finally:
        for pid, limit in before.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limit)
