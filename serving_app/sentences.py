"""An explanation in words, for the people who run a shop. It names identifiers by kind and id, never by value."""

from datetime import UTC, datetime

from expectations.contracts.snapshot import Link
from serving_app.explain import Explanation, Graph

NAMES = {
    "user_id": "user id", "anonymous_id": "browser", "crm_id": "CRM number", "email": "e-mail address", "phone": "phone number",
}  # fmt: skip
RULES_FILE = "spark_jobs/identify/rules.yml"


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
        return f"Both are {one}."
    if found.is_one_customer:
        steps = "; ".join(map(told, found.path))
        return _begun(f"{then}{one} and {other} are one customer: {steps}.")
    if not found.held:
        return _begun(f"{then}{one} and {other} are two customers: nothing links them.")
    steps = "; ".join(f"{told(hop)}, which is not followed ({held(hop[1])})" for hop in found.held)
    return _begun(f"{then}{one} and {other} are two customers: {steps}.")


def seen_in(link: Link) -> str:
    """What a link says, and where and when it was first seen."""
    table, _, key = link.evidence.partition("/")
    day = f"{link.first_seen_at.astimezone(UTC):%Y-%m-%d}"
    on = f"on {day}"
    # By the rule first: likeness names records of core_people too, and what it says is no sighting.
    if link.rule == "alike":
        return f"stand in the person records {both(key)}, which are alike with probability {link.weight:.4g}, known since {day}"
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
    """Two records that were compared, `<source>/<id>~<source>/<id>`: as two, unless an id holds the mark between them too."""
    return " and ".join(key.split("~")) if key.count("~") == 1 else key


def held(link: Link) -> str:
    """Why a link is not followed."""
    section, _, rule = (link.held_by or "").partition("/")
    return f"a person's decision: {rule}" if section == "decision" else f"rule {section}/{rule} of {RULES_FILE}"


def moment(at: datetime) -> str:
    """A time in UTC, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]
