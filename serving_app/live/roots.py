"""Under which roots an event is stored, and from which a visitor's state may be read: what the published
snapshot, the identity rules and the restrictions say of them.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from expectations.contracts.identifiers import hash_identifier, normalise_identifier
from expectations.contracts.identity_rules import IdentityRules, is_blocked_value
from expectations.contracts.restrictions import RestrictionView
from serving_app.live.backends import BackendError
from serving_app.live.events import LiveEvent
from serving_app.live.found_records import list_own_roots
from serving_app.live.state import VisitorKeys
from serving_app.live.visitor_records import RoutedEvent
from serving_app.storage.protocols import RestrictionStore, SnapshotStore
from serving_app.storage.snapshots import Snapshot
from serving_app.visitors.service import may_be_personal

IsForbidden = Callable[[str], bool]


class RootFinder:
    """Finds roots by what holds at the moment."""

    def __init__(
        self,
        restrictions: RestrictionStore,
        snapshots: SnapshotStore,
        identity_key: str,
        rules: IdentityRules,
    ) -> None:
        """
        Args:
            identity_key: the key of the hash that makes an `identifier_id`.
            rules: which values are nobody's, and how many browsers one customer may hold.
        """
        self._restrictions, self._snapshots = restrictions, snapshots
        self._key, self._rules = identity_key, rules

    def route(self, events: Sequence[LiveEvent]) -> list[RoutedEvent]:
        """Where each event belongs."""
        snapshot = self._snapshots.get_current()
        zone = ZoneInfo(snapshot.meta.time_zone) if snapshot else UTC
        with self._restrictions.open_view() as view:
            routed = [self._route_event(event, snapshot, view, zone) for event in events]
        if all(one.is_stored for one in routed) or not self._restrictions.describe_problem():
            return routed
        # nobody knows who said no: nothing is stored, and nothing is deleted either
        return [one if one.is_stored else one.without_visitor() for one in routed]

    def select_others(
        self, visitor: VisitorKeys, users: Sequence[tuple[str, str]], of_customer: Sequence[str]
    ) -> list[str]:
        """The roots beside the visitor's own that may be read too: no published identity and no restriction
        speaks against them.

        Args:
            users: a browser of the visitor's, and its newest user.
            of_customer: that were once the customer's.
        """
        snapshot = self._snapshots.get_current()
        others = [root for root in of_customer if find_customer_id(root, snapshot) == visitor.customer_id]
        others += [user for browser, user in users if may_join(browser, user, snapshot)]
        own = list_own_roots(visitor)
        # behind them the customers whose they are, who have memberships
        owners = [find_customer_id(root, snapshot) for root in others]
        others = [root for root in dict.fromkeys([*others, *filter(None, owners)]) if root not in own]
        with self._restrictions.open_view() as view:
            return [root for root in others if may_be_used(root, snapshot, view)]

    @contextmanager
    def open_forbidden(self, must_know: bool = False) -> Iterator[IsForbidden]:
        """Whether nothing may be stored under a root any more; of none while the restrictions cannot be read:
        nobody knows then.

        Raises:
            BackendError: they cannot be read, and whoever asks must know.
        """
        if problem := self._restrictions.describe_problem():
            if must_know:
                raise BackendError(problem)
            yield lambda root: False
            return
        snapshot = self._snapshots.get_current()
        with self._restrictions.open_view() as view:
            yield lambda root: not may_be_used(root, snapshot, view)

    def _route_event(
        self, event: LiveEvent, snapshot: Snapshot | None, view: RestrictionView, zone: tzinfo
    ) -> RoutedEvent:
        received_day = (event.received_at - event.calendar_lag).astimezone(zone).toordinal()
        if event.is_bot:
            return RoutedEvent(event, None, None, received_day)
        user = self._hash("user_id", event.user_id, event.source)
        browser = self._hash("anonymous_id", event.anonymous_id, event.source)
        customer_id = find_customer_id(user or browser, snapshot)
        ids = [one for one in (user, browser, customer_id) if one]
        if not ids:
            return RoutedEvent(event, None, None, received_day)
        return RoutedEvent(
            event,
            user,
            browser,
            received_day,
            may_join=not (user and browser) or may_join(browser, user, snapshot),
            customer_id=customer_id,
            is_stored=may_be_personal(ids, snapshot, view),
        )

    def _hash(self, kind: str, value: str | None, source: str) -> str | None:
        """The identifier; None of a value that nobody stands behind, as the `null` of a broken tag."""
        try:
            if not value or is_blocked_value(kind, normalise_identifier(kind, value), self._rules.blocked):
                return None
            return hash_identifier(self._key, kind, source, value)
        except UnicodeEncodeError:  # half a character
            return None


def find_customer_id(root: str | None, snapshot: Snapshot | None) -> str | None:
    """The customer to whom a root belongs, as the published snapshot knows it."""
    return snapshot.find_customer_id(root) if root and snapshot else None


def may_join(browser: str, user: str, snapshot: Snapshot | None) -> bool:
    """Whether what was done in a browser may count as the user's: not where the night knows the browser as
    that of another customer with a login, as a tablet that two people share.
    """
    owner = find_customer_id(browser, snapshot)
    if owner is None or owner == find_customer_id(user, snapshot):
        return True
    profile = snapshot.read_customer(owner)
    return not (profile and profile.is_known)


def may_be_used(root: str, snapshot: Snapshot | None, view: RestrictionView) -> bool:
    """Whether what is stored under a root may be stored and read."""
    customer_id = find_customer_id(root, snapshot)
    return may_be_personal([root, *([customer_id] if customer_id else [])], snapshot, view)
