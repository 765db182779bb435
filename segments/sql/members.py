"""All definitions as one query: `customer_id, segment_id, now`, a row for every member at every moment."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from segments.fields import NIGHT_FIELDS, Field
from segments.sql.aggregates import Grain
from segments.sql.filters import EventConditions
from segments.sql.literals import SegmentQueryError, quote_text
from segments.sql.measures import Measures
from segments.sql.moments import MomentColumns
from segments.sql.outside import Flags
from segments.sql.predicates import Predicates
from segments.sql.relations import RELATIONS
from segments.sql.transpile import transpile
from segments.tree.rules import Group, InSegment, Rule, Segment

Dialect = Literal["duckdb", "snowflake"]


@dataclass(frozen=True)
class MembersQuery:
    """The parts of a query in DuckDB's SQL, each after those that it reads, and the moments that it needs."""

    parts: tuple[tuple[str, str], ...]
    final: str
    moments: MomentColumns

    def format(self, dialect: Dialect = "duckdb", sources: Mapping[str, str] | None = None) -> str:
        """The query's text.

        Args:
            sources: a relation's name with what it is read from, as SQL or as dbt's `{{ ref(…) }}`; a
                relation that is left out is a table of its own name.
        """
        named = {name: name for name in (*RELATIONS, "moments")} | dict(sources or {})
        # DuckDB would keep a copy of whatever is read twice: of events, all of them.
        inlined = "not materialized " if dialect == "duckdb" else ""
        kept = "materialized " if dialect == "duckdb" else ""
        imports = [
            f"{name} as {inlined}(select * from {source})" for name, source in named.items() if source != name
        ]
        parts = [
            f"{name} as {kept if name == 'decided' else ''}({transpile(part, dialect)})"
            for name, part in self.parts
        ]
        return "with\n\n" + ",\n\n".join([*imports, *parts]) + f"\n\n{transpile(self.final, dialect)}\n"


def build_members_query(
    definitions: Sequence[Segment],
    fields: Mapping[str, Field] = NIGHT_FIELDS,
    of_customers: bool = False,
    asked: Collection[str] | None = None,
) -> MembersQuery:
    """The query of all definitions' members.

    Args:
        fields: what the relation `fields` holds.
        of_customers: `moments` says for each customer when they are asked, and the relation `customers` is
            not read.
        asked: the definitions whose members are wanted, where others are only asked for by these.

    Raises:
        SegmentQueryError: a definition asks for a segment that is not among them, for itself, or for what
            the tree's nodes do not allow.
    """
    columns = {each.segment_id: f"member_{n}" for n, each in enumerate(definitions, start=1)}
    conditions = EventConditions(MomentColumns(of_customers))
    flags = Flags(conditions, columns)
    measures = Measures(Grain("customer"), conditions, fields)
    predicates = Predicates(measures, flags.format)
    rules = {each.segment_id: predicates.format(each.members) for each in definitions}
    parts = [*measures.list_parts(), *flags.list_parts()]
    if conditions.item_lists:
        parts.insert(0, ("item_flags", conditions.format_item_flags()))
    parts.append(("known", format_known(measures, flags)))
    source = "known"
    for number, level in enumerate(sort_by_level(definitions), start=1):
        members = ", ".join(f"{rules[segment_id]} as {columns[segment_id]}" for segment_id in level)
        parts.append((f"decided_{number}", f"select *, {members} from {source}"))
        source = f"decided_{number}"
    parts.append(("decided", f"select customer_id, now, {', '.join(columns.values())} from {source}"))
    final = "\n\nunion all\n\n".join(
        f"select customer_id, {quote_text(segment_id)} as segment_id, now from decided where {column}"
        for segment_id, column in columns.items()
        if asked is None or segment_id in asked
    )
    return MembersQuery(tuple(parts), final, conditions.moments)


class Columns(Protocol):
    """Queries of at most one row of a customer at a moment, and which of their columns are read."""

    def list_columns(self) -> Iterator[tuple[str, list[str]]]:
        """The queries' names, with these."""


def format_known(measures: Measures, others: Columns) -> str:
    """All that is read of every customer at every moment."""
    moments = measures.conditions.moments
    whose = "m" if moments.of_customers else "customers"
    columns = [f"{whose}.customer_id", *(f"m.{name}" for name in moments.list_columns())]
    joins = ""
    for name, own in (*measures.list_columns(), *others.list_columns()):
        columns += [f"{name}.{column}" for column in own]
        at_moment = "" if name == "lists" else f" and {name}.now = m.now"
        joins += f" left join {name} on {name}.customer_id = {whose}.customer_id{at_moment}"
    if measures.fields:
        columns += [f"fields.{name} as field_{name}" for name in sorted(measures.fields)]
        joins += f" left join fields on fields.customer_id = {whose}.customer_id and fields.moment = m.now"
    source = "moments m" if moments.of_customers else "customers cross join moments m"
    return f"select {', '.join(columns)} from {source}{joins}"


def sort_by_level(definitions: Sequence[Segment]) -> list[list[str]]:
    """Segment ids, first those that ask for no other segment, then those that ask for these, and so on.

    Raises:
        SegmentQueryError: segments ask for each other.
    """
    waiting = {each.segment_id: set(list_segments(each.members)) for each in definitions}
    levels: list[list[str]] = []
    while waiting:
        level = [segment_id for segment_id, others in waiting.items() if not others & waiting.keys()]
        if not level:
            raise SegmentQueryError(f"segments {', '.join(waiting)} ask for each other")
        levels.append(level)
        waiting = {segment_id: others for segment_id, others in waiting.items() if segment_id not in level}
    return levels


def list_segments(rule: Rule) -> Iterator[str]:
    """The segments whose rules are asked at `now` as well."""
    if isinstance(rule, Group):
        for inner in rule.rules:
            yield from list_segments(inner)
    elif isinstance(rule, InSegment) and not (rule.since_at_least or rule.entered_within):
        yield rule.segment_id
