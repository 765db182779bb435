"""Why an item is not in a list, and the smallest change that would have it there: found by deciding the list
again without each obstacle, so that what is said is so.
"""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from serving_app.filters import hard_filters
from serving_app.http.schemas import MAX_LIST_LENGTH
from serving_app.recommendations.decide import ONLY_SESSION, decide_list
from serving_app.recommendations.decision import CAP, DIVERSITY, FILL, FILLING, GATHER, STRICT, Rules
from serving_app.recommendations.ladder import PERSONAL
from serving_app.recommendations.list_inputs import ListInputs
from serving_app.recommendations.live_behaviour import BOUGHT, IN_CART
from serving_app.recommendations.removals import BLOCKED, SHOWN_BEFORE, Removal, combine_removals

BELOW_END, LOWER_RUNG, NOT_OFFERED = "below_end", "lower_rung", "not_offered"
CHANGES = {
    hard_filters.EXCLUDED: "leave it out of exclude",
    hard_filters.PAGE_ITEM: "nothing: the list is about it",
    hard_filters.UNKNOWN_ITEM: "deliver it with the catalogue",
    hard_filters.DISCONTINUED: "deliver it with the catalogue again",
    hard_filters.NOT_RECOMMENDABLE: "make it recommendable",
    hard_filters.OUT_OF_STOCK: "put it in stock",
    hard_filters.RESTRICTED: "lift its restriction",
    hard_filters.REGION: "ask with a country that it is sold in",
    hard_filters.AGE: "ask with an age from which it is sold",
    hard_filters.FILTERED: "ask with a filter that it fits",
    SHOWN_BEFORE: "ask without the cursor: an earlier page has it",
    BOUGHT: "wait until {due_at}, when it is due again: the visitor has bought it",
    IN_CART: "nothing: it is in the visitor's cart",
    BLOCKED: "remove the override {override_id}",
    LOWER_RUNG: "ask with mode=fill",
    CAP: "ask without max_per_category, or with more",
    BELOW_END: "ask with n={n} or more",
    NOT_OFFERED: "pin it",
}
BOUGHT_FOR_GOOD = "nothing: the visitor has bought it, and it is never due again"
STAGE_OF = {LOWER_RUNG: FILLING, CAP: DIVERSITY, BELOW_END: FILLING}


class Absence(NamedTuple):
    """Why an item is not in a list; as in `WhyNotAnswer`."""

    item_id: str
    rank: int | None
    obstacles: list[dict[str, Any]]
    rank_without: int | None


def find_absence(item_id: str, inputs: ListInputs, now: datetime) -> Absence:
    """What keeps an item out of a list, in the order of the stages."""
    if rank := find_rank(item_id, inputs, inputs.rules, now):
        return Absence(item_id, rank, [], None)
    obstacles = []
    is_nights_own = is_offered_by_night(item_id, inputs)
    removal = combine_removals(inputs.live, inputs.rules, now, {})(item_id, is_nights_own)
    if removal:
        obstacles.append(describe_obstacle(removal))
        if removal.reason == hard_filters.UNKNOWN_ITEM:
            return Absence(item_id, None, obstacles, None)
    rules = inputs.rules._replace(admitted=item_id) if removal else inputs.rules
    relaxed: dict[str, dict[str, Any]] = {}
    for reason, change in ((None, {}), *list_relaxations(rules)):
        if reason:
            relaxed[reason] = change
        if rank := find_rank(item_id, inputs, relax(rules, relaxed), now):
            for name in [*relaxed]:
                others = {other: change for other, change in relaxed.items() if other != name}
                if (without := find_rank(item_id, inputs, relax(rules, others), now)) is not None:
                    relaxed, rank = others, without  # it was not in the way
            obstacles += [describe_obstacle(Removal(STAGE_OF[name], name), rank) for name in relaxed]
            return Absence(item_id, None, obstacles, rank)
    return Absence(item_id, None, [*obstacles, describe_obstacle(Removal(GATHER, NOT_OFFERED))], None)


def is_offered_by_night(item_id: str, inputs: ListInputs) -> bool:
    """Whether the night's own list for the customer has an item."""
    own = (rung.items for rung in inputs.gather() if rung.source == PERSONAL)
    return any(
        listed.item_id == item_id and listed.sources != ONLY_SESSION for items in own for listed in items
    )


def list_relaxations(rules: Rules) -> list[tuple[str, dict[str, Any]]]:
    """What of the rules may stand in an item's way besides what removes it, with the rule that does not."""
    return [
        *([(LOWER_RUNG, {"mode": FILL})] if rules.mode == STRICT else []),
        *([(CAP, {"max_per_category": None})] if rules.max_per_category is not None else []),
        (BELOW_END, {"n": MAX_LIST_LENGTH}),
    ]


def relax(rules: Rules, relaxed: dict[str, dict[str, Any]]) -> Rules:
    """The rules with these relaxations."""
    changes = {name: value for change in relaxed.values() for name, value in change.items()}
    return rules._replace(**changes)


def find_rank(item_id: str, inputs: ListInputs, rules: Rules, now: datetime) -> int | None:
    """The item's rank in the list by these rules; None: it is not in it."""
    decision = decide_list(inputs.gather(), inputs.live, rules, now)
    return next((item.rank for item in decision.items if item.item_id == item_id), None)


def describe_obstacle(removal: Removal, rank: int | None = None) -> dict[str, Any]:
    """An obstacle as in `Obstacle`."""
    override_id = removal.block and removal.block.override_id
    due_at = removal.due_at and removal.due_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    is_for_good = removal.reason == BOUGHT and due_at is None
    change = BOUGHT_FOR_GOOD if is_for_good else CHANGES[removal.reason]
    return {
        "stage": removal.stage,
        "reason": removal.reason,
        "override_id": override_id,
        "change": change.format(override_id=override_id, n=rank, due_at=due_at),
    }
