"""A customer's profile for a shop's own servers: what the night knows, and beside it what they did since."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from expectations.contracts.restrictions import RestrictionView, find_newest_permission
from expectations.contracts.snapshot import CustomerSlice
from serving_app.http.problems import NotReady, UnknownCustomer
from serving_app.http.responses import format_utc
from serving_app.live.state import LiveState, LiveStore
from serving_app.memberships.shown import ShownSegments
from serving_app.profiles.schemas import ProfileLookup, ProfileMask, ProfileQuery
from serving_app.profiles.slices import select_fields
from serving_app.storage.protocols import RestrictionStore, SnapshotStore
from serving_app.storage.snapshots import Snapshot
from serving_app.visitors.keys import VisitorKeys
from serving_app.visitors.service import VisitorResolver

MOST_EVENTS = 20
NOBODY = "No customer has this id, or none who may be personalised for."


class ProfileService:
    """Reads profiles of the published snapshot and of the live states. Answers are dicts as in
    `CustomerAnswer`.
    """

    def __init__(
        self,
        snapshots: SnapshotStore,
        live: LiveStore,
        restrictions: RestrictionStore,
        visitors: VisitorResolver,
        shown: ShownSegments,
        clock: Callable[[], datetime],
    ) -> None:
        self._snapshots, self._live, self._restrictions = snapshots, live, restrictions
        self._visitors, self._shown, self._clock = visitors, shown, clock

    def get_profile(self, customer_id: str, mask: ProfileMask) -> dict:
        """The profile of whom a customer id of any age stands for now.

        Raises:
            NotReady: nothing readable is published.
            UnknownCustomer: nobody has this id, or nobody who may be personalised for.
        """
        snapshot = self._get_snapshot()
        current_id = self._visitors.resolve_customer_id(customer_id, snapshot)
        return self._answer(snapshot, VisitorKeys((), current_id), mask)

    def find_profile(self, query: ProfileQuery) -> dict:
        """The profile of whom a user or anonymous id belongs to, or what a visitor did whom no night has met;
        raises as `get_profile` does.
        """
        kind = "user_id" if query.user_id else "anonymous_id"
        return self._find(kind, query.user_id or query.anonymous_id, query)

    def look_up_profile(self, lookup: ProfileLookup) -> dict:
        """The profile of whom any identifier belongs to; answers and raises as `find_profile` does."""
        return self._find(lookup.kind, lookup.value, lookup)

    def _find(self, kind: str, value: str, mask: ProfileMask) -> dict:
        snapshot = self._get_snapshot()
        return self._answer(snapshot, self._visitors.find_by_identifier(kind, value, snapshot), mask)

    def _get_snapshot(self) -> Snapshot:
        snapshot = self._snapshots.get_current()
        if snapshot is None:
            raise NotReady(self._snapshots.describe_problem())
        return snapshot

    def _answer(self, snapshot: Snapshot, visitor: VisitorKeys, mask: ProfileMask) -> dict:
        profile = snapshot.read_customer(visitor.customer_id) if visitor.customer_id else None
        if profile is None and visitor.customer_id:  # one whom the night does not answer for
            raise UnknownCustomer(NOBODY)
        now, live = self._clock(), self._live.read(visitor, snapshot.meta.get_absorbed_date())
        if profile is None and live.updated_at is None:
            raise UnknownCustomer(NOBODY)
        if live.has_personalization_consent is False:  # the restrictions may not have it yet
            raise UnknownCustomer(NOBODY)
        with self._restrictions.open_view() as view:
            consent = describe_consent(filter(None, [*visitor.identifier_ids, visitor.customer_id]), view)
        if consent["personalization"] is None:  # said by a browser or login of theirs that was not asked for
            consent |= {"personalization": live.has_personalization_consent}
        # The night that is published may not know of a no to analytics yet.
        has_traits = profile and live.has_analytics_consent is not False
        segment_ids = self._shown.list_segments(snapshot, visitor.customer_id, profile, live, now)
        whole = describe_night(profile) | {
            "segment_ids": list(segment_ids) if profile or segment_ids else None,
            "traits": snapshot.read_traits(visitor.customer_id) if has_traits else None,
            "customer_id": visitor.customer_id,
            "consent": consent,
            "live": describe_live(live),
            "ages": {
                "night": snapshot.compute_age_seconds(now),
                "live": live.updated_at and round((now - live.updated_at).total_seconds(), 3),
            },
            "snapshot": snapshot.name,
        }
        return {name: whole[name] for name in select_fields(mask.fields, mask.slice)}


def describe_night(profile: CustomerSlice | None) -> dict[str, Any]:
    """What the night knows of a customer; of a visitor whom no night has met nothing, each field null."""
    if profile is None:
        return dict.fromkeys(CustomerSlice._fields)
    return profile._asdict()


def describe_consent(ids: Iterable[str], view: RestrictionView) -> dict[str, Any]:
    """The newest word on personalization that is recorded of any of these ids, as in `ConsentAnswer`."""
    newest = find_newest_permission(found for name in ids if (found := view.find_consent(name)))
    return {
        "personalization": newest and newest.is_granted,
        "at": newest and format_utc(newest.at),
    }


def describe_live(live: LiveState) -> dict[str, Any]:
    """A live state as in `LiveAnswer`."""
    events = [
        {
            "item_id": event.item_id,
            "event_type": event.event_type,
            "occurred_at": format_utc(event.occurred_at),
            "quantity": event.quantity,
        }
        for event in reversed(live.events[-MOST_EVENTS:])
    ]
    return {
        "events": events,
        "cart": dict(live.cart),
        "session_id": live.session_id,
        "session_started_at": live.session_started_at and format_utc(live.session_started_at),
    }
