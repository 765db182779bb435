"""An explanation in words, for the people who run a shop. It names identifiers by kind and id, never by
value.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from expectations.contracts.snapshot import Link
from serving_app.identity.explanation import Explanation, Graph

NAMES = {
    "user_id": "user id",
    "anonymous_id": "browser",
    "crm_id": "CRM number",
    "email": "e-mail address",
    "phone": "phone number",
}
RULES_FILE = "spark_jobs/identify/rules.yml"
BLOCKED = f"a value that {RULES_FILE} blocks"


def sentence(graph: Graph, found: Explanation, until: datetime | None = None) -> str:
    """Whether the two are one customer, and each link that makes or would make them one."""

    def named(identifier: str) -> str:
        known = graph(identifier)
        return f"{NAMES.get(known.kind, known.kind) if known else 'identifier'} {identifier}"

    def told(hop: tuple[str, Link]) -> str:
        one, link = hop
        return f"{named(one)} and {named(link.other)} {seen_in(link)}"

    then = f"By the links seen until {moment(until)}, judged by the rules of today, " if until else ""
    one, other = named(found.a), named(found.b)
    if found.a == found.b:
        whose = "" if found.is_one_customer else f", which is nobody's: {BLOCKED}"
        return f"Both are {one}{whose}."
    if found.is_one_customer:
        steps = "; ".join(map(told, found.path))
        return _begun(f"{then}{one} and {other} are one customer: {steps}.")
    nobody = [named(end) for end in (found.a, found.b) if graph(end).customer_id is None]
    apart = (
        f"are not one customer, since nobody stands behind {' and '.join(nobody)}, {BLOCKED}"
        if nobody
        else "are two customers"
    )
    steps = [f"{told(hop)}, which is not followed ({held(hop[1])})" for hop in found.held]
    if found.held and not found.is_direct:
        apart += " that no link joins directly" if not nobody else ""
        steps += [
            f"{' and '.join(map(named, ids))} are one customer, a third" for ids in thirds(graph, found)
        ]
    return _begun(
        f"{then}{one} and {other} {apart}:"
        f" {'; '.join(steps) or 'nothing links them'}.{left_out(graph, found, named)}"
    )


def thirds(graph: Graph, found: Explanation) -> list[list[str]]:
    """The identifiers to which both ends lead, of each customer of whom there are several."""
    met: dict[str | None, set[str]] = {}
    for _, link in found.held:
        met.setdefault(graph(link.other).customer_id, set()).add(link.other)
    return [sorted(ids) for customer, ids in met.items() if customer and len(ids) > 1]


def left_out(graph: Graph, found: Explanation, named: Callable[[str], str]) -> str:
    """Whose links are not all looked at."""
    crowded = [(named(end), graph(end).n_left_out) for end in (found.a, found.b) if graph(end).n_left_out]
    return "".join(
        f" Later links of {name} are left out here, {n:,} of them; fct_identity_links has them."
        for name, n in crowded
    )


def seen_in(link: Link) -> str:
    """What a link says, and where and when it was first seen."""
    table, _, key = link.evidence.partition("/")
    day = f"{link.first_seen_at.astimezone(UTC):%Y-%m-%d}"
    on = f"on {day}"
    # By the rule first: likeness names records of core_people too, and what it says is no sighting.
    if link.rule == "alike":
        return (
            f"stand in the person records {both(key)}, which are alike with probability {link.weight:.4g},"
            f" known since {day}"
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


def both(key: str) -> str:
    """Two records that were compared, `<source>/<id>~<source>/<id>`: as two, unless an id holds the mark
    between them too.
    """
    return " and ".join(key.split("~")) if key.count("~") == 1 else key


def held(link: Link) -> str:
    """Why a link is not followed."""
    section, _, rule = (link.held_by or "").partition("/")
    return (
        f"a person's decision: {rule}" if section == "decision" else f"rule {section}/{rule} of {RULES_FILE}"
    )


def moment(at: datetime) -> str:
    """A time in UTC, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]
