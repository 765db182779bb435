"""One owner's memberships brought to a new night, or to definitions that count since one."""

from collections.abc import Mapping

from expectations.contracts.live_states import get_told_key
from segments.standing import EVENT, TIME, Turn, pass_time
from segments.told import DEFINITION, MERGE, NIGHT, OUT, NightView, Told, list_corrections
from serving_app.live.backends import BackendTransaction
from serving_app.memberships.night import NO_BASE, LiveNight
from serving_app.memberships.owners import (
    add_events,
    delete_record,
    deny,
    end_memberships,
    is_unmeasured,
    list_moved,
    read_record,
    write_record,
)
from serving_app.memberships.record import NO_RECORD, OwnerRecord, drop_old, read_held
from serving_app.memberships.told import When, read_told, tell, write_told
from serving_app.memberships.wanted import list_wanted

CUSTOMER_IDS = "c_"  # begin so; a visitor whom no night knows has an identifier's


def take_over(
    transaction: BackendTransaction,
    night: LiveNight,
    owner: str,
    when: When,
    is_silent: bool,
    changed: Mapping[str, int],
) -> None:
    """Bring a customer's memberships to a new night, and tell what differs from what was told.

    Args:
        is_silent: nothing of the night itself is told; what events have made of it since is.
        changed: since when another definition counts than the night's, or the night's again, by segment.
    """
    record, told = read_record(transaction, owner), read_told(transaction, owner)
    record = renew(transaction, night, owner, record, when.now)
    by_night = {} if record.is_moved else list_wanted(night, owner, NO_RECORD)
    record, by_time = let_time_pass(transaction, night, owner, record, when.now)
    wanted = list_wanted(night, owner, record)
    if is_silent:
        news = {name: Told(True, since) for name, since in by_night.items()}
        told = news | (told or {})
        write_told(transaction, owner, told)
    elif told is None:
        write_told(transaction, owner, {})
    view = NightView(by_night, (night.read_base(owner) or NO_BASE).left, night.end)
    turns = list_corrections(told or {}, wanted, view, when.now, by_time)
    turns = [mark_changed(turn, changed, told or {}, when.now) for turn in turns]
    tell(transaction, owner, turns, when.told_at, night.versions)


def let_time_pass(
    transaction: BackendTransaction, night: LiveNight, owner: str, record: OwnerRecord, now: int
) -> tuple[OwnerRecord, dict[str, int]]:
    """The memberships by now of an owner of whom the night's base is all there is, and since when what time
    alone has turned is so. That is compared with what was told: of a night that is run again, what time has
    ended since was told before.
    """
    base = night.read_base(owner)
    if record != NO_RECORD or base is None or base.changes_at > now:
        return record, {}
    opened = night.open(owner, NO_RECORD)
    standing, turns = pass_time(night.live, opened.state, opened.context, opened.standing, now)
    after = NO_RECORD._replace(tag=night.tag, standing=standing)
    write_record(transaction, night, owner, NO_RECORD, after)
    night.remember(owner, after, opened)
    return after, {turn.segment_id: turn.since for turn in turns}


def mark_changed(turn: Turn, changed: Mapping[str, int], told: Mapping[str, Told], now: int) -> Turn:
    """A turn that another definition has made, since that counts. What an event has made since is its own;
    who was told to be in since then, and is not, was ended by time.

    Args:
        told: what was told of the owner.
    """
    since = changed.get(turn.segment_id)
    if since is None or (turn.is_entered and turn.since >= since):
        return turn
    if not turn.is_entered and since < now and told.get(turn.segment_id, OUT).since >= since:
        return turn._replace(since=now, reason=TIME)
    return turn._replace(since=since, reason=DEFINITION)


def renew(
    transaction: BackendTransaction, night: LiveNight, owner: str, record: OwnerRecord, now: int
) -> OwnerRecord:
    """What is stored of an owner, of a new night: its base and what it has not absorbed; nothing where that
    is the base alone. A no to analytics stays; who was moved to another does until the night has the day.
    """
    is_of_later = record.is_moved and record.standing.decided_at > night.end
    if record == NO_RECORD or record.tag == night.tag or record.is_denied or is_of_later:
        return record
    kept = drop_old(record, night.absorbed_day)
    is_new = any(held.received_day > night.absorbed_day for held in read_held(kept.body))
    if not is_new or is_unmeasured(night, owner):
        delete_record(transaction, owner, record)
        return NO_RECORD
    opened = night.open(owner, kept)
    moment = max(now, opened.standing.decided_at)  # by another worker's clock, or in this very moment
    standing, _ = pass_time(night.live, opened.state, opened.context, opened.standing, moment)
    after = kept._replace(tag=night.tag, standing=standing)
    write_record(transaction, night, owner, record, after)
    return after


def take_over_unknown(
    transaction: BackendTransaction, night: LiveNight, owner: str, when: When, changed: Mapping[str, int]
) -> None:
    """Bring an owner whom the night does not have to it: a visitor who is a customer now, a customer who is
    another's now, or nobody may be answered for; a visitor whom it still does not know stays.

    Args:
        changed: as `take_over` takes them.
    """
    record = read_record(transaction, owner)
    if owner.startswith(CUSTOMER_IDS):
        heir = night.snapshot.resolve_customer_id(owner)
    else:
        heir = night.snapshot.find_customer_id(owner)
    if heir is None and not owner.startswith(CUSTOMER_IDS):
        record = renew(transaction, night, owner, record, when.now)
        if record != NO_RECORD:
            members, told = record.standing.members, read_told(transaction, owner) or {}
            turns = [Turn(name, True, members[name], EVENT) for name in sorted(members)]
            turns += [Turn(name, False, when.now, TIME) for name in sorted(told.keys() - members.keys())]
            turns = [mark_changed(turn, changed, told, when.now) for turn in turns]
            tell(transaction, owner, turns, when.told_at, night.versions)
            return
    end_memberships(transaction, owner, when, MERGE if heir else NIGHT, night.versions)
    transaction.delete(get_told_key(owner))
    if record.is_denied and heir:
        deny(transaction, night, heir, record.standing.decided_at, when, MERGE)
        delete_record(transaction, owner, record)
    elif heir:
        add_events(transaction, night, heir, list_moved(night, owner, record), when, MERGE)
