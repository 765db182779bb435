"""The lake's `list_entries`: what stands in a home's files `lists/<name>.csv`, as identifiers or items.

The first line names what the first column holds: `item_id`, or a kind of identifier, which is hashed as all
are; a column `source` says whose it is. A line that cannot be read is counted and named; the night goes on.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from expectations.contracts.home import HomePaths
from expectations.contracts.identifiers import KINDS, SHARED_KINDS, hash_identifier, normalise_identifier
from expectations.contracts.ids import find_id_flaw, normalise_id
from expectations.contracts.lake import LIST_ENTRIES
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import TableReport
from spark_jobs.settings import Settings

NAME = re.compile(r"[a-z_][a-z0-9_]{0,99}")
MOST_LINES = 5_000_000
MOST_CHARACTERS = 10_000  # of a line
MOST_NAMED = 20  # flaws that a report names; all are counted
ITEM = "item_id"


@dataclass
class Lists:
    """Entries of all lists, each once, and what could not be read, in words without a value: how much, and
    the first of it.
    """

    entries: dict[tuple[str, str, str], None] = field(default_factory=dict)
    flaws: list[str] = field(default_factory=list)
    n_refused: int = 0

    def refuse(self, file: Path, flaw: str) -> None:
        """Count what is wrong with a file or a line of it; a name may be any bytes."""
        self.n_refused += 1
        if len(self.flaws) < MOST_NAMED:
            self.flaws.append(ascii(file.name)[1:-1] + flaw)


def write_lists(lake: Lake, settings: Settings) -> TableReport:
    """Make `list_entries` hold what the files say; writes nothing where it does."""
    lists = read_lists(settings.paths, settings.identity_key, settings.sources[0])
    names = ("list_name", "kind", "entry_id")
    rows = [dict(zip(names, entry, strict=True)) for entry in sorted(lists.entries)]
    if rows or lake.exists(LIST_ENTRIES):
        lake.replace_rows(rows, LIST_ENTRIES)
    detail = {"refused": lists.n_refused, "flaws": lists.flaws} if lists.flaws else {}
    return TableReport(LIST_ENTRIES.name, n_rows=len(rows), detail=detail)


def read_lists(paths: HomePaths, key: str, source: str) -> Lists:
    """The lists of a home.

    Args:
        key: what identifiers are hashed with.
        source: whose an identifier is that names none.
    """
    lists = Lists()
    for file in sorted(paths.lists.glob("*.csv")):
        if not NAME.fullmatch(file.stem):
            lists.refuse(file, ": no name of a list; allowed: small letters, digits and underscores")
            continue
        if not file.is_file() or file.resolve().parent != paths.lists.resolve():
            lists.refuse(file, ": no file of this folder; a link elsewhere is not followed")
            continue
        try:
            for number, entry in read_entries(file, key, source):
                if isinstance(entry, str):
                    lists.refuse(file, f":{number}: {entry}")
                else:
                    lists.entries[file.stem, *entry] = None
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            lists.refuse(file, f": {type(error).__name__}; a list is CSV in UTF-8, in lines that end")
    return lists


def read_entries(file: Path, key: str, source: str) -> Iterator[tuple[int, tuple[str, str] | str]]:
    """Each line's number, with the kind and id of its entry or what is wrong with it."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.reader(limit_lines(lines))
        header = [name.strip().lower() for name in next(rows, [])]
        if not header or header[0] not in (ITEM, *KINDS):
            yield 1, f"the first column is none that is known; allowed: {', '.join((ITEM, *KINDS))}"
            return
        kind = header[0]
        of_source = header.index("source") if "source" in header else None
        for row in rows:
            if rows.line_num > MOST_LINES:
                yield rows.line_num, f"a list has at most {MOST_LINES:,} lines"
                return
            if not any(map(str.strip, row)):
                continue
            whose = row[of_source].strip() if of_source is not None and of_source < len(row) else ""
            yield rows.line_num, read_entry(kind, row[0], key, whose or source)


def limit_lines(lines: TextIO) -> Iterator[str]:
    """The lines of a file.

    Raises:
        csv.Error: one is longer than `MOST_CHARACTERS`, which is never read whole.
    """
    while line := lines.readline(MOST_CHARACTERS + 1):
        if len(line) > MOST_CHARACTERS:
            raise csv.Error("line too long")
        yield line


def read_entry(kind: str, value: str, key: str, source: str) -> tuple[str, str] | str:
    """The kind and id of an entry, or what is wrong with it."""
    normal = normalise_id(value, kind) if kind == ITEM else normalise_identifier(kind, value)
    if flaw := find_id_flaw(normal, kind):
        return f"{kind} {flaw}"
    if kind == ITEM:
        return "items", normal
    return "customers", hash_identifier(key, kind, "" if kind in SHARED_KINDS else source, value)
