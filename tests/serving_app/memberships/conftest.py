"""The small shop with segments that live, and what the worker with the lead does."""

import pytest

from expectations.contracts.home import HomePaths
from expectations.contracts.transitions import decode_transition
from serving_app.memberships.told_log import TransitionLog
from tests.serving_app.memberships.nights import make_snapshot


@pytest.fixture
def live_shop(shop):
    """The shop after its first night with live segments, which was taken in silence."""
    shop.snapshots.publish(make_snapshot("night-1"))
    keep(shop)
    return shop


def keep(shop, n=6):
    """What the worker with the lead does in a second."""
    for _ in range(n):
        shop.memberships.keeper.keep()


def read_told(shop):
    """What was told, in order."""
    log = TransitionLog(shop.stores.transitions, HomePaths(shop.home).transitions)
    return [decode_transition(line) for line in log.read_lines()]


def list_turns(shop):
    """The segment, in or out, and reason of each transition that was told."""
    return [(one.segment_id, one.is_entered, one.reason) for one in read_told(shop)]
