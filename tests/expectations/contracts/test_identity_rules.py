"""The rules file: what it blocks, and what it says when somebody slips."""

import copy
import re
import time

import pytest
import yaml

from expectations.contracts.identity_rules import (
    FILE,
    IdentityRulesError,
    is_blocked_value,
    load_identity_rules,
    parse_identity_rules,
)

RULES = load_identity_rules()
NOBODY = {
    "user_id": [
        "null",
        "NULL",
        "undefined",
        "-1",
        "0",
        "000-000",
        "anonymous",
        "test",
        "NaN",
        "n/a",
        "[object Object]",
        "[object Window]",
        "true",
        "False",
        "not_authenticated",
        "not logged in",
        "guest",
        "email",
        "id",
        "userId",
        "customer_id",
        "{{customer.id}}",
        "{{ customer.id }}",
        "{% user %}",
        "{user_id}",
        "%%USER_ID%%",
        "%USER%",
        "${user.id}",
        "#{id}",
        "<user id>",
        "[[id]]",
        "*|UNIQID|*",
    ],
    "anonymous_id": [
        "00000000-0000-0000-0000-000000000000",
        "(not set)",
        "-",
        "",
        "{{anonymous_id}}",
        "true",
    ],
    "email": [
        "test@test.com",
        "noreply@shop.example",
        "no-email@x.org",
        "anna",
        "a@b@c.de",
        "@x.de",
        "test12@x.de",
        "a b@x.de",
    ],
    "phone": ["+490000000", "000000000", "99999999", "12345", "+4911111111"],
}
SOMEBODY = {
    "user_id": [
        "1",
        "10",
        "U-1000",
        "nullmann",
        "testa",
        "guest42x",
        "trueman",
        "idris",
        "emailia",
        "50%",
        "a{b}c",
        "<3 ada",
    ],
    "anonymous_id": [
        "6f9619ff-8b86-4011-b42d-00c04fc964ff",
        "1.2.3",
        "{6F9619FF-8B86-4011-B42D-00C04FC964FF}",
    ],
    "email": ["anna.test@x.de", "testa.rossa@x.it", "nobodyknows@x.de", "max@null.example", "ab@x.de"],
    "phone": ["+491511234567", "0151123456", "+4915100000123", "03069001"],
}


@pytest.mark.parametrize(
    ("kind", "value"), [(kind, value) for kind, values in NOBODY.items() for value in values]
)
def test_nobody_stands_behind(kind, value):
    assert is_blocked_value(kind, value, RULES.blocked)


@pytest.mark.parametrize(
    ("kind", "value"), [(kind, value) for kind, values in SOMEBODY.items() for value in values]
)
def test_somebody_stands_behind(kind, value):
    assert not is_blocked_value(kind, value, RULES.blocked)


@pytest.mark.parametrize("part", ["@", "{{", "%%", "<", "0", "a ", "\u00a0", "-"])
def test_a_long_value_is_judged_in_proportion_to_its_length(part):
    """Ids are bounded at ingest; a pattern that tries each pair of marks would still be felt on a million of
    them.
    """
    once, twice = (f"x{part * n}x" for n in (20_000, 40_000))
    took = [min(seconds(value) for _ in range(3)) for value in (once, twice)]
    assert took[1] <= 3 * took[0] + 0.002


def seconds(value: str) -> float:
    """CPU time of asking every rule."""
    began = time.thread_time()
    is_blocked_value("email", value, RULES.blocked)
    is_blocked_value("phone", value, RULES.blocked)
    return time.thread_time() - began


def test_every_rule_gives_a_reason():
    assert all(
        len(rule.reason) > 20 for rules in (RULES.blocked, RULES.shared, RULES.limits) for rule in rules
    )


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda raw: raw.pop("giant"), "rules.yml: giant missing; needed are blocked, shared, limits,"),
        (lambda raw: raw.update(extra=1), "rules.yml: unknown key 'extra'; allowed: blocked, shared,"),
        (
            lambda raw: raw["blocked"][0].pop("reason"),
            "blocked/words_for_nothing: reason missing; needed are id, kinds, pattern, reason",
        ),
        (
            lambda raw: raw["blocked"][0].update(kinds=["e-mail"]),
            "blocked/words_for_nothing: kinds[1] is 'e-mail' (did you mean 'email'?); allowed: user_id,",
        ),
        (lambda raw: raw["blocked"][0].update(kinds=[]), "blocked/words_for_nothing: kinds is []; wanted"),
        (lambda raw: raw["blocked"][0].update(pattern="("), "pattern: '(' is no regular expression: missing"),
        (
            lambda raw: raw["blocked"][1].update(id="words_for_nothing"),
            "blocked: two rules are called words_for_nothing; wanted an id of its own for each",
        ),
        (
            lambda raw: raw["shared"][0].update(of="friends"),
            "shared/contact_of_two_users: of is 'friends'; allowed: user_id, person_record, holder",
        ),
        (lambda raw: raw["shared"][0].update(at_most=0), "at_most is 0; wanted greater than or equal to 1"),
        (lambda raw: raw["shared"][0].update(at_most=True), "at_most is True; wanted a valid integer"),
        (lambda raw: raw["limits"].pop(), "limits: wanted each kind once: user_id,"),
        (lambda raw: raw["limits"][0].update(priority=2), "limits: wanted a priority of its own"),
        (
            lambda raw: raw["limits"][0].update(within_weeks=2),
            "limits/user_id: unknown key 'within_weeks' (did you mean 'within_days'?); allowed: kind,",
        ),
        (
            lambda raw: raw["likeness"].update(review=0.9),
            "likeness: review is 0.9 and link 0.67; wanted review <= link",
        ),
        (lambda raw: raw.update(giant="many"), "giant is 'many'; wanted a valid integer"),
        (lambda raw: raw.update(giant=1), "giant is 1; wanted greater than 1"),
        (lambda raw: raw["blocked"].append("null"), "blocked/null: is str; wanted a mapping with id, kinds,"),
        (lambda raw: raw["blocked"][0].update(pattern=0), "pattern is 0; wanted a valid string"),
        (lambda raw: raw["blocked"][0].update(reason=None), "reason is None; wanted a valid string"),
        (lambda raw: raw["blocked"][0].update(reason=" "), "reason: is blank; wanted the reason of the rule"),
        (
            lambda raw: raw["shared"][0].update(id="phone_of_2"),
            "shared/phone_of_2: id: 'phone_of_2' has other characters than small letters and underscores",
        ),
        (lambda raw: raw.update(blocked=None), "blocked is None; wanted a valid tuple"),
        (lambda raw: raw["likeness"].update(link="high"), "likeness.link is 'high'; wanted a valid number"),
        (
            lambda raw: raw["likeness"].update(too_common={"shoe_size": 20}),
            "likeness: too_common names shoe_size; allowed: columns of core_people",
        ),
    ],
)
def test_a_slip_is_named(spoil, says):
    raw = copy.deepcopy(yaml.safe_load(FILE.read_text()))
    spoil(raw)
    with pytest.raises(IdentityRulesError, match=re.escape(says)):
        parse_identity_rules(raw)
