"""Which identity decisions the published run has not applied yet."""

from collections.abc import Collection, Sequence

from expectations.contracts.identity_decisions import WITHDRAW, Decision


def find_pending_decisions(decisions: Sequence[Decision], applied: Collection[str]) -> list[Decision]:
    """The decisions that change something once the next run applies them, in the order they were made.

    Args:
        decisions: all that were made.
        applied: ids of those that the published run applied.
    """
    latest = {decision.pair: decision for decision in decisions}
    applied_pairs = {decision.pair for decision in decisions if decision.decision_id in applied}
    return [
        decision
        for decision in decisions
        if latest[decision.pair] is decision
        and (
            decision.pair in applied_pairs
            if decision.decision == WITHDRAW
            else decision.decision_id not in applied
        )
    ]
