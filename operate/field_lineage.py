"""Which dbt models and segments use a column of the lake: found in dbt's SQL, CTE by CTE, by the names that
it gives the column and what is made of it.

A model whose SQL a macro makes, so that it cannot be parsed, uses what its words name: rather one too many
than one too few.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import sqlglot
from sqlglot import exp

from segments.evaluation.needs import find_needs
from segments.in_force import load_understood
from segments.parsing.definitions import make_reader_of_day

ROOT = Path(__file__).resolve().parents[1]
MODELS, DEFINITIONS = ROOT / "dbt_project" / "models", ROOT / "segments" / "definitions"
SEGMENT_INPUTS = "int_segment_inputs"  # the model whose columns segments name as fields
SEGMENT_EVENTS = "int_segment_events"  # the one whose columns they name as attributes of events
OF_EVERY_EVENT = frozenset({"at", "event_id", "event_type"})  # read wherever a rule looks at events
REF = re.compile(r"\{\{\s*ref\('(\w+)'\)\s*\}\}")
SOURCE = re.compile(r"\{\{\s*source\('\w+',\s*'(\w+)'\)\s*\}\}")
BLOCK = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{\s*config\(.*?\)\s*\}\}", re.DOTALL)
CALL = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
Tables = Mapping[str, Iterable[str]]  # by table, its columns that are followed
STAR = "*"  # hands on every column
TEXT = re.compile(r"'([\w.]+)'")


class Model(NamedTuple):
    """One dbt model: what it reads, its parsed SQL (None where it cannot be parsed), and its words."""

    parents: frozenset[str]
    query: exp.Expression | None
    words: frozenset[str]


class Use(NamedTuple):
    """What becomes of a column in a query.

    Attributes:
        outputs: the query's columns that are made of it.
        is_named: the query names it, so that it does not merely hand it on.
    """

    outputs: frozenset[str]
    is_named: bool


def read_models(folder: Path = MODELS) -> dict[str, Model]:
    """Every dbt model by name."""
    return {file.stem: parse_model(file.read_text()) for file in sorted(folder.rglob("*.sql"))}


def parse_model(text: str) -> Model:
    """A model's SQL without what dbt replaces."""
    sql = SOURCE.sub(r"\1", REF.sub(r"\1", BLOCK.sub(" ", text)))
    sql = CALL.sub(lambda call: f"made_by_dbt({', '.join(TEXT.findall(call[1]))})", sql)
    try:
        query = sqlglot.parse_one(sql, dialect="duckdb")
    except sqlglot.errors.SqlglotError:
        query = None
    parents = frozenset([*REF.findall(text), *SOURCE.findall(text)])
    return Model(parents, query, frozenset(re.findall(r"[a-z_]\w*|\*", sql)))


def find_uses(models: Mapping[str, Model], table: str, column: str) -> dict[str, frozenset[str]]:
    """By model that names a column of a table, or what another made of it, its outputs made of it."""
    outputs: dict[str, frozenset[str]] = {table: frozenset([column])}
    named, waiting = set(), [table]
    while waiting:
        parent = waiting.pop()
        for name, model in models.items():
            if parent not in model.parents:
                continue
            use = follow_model(model, outputs)
            if use.is_named:
                named.add(name)
            if use.outputs - outputs.get(name, frozenset()):
                outputs[name] = use.outputs | outputs.get(name, frozenset())
                waiting.append(name)
    return {name: outputs.get(name, frozenset()) for name in named}


def follow_model(model: Model, tables: Tables) -> Use:
    """What a model makes of columns of the tables that it reads."""
    if model.query is None:
        read = frozenset().union(*(tables.get(parent, ()) for parent in model.parents))
        named = read & model.words
        return Use(read if STAR in model.words else named, bool(named))
    return follow_query(model.query, tables)


def follow_query(query: exp.Expression, tables: Tables) -> Use:
    """As `follow_model`, of a query with its CTEs or one inside another."""
    known, is_named = dict(tables), False
    for cte in query.ctes if isinstance(query, exp.Query) else ():
        use = follow_query(cte.this, known)
        known[cte.alias], is_named = use.outputs, is_named or use.is_named
    if isinstance(query, exp.SetOperation):
        sides = [follow_query(side, known) for side in (query.this, query.expression)]
        outputs = sides[0].outputs | sides[1].outputs
        return Use(outputs, is_named or any(side.is_named for side in sides))
    if isinstance(query, exp.Subquery):
        use = follow_query(query.this, known)
        return Use(use.outputs, is_named or use.is_named)
    if not isinstance(query, exp.Select):
        return Use(frozenset(), is_named)
    read = read_tables(query, known)
    every = frozenset().union(*read.values())

    def is_used(column: exp.Column) -> bool:
        return column.name in read.get(column.table, every)

    outputs: set[str] = set()
    for projection in query.expressions:
        if projection.is_star:
            table = projection.table if isinstance(projection, exp.Column) else ""
            outputs |= read.get(table, every)
        elif any(map(is_used, projection.find_all(exp.Column))):
            outputs.add(projection.alias_or_name)
    body = [part for name, part in query.args.items() if name != "with_" and name != "with"]
    columns = [column for part in flatten(body) for column in part.find_all(exp.Column)]
    is_named = is_named or any(is_used(column) for column in columns if not column.is_star)
    return Use(frozenset(outputs), is_named)


def read_tables(query: exp.Select, known: Tables) -> dict[str, frozenset[str]]:
    """By the name that a query knows it by, the columns that are followed of each table that it reads, also
    inside its conditions.
    """
    read: dict[str, frozenset[str]] = {}
    for name, part in query.args.items():
        if name in ("with", "with_"):
            continue
        for each in flatten([part]):
            for table in each.find_all(exp.Table):
                read[table.alias_or_name] = known.get(table.name, frozenset())
            for inner in each.find_all(exp.Subquery):
                if inner.alias:
                    read[inner.alias] = follow_query(inner.this, known).outputs
    return read


def flatten(parts: Iterable[object]) -> Iterable[exp.Expression]:
    """The expressions among a query's parts."""
    for part in parts:
        if isinstance(part, list):
            yield from flatten(part)
        elif isinstance(part, exp.Expression):
            yield part


def find_segments(uses: Mapping[str, frozenset[str]], folder: Path = DEFINITIONS) -> list[str]:
    """Segments whose rule names a field that is made of a column, or reads events of it, sorted.

    Args:
        uses: as `find_uses` answers.
    """
    fields, attributes = (uses.get(model, frozenset()) for model in (SEGMENT_INPUTS, SEGMENT_EVENTS))
    definitions, _ = load_understood(sorted(folder.glob("*.yml")), make_reader_of_day())
    found = []
    for segment_id, definition in definitions.items():
        needs = find_needs(definition.segment.members)
        read = frozenset().union(*needs.attributes.values(), OF_EVERY_EVENT if needs.attributes else ())
        if needs.fields & fields or read & attributes:
            found.append(segment_id)
    return sorted(found)
