"""Which links are followed: one table of small worlds, told apart by the first letters of their ids."""

from datetime import datetime

from spark_jobs.identify.guard import weigh

# world → (pairs of identifiers seen together, pairs that are followed). An identifier is `<kind>:<name>`, `@b` a second source.
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
        ["crm:1 user:1", "crm:1 email:1", "user:1 email:1", "crm:2 email:1"],
        ["crm:1 user:1", "crm:1 email:1", "user:1 email:1", "crm:2 email:1"],
    ),
    "a placeholder e-mail on four cards": ([f"crm:{n} email:1" for n in range(4)], []),
    "a household's phone": (
        ["crm:1 phone:1", "crm:2 phone:1", "crm:1 email:1", "crm:2 email:2"],
        ["crm:1 email:1", "crm:2 email:2"],
    ),
    "a person's own phone": (["crm:1 phone:1"], ["crm:1 phone:1"]),
    "one e-mail in two shops' sources": (["user:1 email:1", "user@b:1 email:1"], ["user:1 email:1", "user@b:1 email:1"]),
    "one phone in two sources' records": (["crm:1 phone:1", "crm@b:1 phone:1"], []),
}
KINDS = {"user": "user_id", "anon": "anonymous_id", "crm": "crm_id", "email": "email", "phone": "phone"}


def test_links_that_are_followed(spark):
    links, identifiers = set(), set()
    for world, (pairs, _) in WORLDS.items():
        for pair in pairs:
            ends = sorted(f"{world}/{end}" for end in pair.split())
            links.add((*ends, "rule", "evidence", datetime(2026, 1, 5)))
            for end in pair.split():
                kind, _, source = end.split(":")[0].partition("@")
                shared_kind = kind in ("email", "phone")
                identifiers.add((f"{world}/{end}", KINDS[kind], None if shared_kind else source or "a"))
    weighed = weigh(
        spark.createDataFrame(
            sorted(links), "identifier_id_a string, identifier_id_b string, rule string, evidence string, first_seen_at timestamp"
        ),
        spark.createDataFrame(sorted(identifiers, key=str), "identifier_id string, kind string, source string"),
    ).collect()
    assert len(weighed) == len(links), "the guard drops no evidence"
    followed = {(row["identifier_id_a"], row["identifier_id_b"]) for row in weighed if row["weight"] > 0}
    for world, (_, expected) in WORLDS.items():
        wanted = {tuple(sorted(f"{world}/{end}" for end in pair.split())) for pair in expected}
        assert {pair for pair in followed if pair[0].startswith(f"{world}/")} == wanted, world
