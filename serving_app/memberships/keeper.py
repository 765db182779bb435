"""Keeps the memberships of all: timers, the night's turns, and the way of transitions into their log.

One worker does, the one that has taken the lead; when it ends another takes over, and goes on where what is
stored says. An owner that is due is decided at the moment they were due, however late that is.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from expectations.contracts.snapshot import read_segment_timer_key
from expectations.contracts.transitions import decode_transition
from segments.standing import EVENT
from segments.told import OUT, Told
from serving_app.live.backends import BackendError, BackendTransaction, DueOwner, LiveBackend, OutboxEntry
from serving_app.memberships.live_nights import LiveNights
from serving_app.memberships.night import LiveNight
from serving_app.memberships.owners import MAY_TELL, end_memberships
from serving_app.memberships.reconciliation import Reconciliation, count_causes
from serving_app.memberships.settling import Settle, settle, settle_base
from serving_app.memberships.takeover import OpenForbidden, Takeover
from serving_app.memberships.told import ShopTime, read_told, write_told
from serving_app.memberships.told_log import TransitionLog
from serving_app.metrics import declarations as metrics
from serving_app.storage.event_log import LogUnavailable

DUE_AT_ONCE = 20  # owners of one change; each costs some 0.3 ms, in which no event is recorded
LINES_AT_ONCE = 500
MOST_LOOKS = 50  # of one turn, behind which the outbox is emptied

logger = logging.getLogger(__name__)


class MembershipKeeper:
    """Does what must be done once for all workers: `keep` for a timer."""

    def __init__(
        self,
        backend: LiveBackend,
        nights: LiveNights,
        log: TransitionLog,
        time: ShopTime,
        find_report: Callable[[str], Path],
        open_forbidden: OpenForbidden,
    ) -> None:
        """
        Args:
            find_report: where what live segments said is compared with a snapshot, by its name.
            open_forbidden: whether somebody has said no, or a `BackendError`: nobody is decided then.
        """
        self._backend, self._nights, self._log = backend, nights, log
        self._time, self._find_report, self._open_forbidden = time, find_report, open_forbidden
        self._has_lead, self._timers_to = False, b""
        self._takeover: Takeover | None = None

    def keep(self) -> None:
        """Do what is due; nothing in a worker that has not the lead, or while the states are away."""
        night = self._nights.find_current()
        try:
            self._has_lead, had_lead = self._backend.take_lead(), self._has_lead
            if not self._has_lead:
                return
            if not had_lead:
                self._takeover = None
                self._log.look_again()
            # While events of before come in, who was told of seems to have left.
            if night and not self._backend.is_filling():
                self._restore()
                self._take_over(night)
                self._run_timers(night)
            self._drain()
        except (BackendError, LogUnavailable) as error:
            logger.warning("memberships wait: %s", error)

    def count_waiting(self) -> float | None:
        """How many transitions wait for their log, up to twice of what one look takes; None while the states
        are away.
        """
        try:
            return len(self._backend.read_outbox(2 * LINES_AT_ONCE))
        except BackendError:
            return None

    def compute_outbox_age(self) -> float | None:
        """For how many seconds the oldest transition waits for its log; 0 where none does, None while the
        states are away.
        """
        try:
            oldest = [find_told_at(entry) for entry in self._backend.read_outbox(1)]
        except BackendError:
            return None
        now = self._time.read().told_at
        return max([0.0, *((now - told_at) / 1e6 for told_at in oldest if told_at is not None)])

    def _restore(self) -> None:
        """Learn from the log what was told, where the store knows nothing of it."""
        if self._backend.read([MAY_TELL])[0] is not None:
            return
        told: dict[str, dict[str, Told]] = {}
        for line in self._log.read_lines():
            one = decode_transition(line)
            of_owner = told.setdefault(one.customer_id, {})
            if one.since >= of_owner.get(one.segment_id, OUT).since:
                of_owner[one.segment_id] = Told(one.is_entered, one.since)
        owners = sorted(told)
        for first in range(0, len(owners), DUE_AT_ONCE):
            self._restore_owners({owner: told[owner] for owner in owners[first : first + DUE_AT_ONCE]})
        since = self._time.read().now
        self._backend.update(lambda txn: txn.put(MAY_TELL, since.to_bytes(8)), is_patient=True)

    def _restore_owners(self, told: dict[str, dict[str, Told]]) -> None:
        def change(transaction: BackendTransaction) -> None:
            for owner, tellings in told.items():
                write_told(transaction, owner, tellings | (read_told(transaction, owner) or {}))

        self._backend.update(change, is_patient=True)

    def _take_over(self, night: LiveNight) -> None:
        if self._takeover is None or self._takeover.night is not night:
            before = self._takeover and self._takeover.night
            self._takeover = Takeover(night, self._backend, before, self._open_forbidden)
            self._timers_to = b""
        if self._takeover.is_done:
            return
        self._takeover.go_on(self._time.read())
        if self._takeover.is_done:
            self._report(self._takeover.reconciliation)

    def _report(self, reconciliation: Reconciliation) -> None:
        metrics.LIVE_COMPARED.inc(reconciliation.n_compared)
        for cause, n_differing in count_causes(reconciliation.differences).items():
            metrics.LIVE_DIFFERENCES.labels(cause=cause).inc(n_differing)
        if reconciliation.n_compared:
            reconciliation.write(self._find_report(self._takeover.night.snapshot.name))

    def _run_timers(self, night: LiveNight) -> None:
        when = self._time.read()
        now = when.now + 1  # what has happened by now counts, as in an answer
        # Both lists are in order of time: where one has more than a turn takes, its last is how far it came.
        decided_to = now
        for _ in range(MOST_LOOKS):
            owners = self._backend.list_due(now, DUE_AT_ONCE)
            self._settle(night, owners, now, settle)
            if len(owners) < DUE_AT_ONCE:
                break
        else:
            decided_to = owners[-1].due
        for _ in range(MOST_LOOKS):
            first = self._timers_to or night.first_timer
            keys = night.snapshot.list_segment_timers(first, now, DUE_AT_ONCE)
            if not keys:
                break
            due = [DueOwner(owner, at) for at, owner in map(read_segment_timer_key, keys)]
            self._settle(night, due, now, settle_base)
            self._timers_to = keys[-1]
        else:
            decided_to = min(decided_to, due[-1].due)
        metrics.SEGMENT_WATERMARK.set((when.told_at - (now - decided_to)) / 1e6)

    def _settle(self, night: LiveNight, owners: Sequence[DueOwner], now: int, settle_one: Settle) -> None:
        when = self._time.read()._replace(now=now)

        def change(transaction: BackendTransaction) -> None:
            for one in forbidden:
                transaction.set_timer(one.owner, one.due, 0)
                end_memberships(transaction, one.owner, when, EVENT, night.versions)
            settled[:] = [
                one for one in owners if one not in forbidden and settle_one(transaction, night, one, when)
            ]

        settled: list[DueOwner] = []
        with self._open_forbidden() as is_forbidden:
            forbidden = [one for one in owners if is_forbidden(one.owner)]
        if owners:
            self._backend.update(change, is_patient=True)
        for one in settled:
            metrics.TIMER_LATE_SECONDS.observe(max(now - one.due, 0) / 1e6)

    def _drain(self) -> None:
        """Bring the outbox into the log; a line may be there already, if a worker ended in between."""
        # what came before may have taken so long that another worker has the lead by now
        while self._backend.take_lead() and (entries := self._backend.read_outbox(LINES_AT_ONCE)):
            self._log.append_new([entry.line for entry in entries])
            self._backend.empty_outbox(entries)
            metrics.TRANSITIONS.inc(len(entries))
            now = self._time.read().told_at
            for age in [now - told_at for told_at in map(find_told_at, entries) if told_at is not None]:
                metrics.TRANSITION_TOLD_SECONDS.observe(max(age, 0) / 1e6)
            if len(entries) < LINES_AT_ONCE:
                return


def find_told_at(entry: OutboxEntry) -> int | None:
    """The moment at which a transition was decided, by the clock; None of a line that is none."""
    with suppress(ValueError):
        return decode_transition(entry.line).told_at
    return None
