"""The lake's `list_entries`: what stands in a home's files `lists/<name>.csv`, as identifiers or items.

The first line names what the first column holds: `item_id`, or a kind of identifier, which is hashed as all
are; a column `source` says whose it is. A line that cannot be read is counted and named; a file that cannot
be read to its end is left out whole, so nobody drops off a list for a byte. The night goes on.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts.home import HomePaths
from expectations.contracts.identifiers import KINDS, SHARED_KINDS, hash_identifier, normalise_identifier
from expectations.contracts.ids import find_id_flaw, normalise_id
from expectations.contracts.lake import LIST_ENTRIES
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import TableReport
from spark_jobs.settings import Settings

NAME = re.compile(r"[a-z_][a-z0-9_]{0,99}")
MOST_LINES = 5_000_000
# Of all lists together, so that a file that is no list takes no night's memory: 0.8 GB (2026-11).
MOST_ENTRIES = 3_000_000
MOST_CHARACTERS = 10_000  # of a line
MOST_NAMED = 20  # flaws that a report names; all are counted
ITEM = "item_id"
Entries = Iterator[tuple[int, tuple[str, str] | str]]  # line, and kind with id or a flaw


class ListLeftOut(ValueError):  # noqa: N818 - reads as what it says
    """A list that is refused as a whole: a part of one would say of the others that they are not on it."""


@dataclass
class Lists:
    """Entries of all lists, each once, and what could not be read, in words without a value: how much, and
    the first of it.

    Attributes:
        entries: ids by list and kind.
        left_out: lists that hold what they held, since their file is refused as a whole.
    """

    entries: dict[tuple[str, str], dict[str, None]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    flaws: list[str] = field(default_factory=list)
    n_refused: int = 0

    def list_rows(self) -> Iterator[tuple[str, str, str]]:
        """List, kind and id of each entry, in order."""
        for (name, kind), ids in sorted(self.entries.items()):
            yield from ((name, kind, entry_id) for entry_id in sorted(ids))

    def count(self) -> int:
        """How many entries there are."""
        return sum(map(len, self.entries.values()))

    def leave_out(self, file: Path, flaw: str) -> None:
        """Drop what was read of a file that is refused as a whole."""
        for kind in ("customers", "items"):
            self.entries.pop((file.stem, kind), None)
        self.left_out.append(file.stem)
        self.refuse(file, f": {flaw}; it is left out, and holds what it held the night before")

    def refuse(self, file: Path, flaw: str) -> None:
        """Count what is wrong with a file or a line of it; a name may be any bytes."""
        self.n_refused += 1
        if len(self.flaws) < MOST_NAMED:
            self.flaws.append(ascii(file.name)[1:-1] + flaw)


def write_lists(lake: Lake, settings: Settings) -> TableReport:
    """Make `list_entries` hold what the files say; writes nothing where it does."""
    lists = read_lists(settings.paths, settings.identity_key, settings.sources[0])
    rows = make_table(lists)
    if lake.exists(LIST_ENTRIES):
        if lists.left_out:
            before = lake.read_arrow(LIST_ENTRIES).cast(rows.schema)
            kept = before.filter(pc.is_in(before["list_name"], pa.array(lists.left_out, pa.string())))
            rows = pa.concat_tables([rows, kept]).sort_by([(name, "ascending") for name in rows.column_names])
        lake.replace_arrow(rows.combine_chunks(), LIST_ENTRIES)
    elif rows.num_rows:
        lake.replace_arrow(rows, LIST_ENTRIES)
    detail = {"refused": lists.n_refused, "flaws": lists.flaws} if lists.flaws else {}
    return TableReport(LIST_ENTRIES.name, n_rows=rows.num_rows, detail=detail)


def make_table(lists: Lists) -> pa.Table:
    """The rows of `list_entries`, in order, made list by list: as dicts they would be ten times as much."""
    schema = build_arrow_schema(LIST_ENTRIES)
    parts = [schema.empty_table()]
    for name, kind in sorted(lists.entries):
        ids = pa.array(sorted(lists.entries[name, kind]), pa.string())
        columns = [pa.repeat(pa.scalar(each, pa.string()), len(ids)) for each in (name, kind)]
        parts.append(pa.Table.from_arrays([*columns, ids], schema=schema))
    return pa.concat_tables(parts).combine_chunks()


def read_lists(paths: HomePaths, key: str, source: str, most: int = MOST_ENTRIES) -> Lists:
    """The lists of a home, by name as long as there is room.

    Args:
        key: what identifiers are hashed with.
        source: whose an identifier is that names none.
        most: entries of all lists together.
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
            read_list(lists, file, read_entries(file, key, source), most - lists.count())
        except ListLeftOut as error:
            lists.leave_out(file, str(error))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            lists.leave_out(file, f"{type(error).__name__}; a list is CSV in UTF-8, in lines that end")
    return lists


def read_list(lists: Lists, file: Path, entries: Entries, room: int) -> None:
    """Add the entries of a file.

    Raises:
        ListLeftOut: there is no room for them.
    """
    for number, entry in entries:
        if isinstance(entry, str):
            lists.refuse(file, f":{number}: {entry}")
            continue
        kind, entry_id = entry
        ids = lists.entries.setdefault((file.stem, kind), {})
        ids[entry_id] = None
        if len(ids) > room:  # a file has entries of one kind
            raise ListLeftOut(f"with it all lists together have more than {MOST_ENTRIES:,} entries")


def read_entries(file: Path, key: str, source: str) -> Entries:
    """Each line's number, with the kind and id of its entry or what is wrong with it.

    Raises:
        ListLeftOut: nobody knows what its column holds, or there are more lines than a list may have.
    """
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.reader(limit_lines(lines))
        header = [name.strip().lower() for name in next(rows, [])]
        if not header or header[0] not in (ITEM, *KINDS):
            raise ListLeftOut(f"its first column is none that is known; allowed: {', '.join((ITEM, *KINDS))}")
        kind = header[0]
        of_source = header.index("source") if "source" in header else None
        for row in rows:
            if rows.line_num > MOST_LINES:
                raise ListLeftOut(f"a list has at most {MOST_LINES:,} lines")
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
