"""What a new night makes of memberships: each customer compared with what was told of them.

The night is the truth. Where it says something else than was told, that is told, with the night's own moment;
a night that says the same again tells nothing. The first night of all is taken as it is, in silence. Answers
do not wait for this: they read the night's base from the moment it is published.
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from itertools import islice

from expectations.contracts.live_states import BASELINE, TOLD, get_told_key
from segments.standing import EVENT
from segments.told import Tellings, list_entered, unpack_tellings
from serving_app.live.backends import (
    MEMBERSHIPS,
    BackendTransaction,
    LiveBackend,
    get_memberships_key,
)
from serving_app.live.packing import unpack_or
from serving_app.live.roots import IsForbidden
from serving_app.memberships.night import LiveNight
from serving_app.memberships.owners import end_memberships
from serving_app.memberships.reconciliation import Reconciliation
from serving_app.memberships.record import NO_RECORD, OwnerRecord, unpack_owner
from serving_app.memberships.renewal import take_over, take_over_unknown
from serving_app.memberships.told import When
from serving_app.memberships.wanted import list_wanted

AT_ONCE = 500  # customers of one look, some 10 ms in which no answer is made
CHANGED_AT_ONCE = 50  # of one change, in which no event is recorded
OpenForbidden = Callable[[], AbstractContextManager[IsForbidden]]


class Takeover:
    """One night's pass over all owners, a piece at a time. It may begin again: what was told is not told
    again.
    """

    def __init__(
        self,
        night: LiveNight,
        backend: LiveBackend,
        before: LiveNight | None,
        open_forbidden: OpenForbidden,
    ) -> None:
        """
        Args:
            before: the night before, if this worker has known it.
            open_forbidden: whether somebody has said no since the night: their memberships stay ended.
        """
        self._open_forbidden = open_forbidden
        self.night, self._backend = night, backend
        is_same = before is not None and before.snapshot is night.snapshot
        self.reconciliation = Reconciliation(None if is_same else before, night)
        # definitions that began to count since the night; and, if a look before has known them, that no
        # longer do
        self._gone = before.since.keys() - night.since.keys() if is_same else frozenset()
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
                owner, unpack_or(record, unpack_owner, NO_RECORD), unpack_or(told, unpack_tellings, None)
            )
        ]

        for owner, record, _ in rows:
            if record is not None:
                self.reconciliation.compare(owner, unpack_or(record, unpack_owner, NO_RECORD))

        changed = self._find_changed(when)

        def change(transaction: BackendTransaction) -> None:
            self._end_forbidden(transaction, forbidden, when)
            for owner in [each for each in chunk if each not in forbidden]:
                take_over(transaction, self.night, owner, when, self._is_silent, changed)

        for first in range(0, len(due), CHANGED_AT_ONCE):
            chunk = due[first : first + CHANGED_AT_ONCE]
            forbidden = self._find_forbidden(chunk)
            self._backend.update(change, is_patient=True)

    def _find_changed(self, when: When) -> dict[str, int]:
        return self.night.since | dict.fromkeys(self._gone, when.now)

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
        return list_entered(told) != wanted.keys()

    def _look_at_others(self, kind: bytes, when: When) -> None:
        keys, self._cursor = self._backend.list_keys(kind, self._cursor, AT_ONCE)
        if not self._cursor:
            self._kinds.pop(0)
        owners = [key[len(kind) :].decode() for key in keys]
        gone = [owner for owner in owners if not self.night.knows(owner)]
        changed = self._find_changed(when)

        def change(transaction: BackendTransaction) -> None:
            self._end_forbidden(transaction, forbidden, when)
            for owner in [each for each in chunk if each not in forbidden]:
                take_over_unknown(transaction, self.night, owner, when, changed)

        for first in range(0, len(gone), CHANGED_AT_ONCE):
            chunk = gone[first : first + CHANGED_AT_ONCE]
            forbidden = self._find_forbidden(chunk)
            self._backend.update(change, is_patient=True)
