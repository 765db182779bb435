"""Who is asking: from the ids of a request to a customer of the snapshot."""

from collections.abc import Sequence

from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.identity_tables import CORE_IDENTITIES
from expectations.contracts.phones import normalise_international
from expectations.contracts.restrictions import RestrictionView
from serving_app.storage.protocols import RestrictionStore
from serving_app.storage.snapshots import Snapshot
from serving_app.visitors.keys import VisitorKeys
from serving_app.visitors.schemas import VisitorIds


class VisitorResolver:
    """Finds the customer behind a request's ids, unless the restrictions forbid to answer by name."""

    def __init__(self, restrictions: RestrictionStore, sources: Sequence[str], identity_key: str) -> None:
        """
        Args:
            sources: that may have issued a user or anonymous id.
            identity_key: the key of the hash that makes an `identifier_id`.
        """
        self._restrictions, self._sources, self._key = restrictions, sources, identity_key

    def find_customer_id(self, visitor: VisitorIds, snapshot: Snapshot | None) -> str | None:
        """The customer's id now; None for a stranger, and for whoever may not be answered by name."""
        with self._restrictions.open_view() as view:
            return self.find_customer_id_in_view(visitor, snapshot, view)

    def find_customer_id_in_view(
        self, visitor: VisitorIds, snapshot: Snapshot | None, view: RestrictionView
    ) -> str | None:
        """As `find_customer_id`, by a view of the restrictions that is open already."""
        return self.find_keys_in_view(visitor, snapshot, view).customer_id

    def find_keys(self, visitor: VisitorIds, snapshot: Snapshot | None) -> VisitorKeys:
        """Where the visitor's live state lies; no keys for whoever may not be answered by name."""
        with self._restrictions.open_view() as view:
            return self.find_keys_in_view(visitor, snapshot, view)

    def find_keys_in_view(
        self, visitor: VisitorIds, snapshot: Snapshot | None, view: RestrictionView
    ) -> VisitorKeys:
        """As `find_keys`, by a view of the restrictions that is open already."""
        identifier_ids, customer_id = self._hash_identifiers(visitor), None
        if visitor.customer_id and snapshot:
            customer_id = snapshot.resolve_customer_id(visitor.customer_id)
        elif snapshot:
            customer_id = next(filter(None, map(snapshot.find_customer_id, identifier_ids)), None)
        ids = [one for one in (*identifier_ids, visitor.customer_id, customer_id) if one]
        if not ids or not may_be_personal(ids, snapshot, view):
            return VisitorKeys()
        return VisitorKeys(tuple(identifier_ids), customer_id)

    def find_by_identifier(self, kind: str, value: str, snapshot: Snapshot) -> VisitorKeys:
        """The ids that an identifier of any kind may have, and the customer it belongs to, None where the
        snapshot knows none; no keys as in `find_keys`.
        """
        forms = (normalise_international(value), value) if kind == "phone" else (value,)
        ids = list(
            dict.fromkeys(
                hash_identifier(self._key, kind, source, form) for form in forms for source in self._sources
            )
        )
        customer_id = next(filter(None, map(snapshot.find_customer_id, ids)), None)
        with self._restrictions.open_view() as view:
            is_allowed = may_be_personal([*ids, *filter(None, [customer_id])], snapshot, view)
        return VisitorKeys(tuple(ids), customer_id) if is_allowed else VisitorKeys()

    def resolve_customer_id(self, customer_id: str, snapshot: Snapshot) -> str | None:
        """The id that a customer id of any age stands for now; None as in `find_customer_id`."""
        current_id = snapshot.resolve_customer_id(customer_id)
        with self._restrictions.open_view() as view:
            is_allowed = current_id and may_be_personal([customer_id, current_id], snapshot, view)
            return current_id if is_allowed else None

    def _hash_identifiers(self, visitor: VisitorIds) -> list[str]:
        """The `identifier_id` of the visitor's user or anonymous id, as each source would have issued it."""
        kind, value = (
            ("user_id", visitor.user_id) if visitor.user_id else ("anonymous_id", visitor.anonymous_id)
        )
        return [hash_identifier(self._key, kind, source, value) for source in self._sources] if value else []


def may_be_personal(ids: Sequence[str], snapshot: Snapshot | None, view: RestrictionView) -> bool:
    """Whether the person behind these ids may be answered by name, with what this snapshot knows."""
    version = snapshot.meta.table_versions.get(CORE_IDENTITIES.name, -1) if snapshot else -1
    return view.may_be_personal(ids, version)
