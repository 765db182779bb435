"""An owner who is due, decided at their own moment, and told what was not told."""

from collections.abc import Callable

from expectations.contracts.live_segments import SegmentBase
from segments.standing import EVENT, TIME, Standing, Turn, pass_time
from segments.told import NIGHT, OUT
from serving_app.live.backends import BackendTransaction, DueOwner
from serving_app.memberships.night import NO_BASE, LiveNight
from serving_app.memberships.owners import (
    delete_record,
    get_due,
    is_pending,
    is_unmeasured,
    is_untold,
    read_record,
    write_record,
)
from serving_app.memberships.record import DENIED_TAG, MOVED_TAG, OwnerRecord
from serving_app.memberships.told import When, read_told, tell

Settle = Callable[[BackendTransaction, LiveNight, DueOwner, When], bool]


def settle_base(transaction: BackendTransaction, night: LiveNight, due: DueOwner, when: When) -> bool:
    """As `settle`, of who is due by the night's base; whoever has events since has a timer of their own."""
    record = read_record(transaction, due.owner)
    base = night.read_base(due.owner)
    if record.tag in (night.tag, DENIED_TAG, MOVED_TAG) or base is None or base.changes_at > when.now:
        return False
    if is_untold(transaction, night, due.owner):  # the pass over all customers settles them
        return False
    decide_again(transaction, night, due.owner, record, when)
    return True


def settle(transaction: BackendTransaction, night: LiveNight, due: DueOwner, when: When) -> bool:
    """Decide an owner who is due again and tell what turned; whether they were."""
    record = read_record(transaction, due.owner)
    if record.standing.changes_at != due.due:  # nobody's timer any more
        transaction.set_timer(due.owner, due.due, get_due(record.standing))
        return False
    if is_unmeasured(night, due.owner):
        delete_record(transaction, due.owner, record)
        return False
    decide_again(transaction, night, due.owner, record, when)
    return True


def decide_again(
    transaction: BackendTransaction, night: LiveNight, owner: str, record: OwnerRecord, when: When
) -> None:
    """Let time pass for an owner, and tell what was not told."""
    opened = night.open(owner, record)
    standing, turns = pass_time(night.live, opened.state, opened.context, opened.standing, when.now)
    if not is_untold(transaction, night, owner):
        told = read_told(transaction, owner) or {}
        # of a night that is run again, what was told of before is gone through once more
        turns = [turn for turn in turns if turn.since > told.get(turn.segment_id, OUT).since]
        said = {name: each.is_entered for name, each in told.items()}
        said |= {turn.segment_id: turn.is_entered for turn in turns}
        base, reason = night.read_base(owner) or NO_BASE, EVENT if is_pending(record) else TIME
        turns += [
            turn._replace(reason=turn.reason or reason)
            for turn in list_differences(said, night, base, standing)
        ]
        tell(transaction, owner, turns, when.told_at, night.versions)
    after = record._replace(tag=night.tag, standing=standing)
    write_record(transaction, night, owner, record, after)
    night.remember(owner, after, opened)


def list_differences(
    said: dict[str, bool], night: LiveNight, base: SegmentBase, standing: Standing
) -> list[Turn]:
    """What is to be told beside what was said, so that it is what is so: what the night knows with its own
    moment, before the pass over all customers has come to this one; of others the reason is empty.
    """
    turns = []
    for name in sorted(night.live.live):
        is_in = name in standing.members
        if said.get(name, False) == is_in:
            continue
        is_of_night = base is not NO_BASE and name not in night.since and is_in == (name in base.members)
        left_at = base.left.get(name) or night.end + 1 if is_of_night else standing.decided_at
        since = standing.members[name] if is_in else left_at
        turns.append(Turn(name, is_in, since, NIGHT if is_of_night else ""))
    return turns
