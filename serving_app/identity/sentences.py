"""An explanation in sentences, for the people who run a shop. It names identifiers by kind and id, never by
value.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from expectations.contracts.snapshot import Link
from serving_app.identity.explanation import Explanation, Graph

KIND_NAMES = {
    "user_id": "user id",
    "anonymous_id": "browser",
    "crm_id": "CRM number",
    "email": "e-mail address",
    "phone": "phone number",
}
RULES_FILE = "spark_jobs/identify/rules.yml"
BLOCKED = f"a value that {RULES_FILE} blocks"


def explain_in_words(graph: Graph, explanation: Explanation, as_of: datetime | None = None) -> str:
    """Whether the two are one customer, and each link that makes or would make them one."""

    def name_of(identifier: str) -> str:
        linked = graph(identifier)
        return f"{KIND_NAMES.get(linked.kind, linked.kind) if linked else 'identifier'} {identifier}"

    def describe_hop(hop: tuple[str, Link]) -> str:
        origin, link = hop
        return f"{name_of(origin)} and {name_of(link.other)} {describe_link(link)}"

    then = (
        f"By the links seen until {format_utc_seconds(as_of)}, judged by the rules of today, "
        if as_of
        else ""
    )
    one, other = name_of(explanation.a), name_of(explanation.b)
    if explanation.a == explanation.b:
        whose = "" if explanation.is_one_customer else f", which is nobody's: {BLOCKED}"
        return f"Both are {one}{whose}."
    if explanation.is_one_customer:
        steps = "; ".join(map(describe_hop, explanation.path))
        return _capitalise(f"{then}{one} and {other} are one customer: {steps}.")
    blocked = [name_of(end) for end in (explanation.a, explanation.b) if graph(end).customer_id is None]
    apart = (
        f"are not one customer, since nobody stands behind {' and '.join(blocked)}, {BLOCKED}"
        if blocked
        else "are two customers"
    )
    steps = [
        f"{describe_hop(hop)}, which is not followed ({describe_hold_reason(hop[1])})"
        for hop in explanation.held
    ]
    if explanation.held and not explanation.is_direct:
        apart += " that no link joins directly" if not blocked else ""
        steps += [
            f"{' and '.join(map(name_of, ids))} are one customer, a third"
            for ids in group_shared_neighbours(graph, explanation)
        ]
    return _capitalise(
        f"{then}{one} and {other} {apart}:"
        f" {'; '.join(steps) or 'nothing links them'}.{describe_links_left_out(graph, explanation, name_of)}"
    )


def group_shared_neighbours(graph: Graph, explanation: Explanation) -> list[list[str]]:
    """The identifiers to which links of both ends lead, by customer, where a customer has several of them."""
    by_customer: dict[str | None, set[str]] = {}
    for _, link in explanation.held:
        by_customer.setdefault(graph(link.other).customer_id, set()).add(link.other)
    return [sorted(ids) for customer, ids in by_customer.items() if customer and len(ids) > 1]


def describe_links_left_out(graph: Graph, explanation: Explanation, name_of: Callable[[str], str]) -> str:
    """A sentence for each end whose links are not all read."""
    ends = (explanation.a, explanation.b)
    crowded = [(name_of(end), graph(end).n_left_out) for end in ends if graph(end).n_left_out]
    return "".join(
        f" Later links of {name} are left out here, {n:,} of them; fct_identity_links has them."
        for name, n in crowded
    )


def describe_link(link: Link) -> str:
    """What a link shows, and where and when it was first seen."""
    table, _, key = link.evidence.partition("/")
    day = f"{link.first_seen_at.astimezone(UTC):%Y-%m-%d}"
    on = f"on {day}"
    # By the rule first: likeness names records of core_people too, and was not seen in one of them.
    if link.rule == "alike":
        return (
            f"stand in the person records {format_compared_records(key)}, which are alike with probability"
            f" {link.weight:.4g}, known since {day}"
        )
    if link.rule == "decision":
        return f"were joined by a person's decision ({key}) {on}"
    if table == "core_events":
        return f"were seen together in the event {key} {on}"
    if table == "core_order_lines":
        source, _, rest = key.partition("/")  # an order id may hold a slash, a line's number does not
        return f"were seen together in the order {rest.rpartition('/')[0]} of {source} {on}"
    if table == "core_people":
        source, _, record = key.partition("/")
        return f"stand together in the person record {record} of {source} {on}"
    return f"are linked by the rule {link.rule} ({link.evidence}) {on}"


def format_compared_records(key: str) -> str:
    """Two compared records `<source>/<id>~<source>/<id>` as "one and other"; unchanged where an id holds a
    tilde too.
    """
    return " and ".join(key.split("~")) if key.count("~") == 1 else key


def describe_hold_reason(link: Link) -> str:
    """The rule or decision for which a link is not followed."""
    section, _, rule = (link.held_by or "").partition("/")
    return (
        f"a person's decision: {rule}" if section == "decision" else f"rule {section}/{rule} of {RULES_FILE}"
    )


def format_utc_seconds(moment: datetime) -> str:
    """A moment in UTC, to the second, for a sentence."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _capitalise(text: str) -> str:
    return text[:1].upper() + text[1:]
