"""The first, last or commonest value of an attribute, and the last place.

First and last are found in two passes, because a sort of all events costs ten times a group-by: the scan that
is shared finds the moment, and only events of that moment are put into the order of their ids.
"""

from dataclasses import dataclass

from segments.sql.aggregates import Grain
from segments.sql.filters import HAS_PLACE, EventConditions, join_conditions, uses_lists
from segments.tree.events import EventSet

PLACE = ("latitude", "longitude")
FOUND = " qualify row_number() over (partition by {keys} order by e.event_id{direction}) = 1"


@dataclass(frozen=True)
class Pick:
    """What is selected: an attribute, or `place`, of one event of a set.

    Attributes:
        columns: what the query calls it; of a place latitude and longitude.
    """

    attribute: str
    events: EventSet
    grain: Grain
    conditions: EventConditions
    columns: tuple[str, ...]

    def select_values(self) -> str:
        """What is selected, in a select list."""
        attributes = PLACE if self.attribute == "place" else (self.attribute,)
        named = zip(attributes, self.columns, strict=True)
        return ", ".join(f"e.{attribute} as {column}" for attribute, column in named)

    def format_has_attribute(self) -> str:
        """The condition under which an event has what is selected."""
        return f"({HAS_PLACE})" if self.attribute == "place" else f"e.{self.attribute} is not null"

    def format_known(self) -> str:
        """The condition under which an event is one of the set and has what is selected."""
        value = [f"e.{self.grain.attribute} is not null"] if self.grain.attribute else []
        return join_conditions([self.conditions.format_set(self.events), self.format_has_attribute(), *value])

    def join_moments(self, found: str) -> str:
        """The moments of the rows of a query."""
        return self.conditions.moments.join(f"m.now = {found}.now", f"{found}.customer_id")

    def join_lists(self) -> str:
        """The lists of items, where the set asks for one."""
        return " left join item_flags l on l.item_id = e.item_id" if uses_lists(self.events) else ""


def format_end(pick: Pick, scan: str, moment: str, is_last: bool) -> str:
    """What the first or last event of a set holds.

    Args:
        moment: the column of the scan that holds when it was.
    """
    grain = pick.grain
    value = f" and {scan}.of_value = e.{grain.attribute}" if grain.attribute else ""
    return (
        f"select {grain.format_keys()}, {pick.select_values()} from {scan}"
        f" join events e on e.customer_id = {scan}.customer_id and e.at = {scan}.{moment}{value}"
        f"{pick.join_moments(scan)}{pick.join_lists()} where {pick.format_known()}"
        + FOUND.format(keys=", ".join(grain.select_keys()), direction=" desc" if is_last else "")
    )


def format_leading(pick: Pick) -> str:
    """The values of an attribute that no other exceeds in count, and then in their last moment."""
    grain, keys = pick.grain, ", ".join(pick.grain.keys)
    return (
        f"select {keys}, value, last_at from (select {grain.format_keys()}, e.{pick.attribute} as value,"
        f" count(*) as n, max(e.at) as last_at"
        f" {pick.conditions.format_source([pick.format_known()], uses_lists(pick.events))}"
        f" group by {', '.join(grain.select_keys())}, e.{pick.attribute}) counted"
        f" qualify rank() over (partition by {keys} order by n desc, last_at desc) = 1"
    )


def format_commonest(pick: Pick, leading: str) -> str:
    """Of the leading values, the one whose event has the greatest id."""
    grain = pick.grain
    value = f" and {leading}.of_value = e.{grain.attribute}" if grain.attribute else ""
    return (
        f"select {grain.format_keys()}, {pick.select_values()} from {leading}"
        f" join events e on e.customer_id = {leading}.customer_id and e.at = {leading}.last_at"
        f" and e.{pick.attribute} = {leading}.value{value}"
        f"{pick.join_moments(leading)}{pick.join_lists()} where {pick.format_known()}"
        + FOUND.format(keys=", ".join(grain.select_keys()), direction=" desc")
    )
