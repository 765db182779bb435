"""Pending is the last word about a pair that last night did not know, and a withdrawal of what it applied."""

from datetime import UTC, datetime, timedelta

from expectations.contracts.identity_decisions import Decision
from serving_app.identity.pending_decisions import find_pending_decisions

AT = datetime(2026, 2, 21, 12, tzinfo=UTC)
IDS = [f"i_{n:032x}" for n in range(4)]


def decision(word, a=0, b=1, minutes=0):
    return Decision(AT + timedelta(minutes=minutes), word, IDS[a], IDS[b], "MK", "two sisters")


def test_what_the_next_night_will_change():
    split, again = decision("split"), decision("split", a=1, b=0, minutes=1)
    withdrawn, other = decision("withdraw", minutes=2), decision("join", a=2, b=3)
    assert find_pending_decisions([split, other], applied=[]) == [split, other]
    assert find_pending_decisions([split, other], applied=[split.decision_id]) == [other]
    assert find_pending_decisions([split, again], applied=[split.decision_id]) == [again], (
        "the last word about the pair is another line"
    )
    assert find_pending_decisions([split, withdrawn], applied=[]) == [], (
        "nothing was applied that could be undone"
    )
    assert find_pending_decisions([split, withdrawn], applied=[split.decision_id]) == [withdrawn]
