"""Definitions compiled together: what they keep of a customer, and which of them an event can change."""

from collections.abc import Mapping
from functools import lru_cache

from segments.calendar import ShopCalendar
from segments.evaluation.layout import Layout
from segments.evaluation.matching import EventReader, Lists
from segments.evaluation.needs import find_needs
from segments.evaluation.rules import Evaluated, RuleCompiler
from segments.evaluation.sequences import SequencePlan
from segments.evaluation.state import CustomerCell
from segments.evaluation.windows import ShopWindows
from segments.tree import rules


class CompiledDefinitions:
    """What definitions are compiled to.

    Attributes:
        segment_ids: the definitions, by the place that they have everywhere else.
        lateness: an event that comes later than so many microseconds before the last `prune` is refused, so
            that each is counted once for certain.
    """

    def __init__(
        self,
        definitions: Mapping[str, rules.Rule],
        calendar: ShopCalendar,
        list_items: Lists,
        lateness: int,
    ) -> None:
        self.segment_ids = tuple(sorted(definitions))
        self.calendar, self.lateness = calendar, lateness
        self.layout = Layout(EventReader(calendar, list_items), kept=1 << len(definitions))
        compiler = RuleCompiler(self.layout, ShopWindows(calendar), definitions)
        self.rules: list[Evaluated] = []
        masks: list[tuple[int, set[int], set[int]]] = []
        for place, segment_id in enumerate(self.segment_ids):
            self.rules.append(compiler.compile_segment(segment_id))
            self.layout.mark_used(1 << place)
            masks.append((1 << place, self.layout.used_sequences, self.layout.used_any_values))
            self.layout.used_sequences, self.layout.used_any_values = set(), set()
        self.sequences = list(compiler.sequences.values())
        self.any_values = list(compiler.any_values.values())
        self.sequence_places = {rule: place for place, rule in enumerate(compiler.sequences)}
        self.any_value_places = {rule: place for place, rule in enumerate(compiler.any_values)}
        for mask, used_sequences, used_any_values in masks:
            for place in used_sequences:
                self.sequences[place].mask |= mask
            for place in used_any_values:
                self.any_values[place].mask |= mask
        self.needs_carts = self._reads("empty_cart")
        self.sequences_by_type: dict[str, list[tuple[int, SequencePlan]]] = {}
        for place, plan in enumerate(self.sequences):
            for name in plan.by_type:
                self.sequences_by_type.setdefault(name, []).append((place, plan))
        self.kept = self.layout.kept
        self.attributes = self._list_attributes(definitions)
        rules_by_id = [(segment_id, definitions[segment_id]) for segment_id in self.segment_ids]
        self.description = repr((rules_by_id, calendar.zone, lateness))
        self.name_members = lru_cache(maxsize=100_000)(self._name_members)

    def _reads(self, event_type: str) -> bool:
        """Whether any rule looks at events of a type."""
        return (
            event_type in self.layout.by_type
            or any(event_type in plan.by_type for plan in self.sequences)
            or any(plan.holds_of_nothing or event_type in plan.layout.by_type for plan in self.any_values)
        )

    def _list_attributes(self, definitions: Mapping[str, rules.Rule]) -> dict[str, frozenset[str]]:
        """What the rules read of events of each type."""
        attributes: dict[str, frozenset[str]] = {}
        for rule in definitions.values():
            for name, read in find_needs(rule).attributes.items():
                attributes[name] = attributes.get(name, frozenset()) | (read - {"day"})
        return attributes

    def make_cell(self) -> CustomerCell:
        return CustomerCell(self.layout, len(self.sequences), len(self.any_values))

    def _name_members(self, members: int) -> frozenset[str]:
        return frozenset(name for place, name in enumerate(self.segment_ids) if members >> place & 1)
