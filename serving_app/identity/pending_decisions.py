"""Which decisions about identities the published night has not applied yet."""

from collections.abc import Collection, Sequence

from expectations.contracts.identity_decisions import WITHDRAW, Decision


def find_pending(decisions: Sequence[Decision], applied: Collection[str]) -> list[Decision]:
    """The decisions that change something once the next night applies them, in the order they were taken.

    Args:
        decisions: all that were taken.
        applied: ids of those that last night applied.
    """
    last = {one.pair: one for one in decisions}
    pairs_applied = {one.pair for one in decisions if one.decision_id in applied}
    return [
        one
        for one in decisions
        if last[one.pair] is one
        and (one.pair in pairs_applied if one.decision == WITHDRAW else one.decision_id not in applied)
    ]
