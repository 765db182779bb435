"""What has landed: every file under `landing/<source>/<entity>/<landing day>/`, its content's hash, and one
fingerprint of all.

`land` compares the fingerprint with the one that was published: equal means
that a night has nothing to do, and needs no Spark to know it.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from spark_jobs.identify.said import Said
from spark_jobs.run.context import Night

HASHES = ".hashes.json"  # in landing/, like all that begins with a dot no delivery
CHUNK = 1 << 20


@dataclass(frozen=True)
class Landed:
    """One file: where it is (`name` is relative to landing/), whose it is, and on which day it landed."""

    path: Path
    name: str
    source: str
    entity: str
    day: date
    n_bytes: int
    sha256: str


def landed(landing: Path, up_to: date) -> list[Landed]:
    """Every file with a landing day up to this one, sorted by name. Hashes are remembered by size and time of
    change.
    """
    known = remembered(landing / HASHES)
    found, hashes = [], {}
    for source, entity, day, path in files(landing):
        name, stat = str(path.relative_to(landing)), path.stat()
        mark = f"{stat.st_size} {stat.st_mtime_ns}"
        if day > up_to:
            if name in known:
                hashes[name] = known[name]
            continue
        sha256 = known[name][1] if known.get(name, ("",))[0] == mark else hashed(path)
        hashes[name] = (mark, sha256)
        found.append(Landed(path, name, source, entity, day, stat.st_size, sha256))
    if hashes != known:
        aside = landing / f"{HASHES}.part"
        aside.write_text(json.dumps(hashes))
        aside.rename(landing / HASHES)
    return sorted(found, key=lambda file: file.name)


def fingerprint(night: Night, up_to: date, said: Said) -> str:
    """One hash of all a night's tables come from; 32 hex digits.

    That is the files landed up to a day, code and settings, and what people said of identities.
    """
    digest = hashlib.sha256(f"{night.code_hash} {night.config_hash}\n".encode())
    digest.update(f"{' '.join(sorted(said.decision_ids))} {said.model}\n".encode())
    for file in landed(night.settings.landing, up_to):
        digest.update(f"{file.name}\0{file.n_bytes}\0{file.sha256}\n".encode())
    return digest.hexdigest()[:32]


def files(landing: Path) -> Iterator[tuple[str, str, date, Path]]:
    """Source, entity, landing day and path of every delivered file."""
    for path in landing.glob("*/*/*/*"):
        source, entity, day, name = path.relative_to(landing).parts
        landing_day = as_day(day)
        if (
            landing_day
            and path.is_file()
            and not any(part.startswith(".") for part in (source, entity, name))
        ):
            yield source, entity, landing_day, path


def as_day(name: str) -> date | None:
    """The day a folder is named for, or None for a folder of something else."""
    try:
        return date.fromisoformat(name)
    except ValueError:
        return None


def days_of(folder: Path) -> list[date]:
    """The landing days of `landing/<source>/<entity>`, sorted."""
    return sorted(day for path in folder.glob("*") if path.is_dir() and (day := as_day(path.name)))


def hashed(path: Path) -> str:
    """SHA-256 of a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as content:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def remembered(file: Path) -> dict[str, tuple[str, str]]:
    """Hashes of an earlier night: name → (size and time of change, hash). A cache that is gone or torn costs
    a re-read.
    """
    try:
        return {name: (mark, sha256) for name, (mark, sha256) in json.loads(file.read_text()).items()}
    except (FileNotFoundError, ValueError):
        return {}
