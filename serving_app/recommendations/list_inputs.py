"""All that one list is decided from, as the service has collected it."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from expectations.contracts.snapshot import ItemFacts
from serving_app.live.state import LiveState
from serving_app.recommendations.decision import Rules
from serving_app.recommendations.ladder import Rung
from serving_app.visitors.keys import VisitorKeys


class ListInputs(NamedTuple):
    """What a list is decided from. Without a snapshot there are no rules, no rungs and no items.

    Attributes:
        gather: the rungs of the ladder, anew at each call.
        read_item: an item's facts, with the changes of the day.
    """

    visitor: VisitorKeys
    live: LiveState
    rules: Rules | None
    gather: Callable[[], Iterator[Rung]] | None
    read_item: Callable[[str], ItemFacts | None] | None
