"""What operators ask about who is who, and what they decide: the snapshot's links and the home's file of
decisions.

The service's routes and the commands `make explain` and `make decide` are the same questions to this one
class.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

from expectations.contracts import identity_decisions as decisions
from expectations.contracts.identifiers import KINDS, LOCAL_KINDS, hash_identifier
from expectations.contracts.identity_decisions import REFUSE, WITHDRAW, Decision, DecisionError
from expectations.contracts.phones import normalise_international
from expectations.contracts.snapshot import Link
from serving_app.http.problems import (
    BadRequest,
    CannotApply,
    DecisionsOutOfReach,
    DecisionsUnreadable,
    NotReady,
    SeveralIdentifiers,
    TooLargeToExplain,
    UnknownIdentifier,
)
from serving_app.identity.explanation import MAX_READ, Graph, TooLarge, bounded, explain
from serving_app.identity.pending_decisions import find_pending
from serving_app.identity.sentences import RULES_FILE, sentence
from serving_app.recommendations.service import iso
from serving_app.storage.snapshots import Snapshot, SnapshotStore

TAKES_EFFECT = "with the next night"
# What a decision's fields are called by who asks: here as the API has them.
FIELDS = {"identifier_a": "a", "identifier_b": "b"}


class Identity:
    """Everything these answers need, handed in."""

    def __init__(
        self,
        snapshots: SnapshotStore,
        home: Path,
        sources: tuple[str, ...],
        identity_key: str,
        clock: Callable[[], datetime],
        called: Mapping[str, str] = FIELDS,
    ) -> None:
        """`called`: what whoever asks calls a field, where it has another name than here."""
        self._snapshots, self._sources, self._key, self._clock, self._called = (
            snapshots,
            sources,
            identity_key,
            clock,
            called,
        )
        self._file = home / decisions.FILE

    def explain(self, a: str, b: str, until: datetime | None = None) -> dict:
        """Whether two identifiers are one customer's, and why.

        Args:
            a, b: `<kind>:<value>` or an `hash_identifier`.
            until: only links first seen by then.

        Raises:
            BadRequest, UnknownIdentifier, SeveralIdentifiers, NotReady: one is not understood, not known, or
            known of
                several sources; or no links were ever published.
            TooLargeToExplain: too much would have to be read.
        """
        snapshot = self._explained()
        try:
            return self._told(snapshot, a, b, until)
        except TooLarge:
            raise TooLargeToExplain(
                f"More than {MAX_READ:,} identifiers and links would have to be read, as of a customer joined"
                " out of thousands; ask fct_identity_links in SQL."
            ) from None

    def _told(self, snapshot: Snapshot, a: str, b: str, until: datetime | None) -> dict:
        graph = bounded(snapshot.linked)
        one, other = (self._known(name, said, graph) for name, said in (("a", a), ("b", b)))
        found = explain(graph, one, other, until)
        return {
            "a": told(graph, one),
            "b": told(graph, other),
            "is_one_customer": found.is_one_customer,
            "as_of": until and iso(until),
            "path": [step(graph, *hop) for hop in found.path],
            "held": [step(graph, *hop) for hop in found.held],
            "sentence": sentence(graph, found, until),
            "pending": self._pending(snapshot, graph, one, other),
            "snapshot": snapshot.name,
        }

    def _pending(self, snapshot: Snapshot, graph: Graph, a: str, b: str) -> list[dict] | None:
        """Decisions about the two, or about another identifier of their customers, that the snapshot does not
        hold yet.

        One made before decisions were kept holds those that are older than it. None where the file of
        decisions cannot be read: what last night knew is explained all the same.
        """
        try:
            taken, applied = self._taken(), snapshot.decision_ids()
        except (DecisionsUnreadable, DecisionsOutOfReach):
            return None
        if applied is None:
            published_at = datetime.fromisoformat(snapshot.meta.published_at)
            applied = {one.decision_id for one in taken if one.decided_at < published_at}
        customers = {graph(a).customer_id, graph(b).customer_id} - {None}
        return [
            {**as_answer(one), "takes_effect": TAKES_EFFECT}
            for one in find_pending(taken, applied)
            if {a, b} & set(one.pair)
            or customers & {linked.customer_id for end in one.pair if (linked := graph(end))}
        ]

    def reviews(self) -> dict:
        """The review queue of the snapshot, each with what has been decided about its link."""
        snapshot = self._explained()
        said = {one.pair: one.decision for one in decisions.in_force(self._taken())}
        rows = [
            {
                **one._asdict(),
                "decision": said.get(tuple(sorted((one.identifier_a or "", one.identifier_b or "")))),
            }
            for one in snapshot.reviews() or ()
        ]
        return {"reviews": rows, "snapshot": snapshot.name}

    def decisions(self) -> dict:
        """Every decision taken, in the order they were."""
        taken = self._taken()
        last = {one.decision_id for one in decisions.in_force(taken)}
        return {"decisions": [{**as_answer(one), "is_in_force": one.decision_id in last} for one in taken]}

    def decide(self, decision: str, a: str, b: str, reason: str, decided_by: str) -> dict:
        """Take a decision.

        Raises:
            BadRequest: a field is not what it must be.
            CannotApply: an identifier is not known (one of a decision that is withdrawn need not be) or
                blocked; there is no such link to refuse, no decision to withdraw.
            SeveralIdentifiers: of which of several sources a value is meant must be said.
            DecisionsUnreadable: the file must be put right first, or the next night would not read this one
                either.
            DecisionsOutOfReach: the file cannot be read or written at all; nothing is decided.
        """
        graph = cache(self._explained().linked)
        standing = (
            {end for kept in decisions.in_force(self._taken()) for end in kept.pair}
            if decision == WITHDRAW
            else set()
        )
        try:
            one, other = (
                self._known(name, said, lambda end: end in standing or graph(end))
                for name, said in (("a", a), ("b", b))
            )
        except UnknownIdentifier as error:
            raise CannotApply(error.detail) from None
        try:
            made = Decision(self._clock(), decision, one, other, decided_by, reason)
        except DecisionError as error:
            named = re.sub(
                r"\b(identifier_[ab]|decided_by|reason)\b",
                lambda name: self._called.get(name[0], name[0]),
                str(error),
            )
            raise BadRequest(named) from None
        if decision != WITHDRAW and None in (graph(one).customer_id, graph(other).customer_id):
            raise CannotApply(
                f"Nobody stands behind a value that {RULES_FILE} blocks, whatever is decided; the rule is"
                " what to change."
            )
        if decision == REFUSE and not any(link.other == other for link in graph(one).links):
            raise CannotApply(
                "No link joins these two directly, so there is none to refuse; `split` keeps two apart for"
                " good."
            )
        if decision == WITHDRAW and made.pair not in {
            kept.pair for kept in decisions.in_force(self._taken())
        }:
            raise CannotApply("Nothing is decided about these two that could be withdrawn.")
        self._taken()
        try:
            decisions.append(self._file, made)
        except OSError as error:
            raise out_of_reach(error) from error
        return {**as_answer(made), "takes_effect": TAKES_EFFECT}

    def _explained(self) -> Snapshot:
        snapshot = self._snapshots.current()
        if snapshot is None:
            raise NotReady(self._snapshots.problem())
        if snapshot.reviews() is None:
            raise NotReady(
                f"snapshot {snapshot.name} was made before links were kept; the next night's has them"
            )
        return snapshot

    def _known(self, name: str, said: str, is_known: Callable[[str], object]) -> str:
        """The id of what was said: the one that is known."""
        name = self._called.get(name, name)
        kind, is_valued, value = said.partition(":")
        if decisions.IDENTIFIER.fullmatch(said):
            ids = {said: ""}
        elif is_valued and kind in KINDS and value.strip():
            ids = self._ids(kind, value)
        else:
            raise BadRequest(
                f"{name} must be an identifier_id, or one of {', '.join(f'{kind}:<value>' for kind in KINDS)}"
            )
        found = [one for one in ids if is_known(one)]
        if not found:
            hint = " A phone number is known as +E.164: +4915123456789." if kind == "phone" else ""
            raise UnknownIdentifier(f"No identifier is known by what {name} says.{hint}")
        if len(found) > 1 and kind in LOCAL_KINDS:
            those = ", ".join(f"{one} of {ids[one]}" for one in found)
            raise SeveralIdentifiers(
                f"What {name} says was issued by several sources: {those}. Ask by identifier_id.",
                identifier_ids=found,
            )
        return found[0]

    def _ids(self, kind: str, value: str) -> dict[str, str]:
        """Every id that a value may have, with the source that would have issued it."""
        if kind == "phone":  # as it was received where the lake could make nothing of it
            return {
                hash_identifier(self._key, kind, "", form): ""
                for form in (normalise_international(value), value)
            }
        return {hash_identifier(self._key, kind, source, value): source for source in self._sources}

    def _taken(self) -> list[Decision]:
        try:
            return decisions.read(self._file)
        except DecisionError as error:
            raise DecisionsUnreadable(f"{decisions.FILE}: {error}") from None
        except OSError as error:
            raise out_of_reach(error) from error


def out_of_reach(error: OSError) -> DecisionsOutOfReach:
    """What the machine says against the file."""
    return DecisionsOutOfReach(f"{decisions.FILE}: {error.strerror or error}")


def told(graph: Graph, identifier: str) -> dict:
    """An identifier as it is told."""
    known = graph(identifier)
    return {
        "identifier_id": identifier,
        "kind": known.kind,
        "customer_id": known.customer_id,
        "n_links_left_out": known.n_left_out,
    }


def step(graph: Graph, one: str, link: Link) -> dict:
    """A link as it is told, from one of its ends to the other."""
    return {
        "from": told(graph, one),
        "to": told(graph, link.other),
        "rule": link.rule,
        "evidence": link.evidence,
        "weight": link.weight,
        "first_seen_at": iso(link.first_seen_at),
        "is_followed": link.is_followed,
        "held_by": link.held_by,
    }


def as_answer(one: Decision) -> dict:
    """A decision as it is told."""
    return {
        "decision_id": one.decision_id,
        "decided_at": iso(one.decided_at),
        "decision": one.decision,
        "identifier_a": one.identifier_a,
        "identifier_b": one.identifier_b,
        "decided_by": one.decided_by,
        "reason": one.reason,
    }
