"""Rules that one value of an attribute must satisfy: events are grouped by customer and value, once for all
rules over the attribute.
"""

from collections.abc import Iterator

from segments.sql.aggregates import Grain
from segments.sql.emptiness import holds_of_nothing
from segments.sql.filters import EventConditions
from segments.sql.literals import SegmentQueryError
from segments.sql.measures import Measures
from segments.sql.predicates import Predicates
from segments.tree.events import EventSet
from segments.tree.rules import AnyValue, Rule


class ValueRules:
    """The rules over the values of one attribute.

    Attributes:
        name: the query that says of a customer at a moment which rules some value satisfies.
        flags: each rule's condition of one value, with its column there.
    """

    def __init__(self, attribute: str, conditions: EventConditions) -> None:
        self.name = f"any_{attribute}"
        self.measures = Measures(Grain(f"by_{attribute}", attribute), conditions, {})
        self.predicates = Predicates(self.measures, refuse)
        self.flags: dict[str, str] = {}

    def add_rule(self, rule: AnyValue) -> str:
        """The condition that some value satisfies the rule."""
        condition = self.predicates.format(rule.rule)
        # A value that only events have of which the rule says nothing counts too, where that satisfies it.
        if holds_of_nothing(rule.rule) or not self.measures.scans:
            self.measures.find_scan(()).widen(EventSet(()))
        flag = self.flags.get(condition) or self.measures.conditions.name_column("f")
        self.flags[condition] = flag
        return f"(coalesce({flag}, 0) > 0)"

    def list_parts(self) -> Iterator[tuple[str, str]]:
        """The queries that decide the rules, with their names."""
        yield from self.measures.list_parts()
        values, *others = [name for name, _ in self.measures.list_columns()]
        joins = "".join(
            f" left join {other} on {self.measures.grain.join(values, other)}" for other in others
        )
        moments = self.measures.conditions.moments.join(f"m.now = {values}.now", f"{values}.customer_id")
        flags = "".join(f", count(*) filter (where {rule}) as {flag}" for rule, flag in self.flags.items())
        yield (
            self.name,
            f"select {values}.customer_id as customer_id, {values}.now as now{flags} from {values}"
            f"{moments}{joins} group by {values}.customer_id, {values}.now",
        )


def refuse(rule: Rule) -> str:
    """Refuse what is not of events with one value."""
    raise SegmentQueryError(f"{type(rule).__name__} cannot stand in a rule about one value")
