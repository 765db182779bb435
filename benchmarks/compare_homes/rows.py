"""Two tables, or two JSON documents, as multisets of rows: how many each has, and the first that differ."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from benchmarks.compare_homes.exceptions import Field, is_ignored

MAX_ROWS_SHOWN = 2
MAX_CHARACTERS = 400


@dataclass(frozen=True)
class Comparison:
    """What a comparison of one table found. A table that one side lacks has None for its rows there."""

    name: str
    n_before: int | None
    n_after: int | None
    n_differences: int = 0
    details: tuple[str, ...] = ()

    @property
    def is_equal(self) -> bool:
        return self.n_before is not None and self.n_after is not None and not self.n_differences

    def as_text(self) -> str:
        """One line, and below it what differs."""
        n_before, n_after = ("missing" if n is None else f"{n:,}" for n in (self.n_before, self.n_after))
        verdict = (
            "equal" if self.is_equal else f"{self.n_differences:,} rows without an equal on the other side"
        )
        line = f"{self.name:<44} {n_before:>12} {n_after:>12}  {verdict}"
        return "\n".join([line, *(f"    {detail}" for detail in self.details)])


def compare_tables(
    name: str, before: pa.Table | None, after: pa.Table | None, ignored: frozenset[str] = frozenset()
) -> Comparison:
    """Compare the rows of two tables, in any order, without the ignored columns; the others must agree in
    name and type.
    """
    n_before, n_after = (None if table is None else table.num_rows for table in (before, after))
    if before is None or after is None:
        return Comparison(name, n_before, n_after, (n_before or 0) + (n_after or 0))
    types = [
        {field.name: str(field.type) for field in table.schema if field.name not in ignored}
        for table in (before, after)
    ]
    if types[0] != types[1]:
        apart = sorted(set(types[0].items()) ^ set(types[1].items()))
        return Comparison(name, n_before, n_after, n_before + n_after, (f"columns differ: {apart}",))
    columns = ", ".join(f'"{column}"' for column in types[0])
    with duckdb.connect() as db:
        db.register("before", before)
        db.register("after", after)
        n_gone, gone = subtract_rows(db, columns, "before", "after")
        n_new, new = subtract_rows(db, columns, "after", "before")
        details = [f"only before: {row}" for row in gone] + [f"only after: {row}" for row in new]
        if details:
            apart = [c for c in types[0] if any(subtract_rows(db, f'"{c}"', *pair)[0] for pair in SIDES)]
            details.insert(0, f"columns whose values differ: {', '.join(apart) or 'none by itself'}")
    return Comparison(name, n_before, n_after, n_gone + n_new, tuple(details))


SIDES = (("before", "after"), ("after", "before"))


def subtract_rows(
    db: duckdb.DuckDBPyConnection, columns: str, minuend: str, subtrahend: str
) -> tuple[int, list[str]]:
    """How many rows of one table have no equal in another (a row twice needs two), and the first of them as
    text."""
    only = f"(select {columns} from {minuend} except all select {columns} from {subtrahend})"
    n_rows = db.execute(f"select count(*) from {only}").fetchall()[0][0]
    if not n_rows:
        return 0, []
    rows = db.execute(f"select one::varchar from {only} one order by 1 limit {MAX_ROWS_SHOWN}").fetchall()
    return n_rows, [text[:MAX_CHARACTERS] for (text,) in rows]


def flatten_json(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every leaf of a JSON document: its path (`received.0.table`) and its value as Python writes it."""
    if not isinstance(value, dict | list) or not value:
        yield path, repr(value)
        return
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield from flatten_json(inner, f"{path}.{key}" if path else str(key))


def tabulate_json(documents: Iterable[tuple[str, Any]], ignored: tuple[Field, ...]) -> pa.Table:
    """Named JSON documents as a table: `document`, `path`, `value`, one row per leaf that is not ignored."""
    rows = [
        (name, path, value)
        for name, document in documents
        for path, value in flatten_json(document)
        if not is_ignored(path, ignored)
    ]
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    return pa.table(
        dict(zip(("document", "path", "value"), (pa.array(c, pa.string()) for c in columns), strict=True))
    )
