"""The slice of a customer's profile that a shop's own servers may read."""

from serving_app.http.problems import NotReady, UnknownCustomer
from serving_app.storage.protocols import SnapshotStore
from serving_app.visitors.service import VisitorResolver


class ProfileService:
    """Reads profile slices of the published snapshot."""

    def __init__(self, snapshots: SnapshotStore, visitors: VisitorResolver) -> None:
        self._snapshots, self._visitors = snapshots, visitors

    def get_profile(self, customer_id: str) -> dict:
        """The profile slice (`CustomerAnswer`) of whom a customer id of any age stands for now.

        Raises:
            NotReady: nothing readable is published.
            UnknownCustomer: nobody has this id, or nobody who may be personalised for.
        """
        snapshot = self._snapshots.get_current()
        if snapshot is None:
            raise NotReady(self._snapshots.describe_problem())
        current_id = self._visitors.resolve_customer_id(customer_id, snapshot)
        profile = snapshot.read_customer(current_id) if current_id else None
        if profile is None:
            raise UnknownCustomer("No customer has this id, or none who may be personalised for.")
        return {"customer_id": current_id, **profile._asdict(), "snapshot": snapshot.name}
