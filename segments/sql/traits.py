"""All traits as one query: `customer_id, now` and a column for each, a row for every customer and moment.

The measures are those of rules, so traits that look at the same events share a pass, and a trait has the
value that a rule on it compares.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from segments.sql.aggregates import Grain
from segments.sql.filters import EventConditions, uses_lists
from segments.sql.literals import check_name
from segments.sql.measures import Measures
from segments.sql.members import MembersQuery, format_known
from segments.sql.moments import MomentColumns
from segments.sql.selections import Pick
from segments.tree.measures import Count, CountDistinct
from segments.tree.traits import Trait, UniqueList

GRAIN = Grain("customer")
SEPARATOR = "chr(31)"  # between the values of a list; ingest takes control characters out of every text


@dataclass
class UniqueLists:
    """Lists of different values, and the queries that work them out."""

    conditions: EventConditions
    parts: dict[str, str] = field(default_factory=dict)
    columns: dict[UniqueList, tuple[str, str]] = field(default_factory=dict)

    def add(self, values: UniqueList) -> str:
        """The column that holds a list, as text with a separator."""
        if values not in self.columns:
            name, column = f"list_{len(self.columns) + 1}", self.conditions.name_column("v")
            pick = Pick(check_name(values.attribute), values.events, GRAIN, self.conditions, (column,))
            self.parts[f"{name}_newest"] = format_newest(pick, values.most)
            self.parts[name] = format_list(pick, f"{name}_newest", values.most)
            self.columns[values] = (name, column)
        return self.columns[values][1]

    def list_columns(self) -> Iterator[tuple[str, list[str]]]:
        """The queries whose columns traits read, with these."""
        for name, column in self.columns.values():
            yield name, [column]


def build_traits_query(traits: Sequence[Trait]) -> MembersQuery:
    """The query of all traits' values; of no event counts and sums are 0, all else is null."""
    conditions = EventConditions(MomentColumns())
    measures, lists = Measures(GRAIN, conditions, {}), UniqueLists(conditions)
    columns = [f"{format_trait(trait, measures, lists)} as {check_name(trait.trait)}" for trait in traits]
    flags = [("item_flags", conditions.format_item_flags())] if conditions.item_lists else []
    known = ("known", format_known(measures, lists))
    parts = [*flags, *measures.list_parts(), *lists.parts.items(), known]
    return MembersQuery(
        tuple(parts), f"select {', '.join(['customer_id', 'now', *columns])} from known", conditions.moments
    )


def format_trait(trait: Trait, measures: Measures, lists: UniqueLists) -> str:
    """A trait's value as an expression: how many as a whole number, a list as an array."""
    if isinstance(trait.value, UniqueList):
        return f"string_split({lists.add(trait.value)}, {SEPARATOR})"
    expression, _ = measures.format(trait.value)
    return f"cast({expression} as bigint)" if isinstance(trait.value, Count | CountDistinct) else expression


def format_newest(pick: Pick, most: int) -> str:
    """Each value with the moment of its last event, of the values that fewer than so many are newer than."""
    source = pick.conditions.format_source([pick.format_known()], uses_lists(pick.events))
    return (
        "select customer_id, now, value, last_at from ("
        f"select {GRAIN.format_keys()}, e.{pick.attribute} as value, max(e.at) as last_at {source}"
        f" group by {', '.join(GRAIN.select_keys())}, e.{pick.attribute}) found"
        f" qualify rank() over (partition by customer_id, now order by last_at desc) <= {most}"
    )


def format_list(pick: Pick, newest: str, most: int) -> str:
    """The newest values as one text, those of one moment in the order of their events' ids."""
    value, order = pick.columns[0], "last_at desc, last_id desc"
    return (
        f"select customer_id, now, string_agg(value, {SEPARATOR} order by {order}) as {value} from ("
        f"select n.customer_id, n.now, n.value, n.last_at, max(e.event_id) as last_id from {newest} n"
        " join events e on e.customer_id = n.customer_id and e.at = n.last_at"
        f" and e.{pick.attribute} = n.value"
        f"{pick.join_moments('n')}{pick.join_lists()} where {pick.format_known()}"
        " group by n.customer_id, n.now, n.value, n.last_at"
        " qualify row_number() over (partition by n.customer_id, n.now"
        f" order by n.last_at desc, max(e.event_id) desc) <= {most}) listed group by customer_id, now"
    )
