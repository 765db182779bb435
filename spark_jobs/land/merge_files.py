"""Makes few files of the many that a service's log lands in a day: its workers finish one a minute, and the
stream lands one a batch. Each would be a delivery for ever, listed and compared by every night.

Only files that no night has ingested are merged, so no delivery is superseded. The merged file is there,
whole, before its parts go; a run that was killed in between is finished by the next.
"""

import logging
import os
from collections.abc import Container, Iterator
from datetime import date
from pathlib import Path
from typing import BinaryIO

from expectations.contracts.files import sync_folder
from spark_jobs.sources.landed_files import list_landing_dates
from spark_jobs.sources.merged_files import MERGED, name_merged, read_parts, write_parts

MOST_FILES = 24  # of a day that stay as they are
MOST_BYTES = 256 << 20  # of one that is made
CHUNK_BYTES = 1 << 20

logger = logging.getLogger(__name__)


def merge_landed_files(folder: Path, last_day: date, ingested: Container[str], most: int = MOST_FILES) -> int:
    """Merge the files of each day up to one, where they are too many; how many fewer there are.

    Args:
        folder: `landing/<source>/<entity>`, of lines.
        ingested: names of files that a night has ingested, as `<landing date>/<file>`.
    """
    n_fewer = 0
    for day in list_landing_dates(folder):
        if day <= last_day:
            finish(folder / str(day), ingested)
            files = sorted(folder.glob(f"{day}/[!.]*.jsonl"), key=lambda file: file.name)
            new = [file for file in files if f"{day}/{file.name}" not in ingested]
            if len(new) > most:
                n_fewer += sum(merge(parts) for parts in part_by_size(new) if len(parts) > 1)
    if n_fewer:
        logger.info(f"{folder.parent.name}/{folder.name}: landed files are fewer by {n_fewer:,}, merged")
    return n_fewer


def finish(folder: Path, ingested: Container[str]) -> None:
    """Delete the parts of merged files that are there, what a merge had only begun, and what nobody asks any
    more: the parts of one that was ingested.
    """
    for listed in sorted(folder.glob(f".*{MERGED}.jsonl.parts")):
        merged = folder / listed.name.removeprefix(".").removesuffix(".parts")
        if merged.exists():
            delete_parts(merged)
        if not merged.exists() or f"{folder.name}/{merged.name}" in ingested:
            listed.unlink()
    for begun in folder.glob(f".*{MERGED}.jsonl.merging"):
        begun.unlink()


def part_by_size(files: list[Path], most_bytes: int = MOST_BYTES) -> Iterator[list[Path]]:
    """Files in their order, as many together as one may hold."""
    parts, n_bytes = list[Path](), 0
    for file in files:
        size = file.stat().st_size
        if parts and n_bytes + size > most_bytes:
            yield parts
            parts, n_bytes = [], 0
        parts.append(file)
        n_bytes += size
    if parts:
        yield parts


def merge(parts: list[Path]) -> int:
    """Make one file of several; how many fewer there are."""
    merged = name_merged(parts[0])
    begun = merged.with_name(f".{merged.name}.merging")
    with begun.open("wb") as out:
        for part in parts:
            append_lines(part, out)
        out.flush()
        os.fsync(out.fileno())
    write_parts(merged, parts)
    begun.rename(merged)
    sync_folder(merged.parent)
    delete_parts(merged)
    return len(parts) - 1


def append_lines(file: Path, out: BinaryIO) -> None:
    """Append a file's lines, the last one ended: of a worker that died it may be half a line."""
    last = b"\n"
    with file.open("rb") as content:
        while chunk := content.read(CHUNK_BYTES):
            out.write(chunk)
            last = chunk[-1:]
    if last != b"\n":
        out.write(b"\n")


def delete_parts(merged: Path) -> None:
    """Delete what a merged file was made of."""
    for name in read_parts(merged):
        (merged.parent / name).unlink(missing_ok=True)
    sync_folder(merged.parent)
