"""Why two identifiers are one customer's, what waits for a decision, and what operators decide: from the
snapshot's links and the home's file of decisions.

The service's routes and the commands `make explain` and `make decide` use this one class.
"""

from collections.abc import Callable
from datetime import datetime
from functools import cache

from expectations.contracts.identity_decisions import (
    REFUSE,
    WITHDRAW,
    Decision,
    DecisionError,
    select_in_force,
)
from serving_app.http.problems import (
    BadRequest,
    CannotApply,
    DecisionsOutOfReach,
    DecisionsUnreadable,
    NotReady,
    TooLargeToExplain,
    UnknownDecision,
    UnknownIdentifier,
)
from serving_app.identity.answers import format_decision, format_explanation
from serving_app.identity.explanation import (
    MAX_READ,
    Graph,
    GraphTooLarge,
    explain_identity,
    limit_graph_reads,
)
from serving_app.identity.identifiers import IdentifierResolver
from serving_app.identity.pending_decisions import find_pending_decisions
from serving_app.identity.sentences import RULES_FILE
from serving_app.identity.store import DecisionFile
from serving_app.storage.protocols import SnapshotStore
from serving_app.storage.snapshots import Snapshot

TAKES_EFFECT = "with the next night"


class IdentityService:
    """Explains identities and records decisions about them."""

    def __init__(
        self,
        snapshots: SnapshotStore,
        decisions: DecisionFile,
        identifiers: IdentifierResolver,
        clock: Callable[[], datetime],
    ) -> None:
        self._snapshots, self._decisions = snapshots, decisions
        self._identifiers, self._clock = identifiers, clock

    def explain(self, a: str, b: str, as_of: datetime | None = None) -> dict:
        """Whether two identifiers are one customer's, and why (`ExplainAnswer`).

        Args:
            a, b: `<kind>:<value>` or an `identifier_id`.
            as_of: only links first seen until then.

        Raises:
            BadRequest, UnknownIdentifier, AmbiguousIdentifier, NotReady: one is not understood, not known, or
                known of several sources; or no links were ever published.
            TooLargeToExplain: too much would have to be read.
        """
        snapshot = self._get_snapshot_with_links()
        graph = limit_graph_reads(snapshot.read_links)
        try:
            a, b = (self._identifiers.resolve(name, text, graph) for name, text in (("a", a), ("b", b)))
            return {
                **format_explanation(graph, explain_identity(graph, a, b, as_of), as_of),
                "pending": self._list_pending(snapshot, graph, a, b),
                "snapshot": snapshot.name,
            }
        except GraphTooLarge:
            raise TooLargeToExplain(
                f"More than {MAX_READ:,} identifiers and links would have to be read, as of a customer joined"
                " out of thousands; ask fct_identity_links in SQL."
            ) from None

    def list_reviews(self) -> dict:
        """The review queue of the snapshot, each with what has been decided about its link."""
        snapshot = self._get_snapshot_with_links()
        decided = {
            decision.pair: decision.decision for decision in select_in_force(self._decisions.read_all())
        }
        rows = [
            {
                **review._asdict(),
                "decision": decided.get(
                    tuple(sorted((review.identifier_a or "", review.identifier_b or "")))
                ),
            }
            for review in snapshot.read_reviews() or ()
        ]
        return {"reviews": rows, "snapshot": snapshot.name}

    def list_decisions(self) -> list[dict]:
        """Every decision (`DecisionAnswer`), in the order they were made."""
        decisions = self._decisions.read_all()
        ids_in_force = {decision.decision_id for decision in select_in_force(decisions)}
        return [
            {**format_decision(decision), "is_in_force": decision.decision_id in ids_in_force}
            for decision in decisions
        ]

    def get_decision(self, decision_id: str) -> dict:
        """
        Raises:
            UnknownDecision: none has this id.
        """
        for decision in self.list_decisions():
            if decision["decision_id"] == decision_id:
                return decision
        raise UnknownDecision("No decision has this id.")

    def decide(self, decision: str, a: str, b: str, reason: str, decided_by: str) -> dict:
        """Record a decision (`TakenAnswer`).

        Raises:
            BadRequest: a field is not what it must be.
            CannotApply: an identifier is not known (one of a decision that is withdrawn need not be) or
                blocked; there is no such link to refuse, no decision to withdraw.
            AmbiguousIdentifier: the value must say of which of several sources it is.
            DecisionsUnreadable: the file must be put right first, or the next run would not read this one
                either.
            DecisionsOutOfReach: the file cannot be read or written at all; nothing is decided.
        """
        graph = cache(self._get_snapshot_with_links().read_links)
        withdrawable = self._list_identifiers_in_force() if decision == WITHDRAW else set()
        try:
            a, b = (
                self._identifiers.resolve(name, text, lambda end: end in withdrawable or graph(end))
                for name, text in (("a", a), ("b", b))
            )
        except UnknownIdentifier as error:
            raise CannotApply(error.detail) from None
        try:
            new = Decision(self._clock(), decision, a, b, decided_by, reason)
        except DecisionError as error:
            raise BadRequest(self._identifiers.rename_fields(str(error))) from None
        self._check_effect(new, graph)
        self._decisions.read_all()  # an unreadable file must be put right before more is added to it
        self._decisions.append(new)
        return {**format_decision(new), "takes_effect": TAKES_EFFECT}

    def _check_effect(self, decision: Decision, graph: Graph) -> None:
        """
        Raises:
            CannotApply: the decision would change nothing.
        """
        a, b = decision.identifier_a, decision.identifier_b
        if decision.decision == WITHDRAW:
            if decision.pair not in {other.pair for other in select_in_force(self._decisions.read_all())}:
                raise CannotApply("Nothing is decided about these two that could be withdrawn.")
        elif None in (graph(a).customer_id, graph(b).customer_id):
            raise CannotApply(
                f"Nobody stands behind a value that {RULES_FILE} blocks, whatever is decided; the rule is"
                " what to change."
            )
        if decision.decision == REFUSE and not any(link.other == b for link in graph(a).links):
            raise CannotApply(
                "No link joins these two directly, so there is none to refuse; `split` keeps two apart for"
                " good."
            )

    def _list_pending(self, snapshot: Snapshot, graph: Graph, a: str, b: str) -> list[dict] | None:
        """Decisions about the two, or about another identifier of their customers, that the snapshot does not
        contain yet. None where the file of decisions cannot be read: what the last run knew is explained all
        the same.
        """
        try:
            decisions, applied = self._decisions.read_all(), snapshot.read_decision_ids()
        except (DecisionsUnreadable, DecisionsOutOfReach):
            return None
        if applied is None:  # a snapshot of an earlier layout contains those that are older than it
            published_at = datetime.fromisoformat(snapshot.meta.published_at)
            applied = {one.decision_id for one in decisions if one.decided_at < published_at}
        customers = {graph(a).customer_id, graph(b).customer_id} - {None}
        return [
            {**format_decision(decision), "takes_effect": TAKES_EFFECT}
            for decision in find_pending_decisions(decisions, applied)
            if {a, b} & set(decision.pair)
            or customers & {linked.customer_id for end in decision.pair if (linked := graph(end))}
        ]

    def _list_identifiers_in_force(self) -> set[str]:
        return {end for decision in select_in_force(self._decisions.read_all()) for end in decision.pair}

    def _get_snapshot_with_links(self) -> Snapshot:
        snapshot = self._snapshots.get_current()
        if snapshot is None:
            raise NotReady(self._snapshots.describe_problem())
        if snapshot.read_reviews() is None:
            raise NotReady(
                f"snapshot {snapshot.name} was made before links were kept; the next night's has them"
            )
        return snapshot
