"""What `/metrics` says of memberships when it is asked."""

from collections.abc import Mapping

from serving_app.memberships.keeper import MembershipKeeper
from serving_app.metrics.exposition import Reading


def make_readings(keeper: MembershipKeeper) -> Mapping[str, Reading]:
    """By their names the gauges of memberships."""
    return {
        "concierge_outbox_transitions": Reading(
            "Transitions that wait for their log, as far as they are counted: to 1,000.",
            lambda: keeper.count_waiting(),
        ),
        "concierge_outbox_age_seconds": Reading(
            "Since the oldest of them was decided; 0 where none waits.", lambda: keeper.compute_outbox_age()
        ),
    }
