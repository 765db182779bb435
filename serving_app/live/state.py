"""A visitor's live state, and the protocol of its stores."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple, Protocol

from serving_app.live.events import LiveEvent
from serving_app.visitors.keys import VisitorKeys

__all__ = ["VisitorKeys"]  # of which the methods below are asked


class RecentEvent(NamedTuple):
    """What a visitor did with one item."""

    item_id: str
    event_type: str
    occurred_at: datetime
    quantity: int = 1


class Exposure(NamedTuple):
    """How often an item was shown to a visitor since they last touched it."""

    n_shown: int
    last_shown_at: datetime


@dataclass(frozen=True, slots=True)
class LiveState:
    """What is known of a visitor beyond the night. Bounded by count and age.

    Attributes:
        events: views, carts, purchases and clicks that no published night has absorbed, oldest first.
        cart: quantity by item, of the items that are in the cart now.
        exposures: by item.
        session_id: of the newest event.
        session_started_at: of the first event of that session.
        has_personalization_consent, has_analytics_consent: the newest word of the visitor; None: none.
        updated_at: of the newest event; None: nothing is known.
        memberships: packed, by owner: the customer, or a root of theirs; empty of whoever may be the same
            visitor and has none stored.
        is_read: False: the database could not be read, so nothing is known of what was done.
    """

    events: tuple[RecentEvent, ...] = ()
    cart: Mapping[str, int] = field(default_factory=dict)
    exposures: Mapping[str, Exposure] = field(default_factory=dict)
    session_id: str | None = None
    session_started_at: datetime | None = None
    has_personalization_consent: bool | None = None
    has_analytics_consent: bool | None = None
    updated_at: datetime | None = None
    memberships: Mapping[str, bytes] = field(default_factory=dict)
    is_read: bool = True


EMPTY_STATE = LiveState()
UNREAD_STATE = LiveState(is_read=False)


class LiveStore(Protocol):
    """Where live states are stored, shared by all workers."""

    def find_known(self, message_ids: Iterable[str]) -> set[str]:
        """Those of these message ids that were recorded before."""

    def record(self, events: Sequence[LiveEvent], *, is_refill: bool = False) -> None:
        """Add events to their visitors' states; one whose message id was recorded before changes nothing. The
        next `read` of every worker knows them.

        Args:
            is_refill: they were received before, and are read from the log again.
        """

    def record_exposures(self, visitor: VisitorKeys, item_ids: Sequence[str], shown_at: datetime) -> None:
        """Count a served list; may be written a moment later."""

    def read(self, visitor: VisitorKeys, absorbed_date: date | None) -> LiveState:
        """The state of a visitor without what was received up to the end of `absorbed_date`, the landing date
        of the published snapshot (the shop's day). A store that cannot be read answers `UNREAD_STATE`.
        """

    def describe_problem(self) -> str:
        """Why it cannot be read or written; empty when it can."""

    def flush(self) -> None:
        """Write what waits to be written: for a timer."""

    def sweep(self) -> None:
        """Delete some of what is too old: for a timer."""

    def take_begun_anew(self) -> str:
        """Why the states of before are gone, told once, to one worker: who fills them from the event log."""

    def end_filling(self) -> None:
        """They are filled."""
