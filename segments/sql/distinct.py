"""How many different values an attribute has: events are grouped by the value first, once for every set of
the same types.
"""

from dataclasses import dataclass

from segments.sql.aggregates import Scan
from segments.tree.events import EventSet


@dataclass
class DistinctScan:
    """Different values of one attribute, counted for several sets of events in one pass.

    Attributes:
        scan: a pass whose columns count the events of one value.
        attribute: the attribute whose values are counted.
    """

    scan: Scan
    attribute: str

    def add_set(self, events: EventSet) -> str:
        """The column that counts the values of a set."""
        return self.scan.add_aggregate("count(*)", events)

    def format(self) -> str:
        """The pass as a query, a row of its scan's grain."""
        grain = self.scan.grain
        value = f"e.{self.attribute}"
        columns = "".join(f", {each} as {name}" for each, name in self.scan.columns.items())
        counted = "".join(
            f", count(*) filter (where {name} > 0) as {name}" for name in self.scan.columns.values()
        )
        where = [f"{value} is not null"]
        if grain.attribute:
            where.append(f"e.{grain.attribute} is not null")
        return (
            f"select {', '.join(grain.keys)}{counted} from (select {grain.format_keys()}{columns}"
            f" {self.scan.format_source(where)} group by {', '.join(grain.select_keys())}, {value}) counted"
            f" group by {', '.join(grain.keys)}"
        )
