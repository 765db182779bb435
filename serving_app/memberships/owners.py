"""An owner's memberships in the transaction that changes them: read, decided again, told and stored."""

from collections.abc import Sequence

from expectations.contracts.live_states import get_note_key, get_told_key
from segments.evaluation.windows import NEVER
from segments.standing import Standing, Turn, pass_time, take_event
from segments.told import MERGE, Versions
from serving_app.live.backends import BackendTransaction, get_memberships_key
from serving_app.live.packing import unpack_or
from serving_app.memberships.night import LiveNight
from serving_app.memberships.record import (
    NO_RECORD,
    HeldEvent,
    OwnerRecord,
    add_held,
    bound,
    make_denied,
    make_moved,
    pack_owner,
    read_held,
    unpack_owner,
)
from serving_app.memberships.told import When, read_told, tell

# There once it is known again what was told: the moment from which on turns are told, the shop's time. What
# was received before is repeated, into a store that was begun anew.
MAY_TELL = get_note_key("may-tell")


def find_owner(night: LiveNight, root: str) -> str:
    """Whose memberships what is done under a root are."""
    return night.snapshot.find_customer_id(root) or root


def is_unmeasured(night: LiveNight, owner: str) -> bool:
    """Whether an owner is a customer of whom no rule may count behaviour."""
    return night.read_base(owner) is None and night.knows(owner)


def read_record(transaction: BackendTransaction, owner: str) -> OwnerRecord:
    """What is stored of an owner."""
    (packed,) = transaction.get_many([get_memberships_key(owner)])
    return unpack_or(packed, unpack_owner, NO_RECORD)


def is_untold(transaction: BackendTransaction, night: LiveNight, owner: str) -> bool:
    """Whether an owner is a customer of the night of whom nothing was told yet, not even in silence."""
    (told,) = transaction.get_many([get_told_key(owner)])
    return told is None and night.read_base(owner) is not None


def may_tell(transaction: BackendTransaction, night: LiveNight, owner: str, now: int) -> bool:
    """Whether what turns at a moment is told at once; otherwise whoever keeps all memberships does."""
    (since,) = transaction.get_many([MAY_TELL])
    is_known = since is not None and int.from_bytes(since) <= now
    return is_known and not is_untold(transaction, night, owner)


def add_events(
    transaction: BackendTransaction,
    night: LiveNight,
    owner: str,
    held: Sequence[HeldEvent],
    when: When,
    reason: str | None = None,
) -> None:
    """Add events to an owner's, decide again, and tell what turned.

    Args:
        reason: of what turns; None: as it turned.
    """
    record = read_record(transaction, owner)
    if record.is_denied or is_unmeasured(night, owner):
        return
    record = NO_RECORD if record.is_moved else record
    opened = night.open(owner, record)
    standing, turns, new = opened.standing, [], []
    currency = night.find_currency(owner, record) if any(one.currency is not None for one in held) else ""
    for one in held:
        if one.event.event_id in opened.state.ids:
            continue
        one, currency = fit_amount(one, currency)
        new.append(one)
        if night.counts(one):
            standing, turned = take_event(
                night.live, opened.state, opened.context, standing, one.event, when.now
            )
            turns += turned
    is_current = opened.is_current and not is_pending(record)
    is_told = is_current and (not turns or may_tell(transaction, night, owner, when.now))
    if is_told and turns:
        tell(transaction, owner, mark(turns, reason), when.told_at, night.versions)
    if not is_told:
        # whoever keeps all memberships looks at once
        standing = standing._replace(changes_at=standing.decided_at)
    after = add_held(record, new)._replace(tag=night.tag, standing=standing)
    after = after._replace(currency=currency or record.currency)
    write_record(transaction, night, owner, record, after)
    night.remember(owner, after, opened)


def fit_amount(held: HeldEvent, currency: str) -> tuple[HeldEvent, str]:
    """An event whose amount may be added to its owner's, and their currency: of the first amount, where it is
    not known. An amount in another is none, as with the night.
    """
    if held.currency is None or held.event.amount is None or held.currency == currency:
        return held, currency
    if not currency:
        return held, held.currency
    return held._replace(event=held.event._replace(amount=None)), currency


def fit_amounts(held: Sequence[HeldEvent], currency: str) -> tuple[list[HeldEvent], str]:
    """As `fit_amount`, of some events, one after another."""
    fitted = []
    for one in held:
        one, currency = fit_amount(one, currency)
        fitted.append(one)
    return fitted, currency


def list_moved(night: LiveNight, one: str, record: OwnerRecord) -> list[HeldEvent]:
    """The events of an owner who is another's by now, with the currency in which their amounts are."""
    currency = night.find_currency(one, record) or None
    return [each._replace(currency=currency) for each in read_held(record.body)]


def is_pending(record: OwnerRecord) -> bool:
    """Whether an owner waits for whoever keeps all memberships to tell what is so."""
    return record != NO_RECORD and record.standing.changes_at <= record.standing.decided_at


def mark(turns: Sequence[Turn], reason: str | None) -> list[Turn]:
    """The turns with another reason, if there is one."""
    return [turn._replace(reason=reason or turn.reason) for turn in turns]


def write_record(
    transaction: BackendTransaction, night: LiveNight, owner: str, before: OwnerRecord, after: OwnerRecord
) -> None:
    """Store an owner's memberships, and when to look at them again."""
    transaction.put(get_memberships_key(owner), pack_owner(bound(after, night.absorbed_day)))
    if before.standing.changes_at != after.standing.changes_at:
        transaction.set_timer(owner, get_due(before.standing), get_due(after.standing))


def get_due(standing: Standing) -> int:
    """The moment of a timer; 0 for none."""
    return standing.changes_at if standing.changes_at < NEVER else 0


def end_memberships(
    transaction: BackendTransaction, owner: str, when: When, reason: str, versions: Versions
) -> None:
    """Delete an owner's state and tell that they have left all segments; a no to analytics stays."""
    record, told = read_record(transaction, owner), read_told(transaction, owner) or {}
    if record != NO_RECORD and not record.is_denied:
        delete_record(transaction, owner, record)
    turns = [Turn(name, False, when.now, reason) for name, each in sorted(told.items()) if each.is_entered]
    tell(transaction, owner, turns, when.told_at, versions)


def delete_record(transaction: BackendTransaction, owner: str, record: OwnerRecord) -> None:
    """Delete what is stored of an owner, with their timer."""
    transaction.set_timer(owner, get_due(record.standing), 0)
    transaction.delete(get_memberships_key(owner))


def deny(
    transaction: BackendTransaction, night: LiveNight, owner: str, no_at: int, when: When, reason: str
) -> None:
    """End an owner's memberships, and count nothing more of them until a yes to analytics."""
    record = read_record(transaction, owner)
    no_at = max(no_at, record.standing.decided_at) if record.is_denied else no_at
    end_memberships(transaction, owner, when, reason, night.versions)
    transaction.put(get_memberships_key(owner), pack_owner(make_denied(no_at)))


def move_owner(transaction: BackendTransaction, night: LiveNight, one: str, other: str, when: When) -> None:
    """Let one owner's events be another's, those of the night too; and their no to analytics."""
    record, is_of_night = read_record(transaction, one), night.read_base(one) is not None
    if record.is_denied:
        deny(transaction, night, other, record.standing.decided_at, when, MERGE)
        if not night.knows(one):
            delete_record(transaction, one, record)
        return
    if record.is_moved or not (record.n_held or is_of_night):
        return
    end_memberships(transaction, one, when, MERGE, night.versions)
    moved = list_moved(night, one, record)
    if not is_of_night:
        add_events(transaction, night, other, moved, when, MERGE)
        return
    transaction.put(get_memberships_key(one), pack_owner(make_moved(when.now)))
    before = read_record(transaction, other)
    if before.is_denied or is_unmeasured(night, other):
        return
    before = NO_RECORD if before.is_moved else before
    joined = tuple(dict.fromkeys([*before.joined, *record.joined, one]))
    both = before._replace(joined=joined)
    moved, currency = fit_amounts(moved, night.find_currency(other, both))
    both = add_held(both, moved)._replace(currency=currency)
    opened = night.open(other, both)
    since = opened.standing._replace(changes_at=when.now + 1)
    standing, turns = pass_time(night.live, opened.state, opened.context, since, when.now + 1)
    if opened.is_current and not is_pending(before) and may_tell(transaction, night, other, when.now):
        tell(transaction, other, mark(turns, MERGE), when.told_at, night.versions)
    else:
        standing = standing._replace(changes_at=standing.decided_at)
    write_record(transaction, night, other, before, both._replace(tag=night.tag, standing=standing))
