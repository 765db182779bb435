"""The files that have landed, `landing/<source>/<entity>/<landing date>/<file>`, each with its hash."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

HASH_CACHE = ".hashes.json"  # in landing/; a name that begins with a dot is no delivery
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class LandedFile:
    """One file: where it is (`name` is relative to landing/), its source and entity, and its landing date."""

    path: Path
    name: str
    source: str
    entity: str
    day: date
    n_bytes: int
    sha256: str


def list_landed_files(landing: Path, last_day: date) -> list[LandedFile]:
    """Every file with a landing date up to `last_day`, sorted by name.

    Hashes are cached by size and time of change, so a run reads only new files.
    """
    cache = read_hash_cache(landing / HASH_CACHE)
    files, hashes = [], {}
    for source, entity, day, path in iterate_files(landing):
        name, stat = str(path.relative_to(landing)), path.stat()
        size_and_time = f"{stat.st_size} {stat.st_mtime_ns}"
        if day > last_day:
            if name in cache:
                hashes[name] = cache[name]
            continue
        is_cached = cache.get(name, ("",))[0] == size_and_time
        sha256 = cache[name][1] if is_cached else hash_file(path)
        hashes[name] = (size_and_time, sha256)
        files.append(LandedFile(path, name, source, entity, day, stat.st_size, sha256))
    if hashes != cache:
        temporary = landing / f"{HASH_CACHE}.part"
        temporary.write_text(json.dumps(hashes))
        temporary.rename(landing / HASH_CACHE)
    return sorted(files, key=lambda file: file.name)


def iterate_files(landing: Path) -> Iterator[tuple[str, str, date, Path]]:
    """Source, entity, landing date and path of every delivered file."""
    for path in landing.glob("*/*/*/*"):
        source, entity, day, name = path.relative_to(landing).parts
        landing_date = parse_folder_date(day)
        is_hidden = any(part.startswith(".") for part in (source, entity, name))
        if landing_date and path.is_file() and not is_hidden:
            yield source, entity, landing_date, path


def parse_folder_date(folder_name: str) -> date | None:
    """The date a folder is named for, or None for a folder of something else."""
    try:
        return date.fromisoformat(folder_name)
    except ValueError:
        return None


def list_landing_dates(folder: Path) -> list[date]:
    """The landing dates of `landing/<source>/<entity>`, sorted."""
    folders = (path for path in folder.glob("*") if path.is_dir())
    return sorted(day for path in folders if (day := parse_folder_date(path.name)))


def hash_file(path: Path) -> str:
    """SHA-256 of a file's content, in hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as content:
        while chunk := content.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def read_hash_cache(file: Path) -> dict[str, tuple[str, str]]:
    """Hashes of an earlier run: name → (size and time of change, hash).

    A cache that is missing or torn is empty: its files are hashed again.
    """
    try:
        entries = json.loads(file.read_text())
        return {name: (size_and_time, sha256) for name, (size_and_time, sha256) in entries.items()}
    except (FileNotFoundError, ValueError):
        return {}
