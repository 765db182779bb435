"""Published nights as live segments go on from them."""

from serving_app.memberships.live_nights import LiveNights
from serving_app.storage.memory import MemorySnapshots
from tests.serving_app.memberships.nights import make_snapshot


def test_an_answer_that_began_before_a_night_does_not_let_it_be_compiled_again():
    nights, before, after = LiveNights(MemorySnapshots()), make_snapshot("night-1"), make_snapshot("night-2")
    first, second = nights.find(before), nights.find(after)
    assert (first.tag, second.tag) == ("night-1", "night-2")
    assert nights.find(before) is first and nights.find(after) is second
    nights.find(make_snapshot("night-3"))
    assert nights.find(after) is second
    assert nights.find(None) is None
