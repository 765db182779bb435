"""What a new night makes of memberships: each customer compared with what was told of them.

The night is the truth. Where it says something else than was told, that is told, with the night's own moment;
a night that says the same again tells nothing. The first night of all is taken as it is, in silence. Answers
do not wait for this: they read the night's base from the moment it is published.
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from itertools import islice

from segments.standing import EVENT, Turn, pass_time
from serving_app.live.backends import (
    MEMBERSHIPS,
    TOLD,
    BackendTransaction,
    DueOwner,
    LiveBackend,
    get_memberships_key,
    get_note_key,
    get_told_key,
)
from serving_app.live.packing import unpack_or
from serving_app.live.roots import IsForbidden
from serving_app.memberships.night import NO_BASE, LiveNight
from serving_app.memberships.owners import (
    MERGE,
    add_events,
    delete_record,
    deny,
    end_memberships,
    is_unmeasured,
    read_record,
    write_record,
)
from serving_app.memberships.reconciliation import Reconciliation
from serving_app.memberships.record import (
    NO_RECORD,
    OwnerRecord,
    drop_old,
    read_held,
    unpack_owner,
)
from serving_app.memberships.told import (
    Tellings,
    Told,
    When,
    read_told,
    tell,
    unpack_told,
    write_told,
)
from serving_app.memberships.wanted import list_wanted

NIGHT = "night"
BASELINE = get_note_key("baseline")  # there once a whole night was told or taken in silence
AT_ONCE = 500  # customers of one look, some 10 ms in which no answer is made
CHANGED_AT_ONCE = 50  # of one change, in which no event is recorded
OpenForbidden = Callable[[], AbstractContextManager[IsForbidden]]
Settle = Callable[[BackendTransaction, LiveNight, DueOwner, When], bool]
CUSTOMER_IDS = "c_"  # begin so; a visitor whom no night knows has an identifier's


class Takeover:
    """One night's pass over all owners, a piece at a time. It may begin again: what was told is not told
    again.
    """

    def __init__(
        self,
        night: LiveNight,
        backend: LiveBackend,
        before: LiveNight | None,
        settle_base: Settle,
        open_forbidden: OpenForbidden,
    ) -> None:
        """
        Args:
            before: the night before, if this worker has known it.
            settle_base: tells what time has made of a base since the night.
            open_forbidden: whether somebody has said no since the night: their memberships stay ended.
        """
        self._open_forbidden = open_forbidden
        self.night, self._backend, self._settle_base = night, backend, settle_base
        self.reconciliation = Reconciliation(before, night)
        self._after, self._cursor, self._kinds = "", b"", [MEMBERSHIPS, TOLD]
        self._is_silent = backend.read([BASELINE])[0] is None
        self.is_done = False

    def go_on(self, when: When) -> None:
        """Look at some more owners."""
        if self.is_done:
            return
        customers = list(islice(self.night.snapshot.iterate_customers(self._after), AT_ONCE))
        if customers:
            self._look_at(customers, when)
            self._after = customers[-1]
        elif self._kinds:
            self._look_at_others(self._kinds[0], when)
        else:
            self._backend.update(lambda txn: txn.put(BASELINE, b""), is_patient=True)
            self.is_done = True

    def _look_at(self, customers: list[str], when: When) -> None:
        keys = [get_key(owner) for owner in customers for get_key in (get_memberships_key, get_told_key)]
        values = self._backend.read(keys)
        rows = list(zip(customers, values[::2], values[1::2], strict=True))
        due = [
            owner
            for owner, record, told in rows
            if self._must_change(
                owner, unpack_or(record, unpack_owner, NO_RECORD), unpack_or(told, unpack_told, None)
            )
        ]

        for owner, record, _ in rows:
            if record is not None:
                self.reconciliation.compare(owner, unpack_or(record, unpack_owner, NO_RECORD))

        def change(transaction: BackendTransaction) -> None:
            self._end_forbidden(transaction, forbidden, when)
            for owner in [each for each in chunk if each not in forbidden]:
                take_over(transaction, self.night, owner, when, self._is_silent)
                self._settle_base(transaction, self.night, DueOwner(owner, 0), when)

        for first in range(0, len(due), CHANGED_AT_ONCE):
            chunk = due[first : first + CHANGED_AT_ONCE]
            forbidden = self._find_forbidden(chunk)
            self._backend.update(change, is_patient=True)

    def _find_forbidden(self, owners: list[str]) -> set[str]:
        """Those who have said no."""
        with self._open_forbidden() as is_forbidden:
            return {owner for owner in owners if is_forbidden(owner)}

    def _end_forbidden(self, transaction: BackendTransaction, owners: Iterable[str], when: When) -> None:
        for owner in sorted(owners):
            end_memberships(transaction, owner, when, EVENT, self.night.versions)

    def _must_change(self, owner: str, record: OwnerRecord, told: Tellings | None) -> bool:
        if told is None or (record != NO_RECORD and record.tag != self.night.tag):
            return True
        wanted = list_wanted(self.night, owner, record)
        return {name for name, each in told.items() if each.is_entered} != wanted.keys()

    def _look_at_others(self, kind: bytes, when: When) -> None:
        keys, self._cursor = self._backend.list_keys(kind, self._cursor, AT_ONCE)
        if not self._cursor:
            self._kinds.pop(0)
        owners = [key[len(kind) :].decode() for key in keys]
        gone = [owner for owner in owners if not self.night.knows(owner)]

        def change(transaction: BackendTransaction) -> None:
            self._end_forbidden(transaction, forbidden, when)
            for owner in [each for each in chunk if each not in forbidden]:
                take_over_unknown(transaction, self.night, owner, when)

        for first in range(0, len(gone), CHANGED_AT_ONCE):
            chunk = gone[first : first + CHANGED_AT_ONCE]
            forbidden = self._find_forbidden(chunk)
            self._backend.update(change, is_patient=True)


def take_over(
    transaction: BackendTransaction, night: LiveNight, owner: str, when: When, is_silent: bool
) -> None:
    """Bring a customer's memberships to a new night, and tell what differs from what was told.

    Args:
        is_silent: nothing of the night itself is told; what events have made of it since is.
    """
    record, told = read_record(transaction, owner), read_told(transaction, owner)
    record = renew(transaction, night, owner, record, when.now)
    wanted = list_wanted(night, owner, record)
    by_night = {} if record.is_moved else list_wanted(night, owner, NO_RECORD)
    if is_silent:
        news = {name: Told(True, since) for name, since in by_night.items()}
        told = news | (told or {})
        write_told(transaction, owner, told)
    elif told is None:
        write_told(transaction, owner, {})
    left = (night.read_base(owner) or NO_BASE).left
    turns = [
        Turn(name, True, since, NIGHT if name in by_night else EVENT)
        for name, since in sorted(wanted.items())
    ]
    turns += [
        Turn(name, False, when.now, EVENT)
        if name in by_night
        else Turn(name, False, left.get(name) or night.end + 1, NIGHT)
        for name in sorted((told or {}).keys() - wanted.keys())
    ]
    tell(transaction, owner, turns, when.told_at, night.versions)


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
    standing, _ = pass_time(night.live, opened.state, opened.context, opened.standing, now)
    after = kept._replace(tag=night.tag, standing=standing)
    write_record(transaction, night, owner, record, after)
    return after


def take_over_unknown(transaction: BackendTransaction, night: LiveNight, owner: str, when: When) -> None:
    """Bring an owner whom the night does not have to it: a visitor who is a customer now, a customer who is
    another's now, or nobody may be answered for; a visitor whom it still does not know stays.
    """
    record = read_record(transaction, owner)
    if owner.startswith(CUSTOMER_IDS):
        heir = night.snapshot.resolve_customer_id(owner)
    else:
        heir = night.snapshot.find_customer_id(owner)
    if heir is None and not owner.startswith(CUSTOMER_IDS):
        record = renew(transaction, night, owner, record, when.now)
        if record != NO_RECORD:
            return
    end_memberships(transaction, owner, when, MERGE if heir else NIGHT, night.versions)
    transaction.delete(get_told_key(owner))
    if record.is_denied and heir:
        deny(transaction, night, heir, record.standing.decided_at, when, MERGE)
        delete_record(transaction, owner, record)
    elif heir:
        add_events(transaction, night, heir, read_held(record.body), when, MERGE)
