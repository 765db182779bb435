"""One customer's base of live segments, of their events and what is known beside them."""

import json
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from expectations.contracts.live_segments import (
    NEVER,
    SegmentBase,
    pack_segment_base,
    unpack_segment_base,
)
from segments.evaluation.measures import Context, Stay
from segments.evaluation.state import SegmentState
from segments.events import Event
from segments.live import LiveProgram


class Known(NamedTuple):
    """A customer, what is known beside events (JSON), and the digests that stand beside the state."""

    customer_id: str
    known: str
    events_digest: str
    context_digest: str


Row = tuple[str, bytes, str, str, str, int]  # in the columns of `feat_segment_states`


class BaseBuilder:
    """Makes bases by one program, as of the end of one day.

    Attributes:
        n_differing: how many memberships the warehouse's SQL says otherwise: one definition, two engines.
    """

    def __init__(self, program: LiveProgram, end: int) -> None:
        """
        Args:
            end: the last microsecond of the day.
        """
        self._live, self._end, self._calendar = program, end, program.program.calendar
        self.n_differing = 0

    def build(self, known: Known, events: Sequence[tuple]) -> Row:
        """The row of a customer, of all their events in order."""
        program = self._live.program
        state = program.build_state([Event._make(row) for row in events], self._end)
        return self._make_row(known, state, self._live.packer.pack(state) if events else b"")

    def ask_again(self, known: Known, base: bytes) -> Row:
        """The row of a customer whose events are those of an earlier base."""
        packed = unpack_segment_base(base).state
        program, packer = self._live.program, self._live.packer
        return self._make_row(known, packer.unpack(packed) if packed else program.make_state(), packed)

    def _make_row(self, known: Known, state: SegmentState, packed: bytes) -> Row:
        content = json.loads(known.known)
        stays = [
            (name, self._begin(entered), left and self._begin(left))
            for name, entered, left in content["stays"] or ()
        ]
        fields = {name: value for name, value in (content["fields"] or {}).items() if value is not None}
        lists, asked = tuple(content["lists"] or ()), frozenset(self._live.stay_segments)
        own_stays = tuple(stay for stay in stays if stay[0] in asked)
        context = Context(
            known.customer_id, fields, tuple(Stay(*stay) for stay in own_stays), frozenset(lists)
        )
        members = self._live.program.decide(state, self._end, context) & self._live.live
        entered = {name: since for name, since, left in stays if left is None}
        self.n_differing += len(members ^ (entered.keys() & self._live.live))
        left = {name: at for name, _, at in stays if at is not None and name not in entered}
        base = SegmentBase(
            packed,
            fields,
            own_stays,
            lists,
            {name: entered.get(name, self._end + 1) for name in sorted(members)},
            min(state.changes_at, NEVER),
            {name: since for name, since in entered.items() if name not in self._live.live},
            left,
            content.get("currency") or "",
        )
        return (
            known.customer_id,
            pack_segment_base(base),
            self._live.fingerprint,
            known.events_digest,
            known.context_digest,
            base.changes_at,
        )

    def _begin(self, day: str) -> int:
        """The moment at which a day of the shop begins."""
        return self._calendar.find_midnight(date.fromisoformat(day).toordinal())
