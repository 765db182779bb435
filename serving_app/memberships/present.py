"""Who is in live segments at a moment: of everybody, those of whom it may be other than the night says."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from expectations.contracts.snapshot import read_segment_timer_key
from serving_app.live.backends import MEMBERSHIPS, BackendError, LiveBackend, get_memberships_key
from serving_app.live.packing import unpack_or
from serving_app.live.timestamps import to_microseconds, to_moment
from serving_app.memberships.live_nights import LiveNights
from serving_app.memberships.night import NO_BASE, LiveNight
from serving_app.memberships.record import NO_RECORD, OwnerRecord, unpack_owner
from serving_app.memberships.renewal import CUSTOMER_IDS
from serving_app.memberships.shown import find_standing
from serving_app.storage.snapshots import Snapshot

AT_ONCE = 500
Since = Mapping[str, int]  # by live segment, since when


@dataclass(frozen=True)
class Present:
    """Live memberships at a moment, as what differs from the night. A customer who turned out to be another
    one today is with that one.

    Attributes:
        moment: the shop's, microseconds since 1970.
        customers: those of the night of whom something came since, or whom time may have changed.
        visitors: those whom no night knows, by the ids of their identifiers.
    """

    night: LiveNight
    moment: int
    customers: Mapping[str, Since]
    visitors: Mapping[str, Since]

    def count_change(self, segment_id: str) -> int:
        """How many more of the night's customers are in a segment than the night says."""
        return self._changes[segment_id]

    def count_visitors(self, segment_id: str) -> int:
        """How many visitors whom no night knows are in a segment."""
        return self._of_visitors[segment_id]

    @cached_property
    def _changes(self) -> Counter[str]:
        """By segment: all of them are asked for together, and a base is read once."""
        changes = Counter(name for since in self.customers.values() for name in since)
        for base in map(self.night.read_base, self.customers):
            changes.subtract((base or NO_BASE).members.keys())
        return changes

    @cached_property
    def _of_visitors(self) -> Counter[str]:
        return Counter(name for since in self.visitors.values() for name in since)


class PresentMembers:
    """Looks at all owners whose memberships may have changed since the night.

    Attributes:
        has_states: whether what has come of an owner is stored here, so that it can be explained.
    """

    has_states = True

    def __init__(
        self, nights: LiveNights, backend: LiveBackend, find_lag: Callable[[datetime], timedelta]
    ) -> None:
        """
        Args:
            find_lag: by how much the shop's own calendar lags the clock.
        """
        self._nights, self._backend, self._find_lag = nights, backend, find_lag

    def find_night(self, snapshot: Snapshot) -> LiveNight | None:
        """What lives in a snapshot; None: nothing."""
        return self._nights.find(snapshot)

    def find_problem(self, snapshot: Snapshot) -> str:
        """Why nothing lives in a snapshot that has live definitions; empty: that is not so."""
        return self._nights.find_problem(snapshot)

    def find_moment(self, now: datetime) -> int:
        """The shop's moment of which an answer at `now` is."""
        return to_microseconds(now - self._find_lag(now)) + 1

    def tell_time(self, moment: int, now: datetime) -> str:
        """A moment of the shop by the clock, ISO in UTC."""
        return f"{(to_moment(moment) + self._find_lag(now)):%Y-%m-%dT%H:%M:%SZ}"

    def find(self, snapshot: Snapshot, now: datetime, go_on: Callable[[], None]) -> Present | None:
        """Everybody's live memberships; None where nothing lives, or the live states cannot be read.

        Args:
            go_on: called now and then; what it raises ends the look.
        """
        night = self._nights.find(snapshot)
        if night is None:
            return None
        moment = self.find_moment(now)
        customers, visitors = dict[str, Since](), dict[str, Since]()
        try:
            for n, (owner, record) in enumerate(list_owners(night, self._backend, moment, go_on)):
                if n % AT_ONCE == 0:
                    go_on()
                standing = find_standing(night, owner, record, moment)
                if standing is not None:
                    (customers if night.knows(owner) else visitors)[owner] = standing
        except BackendError:
            return None
        return Present(night, moment, customers, visitors)


def list_owners(
    night: LiveNight, backend: LiveBackend, moment: int, go_on: Callable[[], None]
) -> Iterator[tuple[str, OwnerRecord]]:
    """Each owner whose memberships may differ from the night's, once, with what is stored of them. Of all at
    once only the names are in memory: of a large shop's day the events are gigabytes.
    """
    names, stored = find_names(night, backend, go_on), set[str]()
    owners = list(names)
    for some in (owners[first : first + AT_ONCE] for first in range(0, len(owners), AT_ONCE)):
        values = backend.read([get_memberships_key(names[owner]) for owner in some])
        for owner, packed in zip(some, values, strict=True):
            record = unpack_or(packed, unpack_owner, NO_RECORD)
            if record != NO_RECORD:
                stored.add(owner)
                yield owner, record
        go_on()
    first = night.first_timer
    while timers := night.snapshot.list_segment_timers(first, moment, AT_ONCE):
        first = timers[-1]
        for _, owner in map(read_segment_timer_key, timers):
            if owner not in stored:
                yield owner, NO_RECORD
        go_on()


def find_names(night: LiveNight, backend: LiveBackend, go_on: Callable[[], None]) -> dict[str, str]:
    """Of each owner of whom something is stored the name under which that is: their own; else a visitor's,
    until whoever keeps all memberships has moved it to the customer.
    """
    names, cursor = dict[str, str](), b""
    while True:
        keys, cursor = backend.list_keys(MEMBERSHIPS, cursor, AT_ONCE)
        for name in (key[len(MEMBERSHIPS) :].decode() for key in keys):
            is_customer = name.startswith(CUSTOMER_IDS)
            owner = name if is_customer else night.snapshot.find_customer_id(name) or name
            if names.get(owner) != owner:
                names[owner] = name
        go_on()
        if not cursor:
            return names
