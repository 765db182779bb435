"""Who may be named: nobody who is erased, has said no, is held back or was wrongly merged."""

from collections.abc import Iterable

from expectations.contracts.identity_tables import CORE_IDENTITIES
from serving_app.http.problems import NotReady
from serving_app.segments.warehouse import Night
from serving_app.storage.protocols import RestrictionStore, SnapshotStore

IDENTIFIERS = """
    select customer_id, list(identifier_id) from main_staging.stg_core__identities
    where customer_id in (select unnest($ids)) group by customer_id
"""


class NamingRules:
    """Decides by the published snapshot, which knows only who may be named, and by what was said since."""

    def __init__(self, snapshots: SnapshotStore, restrictions: RestrictionStore) -> None:
        self._snapshots, self._restrictions = snapshots, restrictions

    def select(self, night: Night, customer_ids: Iterable[str]) -> list[str]:
        """Those of these customers who may be named, in their order.

        Raises:
            NotReady: nothing readable is published.
        """
        snapshot = self._snapshots.get_current()
        if snapshot is None:
            raise NotReady(self._snapshots.describe_problem())
        asked = list(customer_ids)
        identifiers = dict(night.ask(IDENTIFIERS, {"ids": asked})) if asked else {}
        version = snapshot.meta.table_versions.get(CORE_IDENTITIES.name, -1)
        with self._restrictions.open_view() as view:
            return [
                name
                for name in asked
                if snapshot.read_customer(name) is not None
                and view.may_be_personal([name, *identifiers.get(name, ())], version)
            ]
