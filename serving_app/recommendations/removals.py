"""Why items are left out of a list: hard filters, earlier pages, live behaviour and blocks, asked in this
order of every item.
"""

from datetime import datetime
from typing import NamedTuple, Protocol

from expectations.contracts.override import Override
from serving_app.live.state import LiveState
from serving_app.recommendations.decision import FILTERS, GATHER, LIVE, OVERRIDES, Rules
from serving_app.recommendations.live_behaviour import find_bought_on, find_unwanted_items
from serving_app.recommendations.ranking import list_categories
from serving_app.recommendations.trace import Trace

BLOCKED, SHOWN_BEFORE = "blocked", "shown_before"


class Removal(NamedTuple):
    """Why an item is left out: the stage, and a stable word.

    Attributes:
        block: the override that blocks it, where one does.
        due_at: when what was bought is due again; None: never.
    """

    stage: str
    reason: str
    block: Override | None = None
    due_at: datetime | None = None


class FindRemoval(Protocol):
    """Why an item is left out, or None; `is_nights_own`: the night's own list for this customer offers it,
    and so knew what they had bought.
    """

    def __call__(self, item_id: str, is_nights_own: bool = False) -> Removal | None: ...


def combine_removals(
    live: LiveState, rules: Rules, now: datetime, applied: dict[str, None], trace: Trace | None = None
) -> FindRemoval:
    """The function that says why an item is left out. Blocks that leave one out are added to `applied`."""
    unwanted = find_unwanted_items(live, rules.read_item, rules.leaves_out_cart, now)
    hard, overrides, is_shown_before = rules.find_removal, rules.overrides, rules.is_shown_before
    has_blocks, find_bought_date = overrides.has_blocks, rules.find_bought_date
    # of the night's own list nothing is asked where the visitor has done nothing since; a trace counts it
    is_live_asked, is_block_asked = bool(unwanted or trace), bool(has_blocks or trace)

    def find_live_removal(item_id: str, is_nights_own: bool) -> Removal | None:
        found = unwanted.get(item_id)
        if found is None and not is_nights_own and find_bought_date and (day := find_bought_date(item_id)):
            found = find_bought_on(rules.read_item(item_id), day, now)
        return None if found is None else Removal(LIVE, found.reason, due_at=found.due_at)

    def find_block(item_id: str) -> Removal | None:
        if has_blocks and (block := overrides.find_block(item_id, list_categories(rules, item_id))):
            applied[block.override_id] = None
            return Removal(OVERRIDES, BLOCKED, block)
        return None

    if trace:
        hard = trace.follow_calls(FILTERS, hard)
        find_live_removal = trace.follow_calls(LIVE, find_live_removal)
        find_block = trace.follow_calls(OVERRIDES, find_block)

    def find_removal(item_id: str, is_nights_own: bool = False) -> Removal | None:
        if (reason := hard(item_id)) is not None:
            return Removal(FILTERS, reason)
        if is_shown_before is not None and is_shown_before(item_id):
            return Removal(GATHER, SHOWN_BEFORE)
        is_asked = is_live_asked or not is_nights_own
        if is_asked and (removal := find_live_removal(item_id, is_nights_own)) is not None:
            return removal
        return find_block(item_id) if is_block_asked else None

    if trace:
        return trace.follow_removals(find_removal)
    if rules.admitted is not None:
        return lambda item_id, own=False: None if item_id == rules.admitted else find_removal(item_id, own)
    return find_removal
