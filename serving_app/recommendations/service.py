"""What the routes ask: find the visitor, read one snapshot, decide, make the record durable, answer.

The ladder: the visitor's own list, then that of the narrowest audience they belong to, then what is popular.
Without a readable snapshot there is nothing that may be shown, so the answer is an empty one, source
`static`, status 200: the page stays up.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from expectations.contracts import snapshot as contract
from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.identity_tables import CORE_IDENTITIES
from expectations.contracts.impressions import record
from expectations.contracts.restrictions import View
from serving_app.http.schemas import ItemQuery, ListQuery, Visitor
from serving_app.overrides.index import BLOCK, OverrideStore, Rules
from serving_app.recommendations.compose import (
    AUDIENCE,
    PERSONAL,
    POPULAR,
    SIMILAR,
    STATIC,
    Decision,
    Rung,
    decide,
)
from serving_app.storage.append_log import DecisionLog, LogUnavailable
from serving_app.storage.restrictions import RestrictionStore
from serving_app.storage.snapshots import Snapshot, SnapshotStore

Ladder = Callable[[Snapshot, str | None], Iterator[Rung]]
DISPLAYED = ("title", "category", "brand", "price", "currency", "image_url")


class Service:
    """Everything an answer needs, handed in: stores, log, clock, and how ids are made."""

    def __init__(
        self,
        snapshots: SnapshotStore,
        overrides: OverrideStore,
        restrictions: RestrictionStore,
        log: DecisionLog,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        sources: tuple[str, ...],
        identity_key: str,
        withholds_unlogged: bool = False,
    ) -> None:
        """
        Args:
            withholds_unlogged: whether a list whose record cannot be written is withheld, the answer being
                empty (`static`).
        """
        self.snapshots, self.overrides, self.log, self.clock, self.new_id = (
            snapshots,
            overrides,
            log,
            clock,
            new_id,
        )
        self.restrictions = restrictions
        self._sources, self._key, self._withholds_unlogged = sources, identity_key, withholds_unlogged
        self._rules: tuple[object, object, Rules | None] = (None, None, None)

    @property
    def is_blank(self) -> bool:
        """Whether every list is empty now: nothing can be shown, or nothing may be."""
        return self.snapshots.current() is None or bool(self.log.problem and self._withholds_unlogged)

    def problems(self) -> list[str]:
        """What is not as it should be, in sentences; empty when all is well."""
        stores = (self.snapshots, self.restrictions, self.overrides)
        return [problem for problem in (*(store.problem() for store in stores), self.log.problem) if problem]

    def recommend(self, query: ListQuery, is_shown: bool = True) -> dict:
        """The visitor's list. One that nobody is shown, as with HEAD, is no impression and is not logged."""
        return self._answer(query, "recommendations", self._personal_ladder, is_shown)

    def popular(self, query: ListQuery, is_shown: bool = True) -> dict:
        """What sells in the whole shop."""

        def ladder(snapshot: Snapshot, customer_id: str | None) -> Iterator[Rung]:
            return popular_ladder(snapshot)

        return self._answer(query, "popular", ladder, is_shown, is_steered=False)

    def similar(self, query: ItemQuery, is_shown: bool = True) -> dict:
        """What is like an item; what is popular when nothing is known of it."""

        def ladder(snapshot: Snapshot, customer_id: str | None) -> Iterator[Rung]:
            item_id = snapshot.item_id(query.item_id)
            others = [
                listed
                for listed in snapshot.list(contract.similar_list(item_id))
                if listed.item_id != item_id
            ]
            yield Rung(SIMILAR, f"similar to {item_id}", others)
            for rung in popular_ladder(snapshot):
                yield rung._replace(items=[listed for listed in rung.items if listed.item_id != item_id])

        return self._answer(query, "similar", ladder, is_shown, is_steered=False)

    def find(self, visitor: Visitor, snapshot: Snapshot | None) -> str | None:
        """The customer's id now; None for a stranger, and for whoever may not be answered for by name."""
        with self.restrictions.view() as view:
            return self._find(visitor, snapshot, view)

    def profile(self, customer_id: str, snapshot: Snapshot) -> tuple[str, contract.Customer] | None:
        """The customer that an id of any age stands for now, with their slice; None as in `find`."""
        found = snapshot.current_id(customer_id)
        slice_ = found and snapshot.customer(found)
        with self.restrictions.view() as view:
            return (found, slice_) if slice_ and may_be_named([customer_id, found], snapshot, view) else None

    def _find(self, visitor: Visitor, snapshot: Snapshot | None, view: View) -> str | None:
        if snapshot is None:
            return None
        if visitor.customer_id:
            ids, found = [visitor.customer_id], snapshot.current_id(visitor.customer_id)
        else:
            kind, value = (
                ("user_id", visitor.user_id) if visitor.user_id else ("anonymous_id", visitor.anonymous_id)
            )
            ids = (
                [hash_identifier(self._key, kind, source, value) for source in self._sources] if value else []
            )
            found = next((customer_id for one in ids if (customer_id := snapshot.whose(one))), None)
        return found if found and may_be_named([*ids, found], snapshot, view) else None

    def _personal_ladder(self, snapshot: Snapshot, customer_id: str | None) -> Iterator[Rung]:
        if customer_id:
            yield Rung(
                PERSONAL, "chosen for this customer", snapshot.list(contract.customer_list(customer_id))
            )
            yield from audience_ladder(snapshot, snapshot.customer(customer_id))
        yield from popular_ladder(snapshot)

    def _answer(
        self, query: ListQuery, placement: str, ladder: Ladder, is_shown: bool, is_steered: bool = True
    ) -> dict:
        """One answer. Pins and boosts steer recommendations alone; a block holds everywhere."""
        now, snapshot = self.clock(), self.snapshots.current()
        customer_id, decided, facts = None, Decision(STATIC, (), ()), {}
        with self.restrictions.view() as view:
            if snapshot:
                customer_id = self._find(query, snapshot, view)
                rules = [
                    one
                    for one in self._rules_for(snapshot).of(customer_id)
                    if is_steered or one.kind == BLOCK
                ]
                decided = decide(ladder(snapshot, customer_id), rules, shown(snapshot, view), query.n, now)
                facts = {one.item_id: snapshot.item(one.item_id) for one in decided.items}
        request_id, placement = self.new_id(), query.placement or placement
        try:
            if is_shown:
                self.log.append(as_record(request_id, placement, customer_id, decided, snapshot, now))
        except LogUnavailable:  # counted by the log
            if self._withholds_unlogged:
                decided = Decision(STATIC, (), ())
        return {
            "request_id": request_id,
            "customer_id": customer_id,
            "placement": placement,
            "source": decided.source,
            "model_version": snapshot and snapshot.meta.model_version,
            "snapshot": snapshot and snapshot.name,
            "generated_at": iso(now),
            "age_seconds": snapshot and age_seconds(snapshot, now),
            "applied_overrides": list(decided.applied),
            "items": [
                {**one._asdict(), **{name: getattr(facts[one.item_id], name) for name in DISPLAYED}}
                for one in decided.items
            ],
        }

    def _rules_for(self, snapshot: Snapshot) -> Rules:
        """The overrides by customer, sorted out anew only when one was written or the snapshot changed."""
        kept = self.overrides.all()
        seen_kept, seen_snapshot, rules = self._rules
        if rules is None or seen_kept is not kept or seen_snapshot is not snapshot:
            rules = Rules(kept, snapshot.current_id, snapshot.item_id)
            self._rules = (kept, snapshot, rules)
        return rules


def may_be_named(ids: list[str], snapshot: Snapshot, view: View) -> bool:
    """Whether the one behind these ids may be answered for by name, with what this snapshot knows."""
    return view.may_be_personal(ids, snapshot.meta.table_versions.get(CORE_IDENTITIES.name, -1))


def shown(snapshot: Snapshot, view: View) -> Callable[[str], contract.Item | None]:
    """The facts of an item; None of one that nobody knows, or that must not be shown now."""
    return lambda item_id: snapshot.item(item_id) if view.may_be_shown(item_id) else None


def audience_ladder(snapshot: Snapshot, customer: contract.Customer | None) -> Iterator[Rung]:
    """The list of the narrowest audience that has one: a customer belongs to many, and an answer
    needs one.
    """
    if customer is None:
        return
    segments = tuple(
        dict.fromkeys([*([customer.rfm_segment] if customer.rfm_segment else []), *customer.segment_ids])
    )
    for audience in contract.audiences(customer.country, segments):
        if found := snapshot.list(contract.audience_list(audience)):
            yield Rung(AUDIENCE, f"popular with {audience}", found)
            return


def popular_ladder(snapshot: Snapshot) -> Iterator[Rung]:
    yield Rung(POPULAR, "popular in the whole shop", snapshot.list(contract.audience_list(contract.POPULAR)))


def as_record(
    request_id: str,
    placement: str,
    customer_id: str | None,
    decided: Decision,
    snapshot: Snapshot | None,
    now: datetime,
) -> dict:
    """What the decision log keeps of an answer."""
    return record(
        {
            "request_id": request_id,
            "served_at": iso(now),
            "placement": placement,
            "customer_id": customer_id,
            "list_source": decided.source,
            "items": [
                {"item_id": one.item_id, "rank": one.rank, "score": one.score, "source": one.source}
                for one in decided.items
            ],
            "model_version": snapshot and snapshot.meta.model_version,
            "snapshot": snapshot and snapshot.name,
            "applied_overrides": list(decided.applied),
            "policy": None,
            "propensity": None,
            "experiment": None,
            "variant": None,
        }
    )


def age_seconds(snapshot: Snapshot, now: datetime) -> float:
    """Time since the snapshot was made."""
    return round((now - datetime.fromisoformat(snapshot.meta.published_at)).total_seconds(), 3)


def iso(moment: datetime) -> str:
    """A moment as ISO text in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
