"""Which links are followed: one table of small worlds, told apart by the first letters of their ids."""

from datetime import UTC, datetime

import pyarrow as pa

from expectations.contracts.identity_rules import is_blocked_value, load_identity_rules
from spark_jobs.identify.decisions import PAIR_SCHEMA
from spark_jobs.identify.graph.inputs import GraphInputs
from spark_jobs.identify.graph.likeness_links import RECORD_CLUSTER_SCHEMA
from spark_jobs.identify.graph.links import LINK_SCHEMA
from spark_jobs.identify.rules.link_limits import find_blocked_identifiers, mark_held_links
from spark_jobs.lake.queries import open_database
from tests.expectations.contracts.test_identity_rules import NOBODY, SOMEBODY

# world → (pairs of identifiers seen together, pairs that are followed). An identifier is `<kind>:<name>`,
# `@b` a second source.
WORLDS = {
    "one person logs in on two browsers": (
        ["user:1 anon:1", "user:1 anon:2"],
        ["user:1 anon:1", "user:1 anon:2"],
    ),
    "a shared device joins nobody": (
        ["user:1 anon:1", "user:2 anon:1", "user:1 anon:2"],
        ["user:1 anon:2"],
    ),
    "a kiosk where a guest's e-mail follows a login": (["user:1 anon:1", "email:2 anon:1"], []),
    "a guest's e-mail that is the user's own": (
        ["user:1 anon:1", "email:1 anon:1", "user:1 email:1"],
        ["user:1 anon:1", "email:1 anon:1", "user:1 email:1"],
    ),
    "a browser with a guest's e-mail that is another user's": (
        ["user:1 anon:1", "email:2 anon:1", "user:2 email:2"],
        ["user:2 email:2"],
    ),
    "an e-mail used by two logins": (["user:1 email:1", "user:2 email:1", "user:1 crm:1"], ["user:1 crm:1"]),
    "a second store card with the same e-mail": (
        ["crm:1 user:1", "crm:1 email:1", "user:1 email:1", "crm:2 email:1", "crm:1=2"],
        ["crm:1 user:1", "crm:1 email:1", "user:1 email:1", "crm:2 email:1"],
    ),
    "one's e-mail on another's card": (
        ["crm:1 user:1", "crm:1 email:1", "user:1 email:1", "crm:2 email:1", "crm:2 phone:2"],
        ["crm:1 user:1", "crm:2 phone:2"],
    ),
    "a placeholder e-mail on four cards": ([f"crm:{n} email:1" for n in range(1, 5)], []),
    "a household's phone": (
        ["crm:1 phone:1", "crm:2 phone:1", "crm:1 email:1", "crm:2 email:2"],
        ["crm:1 email:1", "crm:2 email:2"],
    ),
    "a person's own phone": (["crm:1 phone:1"], ["crm:1 phone:1"]),
    "one e-mail in two shops' sources": (
        ["user:1 email:1", "user@b:1 email:1"],
        ["user:1 email:1", "user@b:1 email:1"],
    ),
    "one phone in two sources' records": (["crm:1 phone:1", "crm@b:1 phone:1"], []),
    "one person's two cards with one phone": (
        ["crm:1 phone:1", "crm:2 phone:1", "crm:1=2"],
        ["crm:1 phone:1", "crm:2 phone:1"],
    ),
    "one person's two cards and a neighbour's with one phone": (
        ["crm:1 phone:1", "crm:2 phone:1", "crm:3 phone:1", "crm:1=2"],
        [],
    ),
    "a broken tag's user id": (["user:null anon:1", "user:null anon:2", "user:1 anon:1"], ["user:1 anon:1"]),
    "a mailbox typed by whoever is at the till": (
        ["crm:1 email:test@x.de", "crm:1 phone:1"],
        ["crm:1 phone:1"],
    ),
    "a link that somebody refused": (["user:1 anon:1!", "user:1 anon:2"], ["user:1 anon:2"]),
    "an e-mail typed on another's card, and that card's link refused": (
        ["user:1 email:1", "crm:1 email:1", "crm:1 user:1", "crm:2 email:1!"],
        ["user:1 email:1", "crm:1 email:1", "crm:1 user:1"],
    ),
    "two browsers of one person, as somebody said": (
        ["user:1 anon:1", "user:2 anon:1", "user:3 anon:1 decision"],
        ["user:3 anon:1"],
    ),
    "a decision does not make a browser shared": (
        ["user:1 anon:1", "user:3 anon:1 decision"],
        ["user:1 anon:1", "user:3 anon:1"],
    ),
}
KINDS = {"user": "user_id", "anon": "anonymous_id", "crm": "crm_id", "email": "email", "phone": "phone"}
RULES = load_identity_rules()
IDENTIFIER = pa.schema(
    [(name, pa.string()) for name in ("identifier_id", "kind", "source", "value_normalised")]
)


def table(rows: set[tuple], schema: pa.Schema) -> pa.Table:
    """The rows in the columns of a schema."""
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)


def contact(kind: str, name: str) -> str:
    """A value that no rule blocks, unless the name is a whole address."""
    return (
        name
        if "@" in name
        else f"anna{name}@x.de"
        if kind == "email"
        else f"+4915112345{name}"
        if kind == "phone"
        else name
    )


def rows_of(world: str, pairs: list[str]):
    """Links, refused pairs, cards and identifiers of one world."""
    links, refused, cards, identifiers = set(), set(), set(), set()
    for pair in pairs:
        if "=" in pair:
            kind, _, names = pair.partition(":")
            first, *_ = names.split("=")
            cards |= {(f"{world}/{kind}:{name}", f"{world}/{kind}:{first}") for name in names.split("=")}
            continue
        *ends, last = pair.split()
        rule = "decision" if last == "decision" else "same_event"
        ends = [end.rstrip("!") for end in (ends if rule == "decision" else [*ends, last])]
        names = tuple(sorted(f"{world}/{end}" for end in ends))
        links.add((*names, rule, "evidence", 1.0, datetime(2026, 1, 5, tzinfo=UTC)))
        if pair.endswith("!"):
            refused.add(names)
        for end in ends:
            kind, _, source = end.split(":")[0].partition("@")
            value = contact(kind, end.split(":")[1])
            identifiers.add(
                (f"{world}/{end}", KINDS[kind], None if kind in ("email", "phone") else source or "a", value)
            )
    return links, refused, cards, identifiers


def test_links_that_are_followed():
    links, refused, cards, identifiers = set(), set(), set(), set()
    for world, (pairs, _) in WORLDS.items():
        for into, more in zip((links, refused, cards, identifiers), rows_of(world, pairs), strict=True):
            into |= more
    known = table(identifiers, IDENTIFIER)
    inputs = GraphInputs(
        known,
        find_blocked_identifiers(known, RULES.blocked),
        table(links, LINK_SCHEMA),
        table(cards, RECORD_CLUSTER_SCHEMA),
        table(refused, PAIR_SCHEMA),
        table(set(), PAIR_SCHEMA),
    )
    with open_database() as con:
        held = mark_held_links(con, inputs, RULES).to_pylist()
    assert len(held) == len(links), "the guard drops no evidence"
    followed = {(row["identifier_id_a"], row["identifier_id_b"]) for row in held if row["held_by"] is None}
    for world, (_, expected) in WORLDS.items():
        wanted = {tuple(sorted(f"{world}/{end}" for end in pair.split())) for pair in expected}
        assert {pair for pair in followed if pair[0].startswith(f"{world}/")} == wanted, world
    whys = {row["identifier_id_a"].split("/")[0]: row["held_by"] for row in held if row["held_by"]}
    assert whys["a shared device joins nobody"] == "shared/browser_of_two_holders"
    assert whys["an e-mail used by two logins"] == "shared/contact_of_two_users"
    assert whys["a placeholder e-mail on four cards"] == "shared/email_of_two_records"
    assert whys["a household's phone"] == "shared/phone_of_two_records"
    assert whys["a broken tag's user id"] == "blocked/words_for_nothing"
    assert whys["a mailbox typed by whoever is at the till"] == "blocked/placeholder_mailboxes"
    assert whys["a link that somebody refused"] == "decision/refuse"


def test_the_first_rule_that_blocks_a_value_holds_its_identifier():
    values = sorted(
        (kind, value) for sort in (NOBODY, SOMEBODY) for kind, found in sort.items() for value in found
    )
    rows = {(f"i_{number}", kind, None, value) for number, (kind, value) in enumerate(values)}
    found = find_blocked_identifiers(table(rows, IDENTIFIER), RULES.blocked).to_pylist()
    assert {row["identifier_id"] for row in found} == {
        name for name, kind, _, value in rows if is_blocked_value(kind, value, RULES.blocked)
    }
    first_rules = {
        name: next(f"blocked/{rule.id}" for rule in RULES.blocked if is_blocked_value(kind, value, [rule]))
        for name, kind, _, value in rows
        if is_blocked_value(kind, value, RULES.blocked)
    }
    assert {row["identifier_id"]: row["held_by"] for row in found} == first_rules
    assert 0 < len(found) < len(rows)
