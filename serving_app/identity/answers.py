"""Explanations, links and decisions as answers over HTTP."""

from datetime import datetime

from expectations.contracts.identity_decisions import Decision
from expectations.contracts.snapshot import Link
from serving_app.http.responses import format_utc
from serving_app.identity.explanation import Explanation, Graph
from serving_app.identity.sentences import explain_in_words


def format_explanation(graph: Graph, explanation: Explanation, as_of: datetime | None) -> dict:
    """An explanation as the fields of `ExplainAnswer` that come from the graph."""
    return {
        "a": format_identifier(graph, explanation.a),
        "b": format_identifier(graph, explanation.b),
        "is_one_customer": explanation.is_one_customer,
        "as_of": as_of and format_utc(as_of),
        "path": [format_link(graph, *hop) for hop in explanation.path],
        "held": [format_link(graph, *hop) for hop in explanation.held],
        "sentence": explain_in_words(graph, explanation, as_of),
    }


def format_identifier(graph: Graph, identifier: str) -> dict:
    """An identifier as `IdentifierAnswer`."""
    linked = graph(identifier)
    return {
        "identifier_id": identifier,
        "kind": linked.kind,
        "customer_id": linked.customer_id,
        "n_links_left_out": linked.n_left_out,
    }


def format_link(graph: Graph, origin: str, link: Link) -> dict:
    """A link as `LinkAnswer`, from one of its ends to the other."""
    return {
        "from": format_identifier(graph, origin),
        "to": format_identifier(graph, link.other),
        "rule": link.rule,
        "evidence": link.evidence,
        "weight": link.weight,
        "first_seen_at": format_utc(link.first_seen_at),
        "is_followed": link.is_followed,
        "held_by": link.held_by,
    }


def format_decision(decision: Decision) -> dict:
    """A decision as the fields that all answers about decisions share."""
    return {
        "decision_id": decision.decision_id,
        "decided_at": format_utc(decision.decided_at),
        "decision": decision.decision,
        "identifier_a": decision.identifier_a,
        "identifier_b": decision.identifier_b,
        "decided_by": decision.decided_by,
        "reason": decision.reason,
    }
