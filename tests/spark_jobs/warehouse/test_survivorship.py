"""A policy is understood or refused with a sentence that says what is allowed; the shipped one is written as
it reads.
"""

import duckdb
import pytest
import yaml

from spark_jobs.warehouse.dbt import PROJECT
from spark_jobs.warehouse.survivorship import (
    FIELDS,
    POLICY,
    PolicyError,
    SurvivorshipRule,
    format_priorities_model,
    format_rules_model,
    load_policy,
    parse_policy,
    write_policy_models,
)

SHIPPED = yaml.safe_load((PROJECT / POLICY).read_text())["fields"]


def changed(**fields) -> dict:
    """The shipped policy with other rules for some fields; None takes a field out."""
    return {"fields": {name: said for name, said in (SHIPPED | fields).items() if said is not None}}


def test_the_shipped_policy():
    policy = {one.field: one for one in load_policy(PROJECT / POLICY)}
    assert tuple(policy) == FIELDS
    assert policy["country"].priority == ("order", "record", "event", "other_line")
    assert (policy["city"].rule, policy["city"].comes_with) == ("most_recent", "address_line")
    assert all(one.reason.endswith(".") for one in policy.values())


def test_what_comes_with_a_field_is_chosen_by_its_rule():
    street = {"rule": "source_priority", "priority": ["sample_shop", "record"], "reason": "r"}
    policy = {one.field: one for one in parse_policy(changed(address_line=street), "x")}
    assert policy["city"] == SurvivorshipRule(
        "city", "source_priority", SHIPPED["city"]["reason"], ("sample_shop", "record"), "address_line"
    )


@pytest.mark.parametrize(
    ("document", "said"),
    [
        pytest.param([], "x: is list; wanted a mapping with fields", id="not a mapping"),
        pytest.param(
            {**changed(), "field": {}},
            "x: unknown key 'field' (did you mean 'fields'?); allowed: fields",
            id="another key",
        ),
        pytest.param(
            changed(emial={}),
            "x: fields: unknown key 'emial' (did you mean 'email'?); allowed: first_name",
            id="a field",
        ),
        pytest.param(
            changed(email=None, city=None),
            "x: fields: email, city missing; needed are first_name",
            id="fields left out",
        ),
        pytest.param(
            changed(email={"rule": "majority", "reason": "r"}),
            "x: fields.email.rule is 'majority'; allowed: most_recent, first_seen, most_frequent,"
            " source_priority, longest",
            id="a rule",
        ),
        pytest.param(
            changed(email={"rule": "most_recnt", "reason": "r"}),
            "(did you mean 'most_recent'?)",
            id="a rule misspelt",
        ),
        pytest.param(
            changed(email={"rule": ["longest"], "reason": "r"}),
            "x: fields.email.rule is ['longest'] (did you mean 'longest'?); allowed: most_recent",
            id="a list for a rule",
        ),
        pytest.param(
            changed(email={"reason": "r"}), "x: fields.email: no rule; allowed: most_recent", id="no rule"
        ),
        pytest.param(
            changed(email="longest"),
            "x: fields.email is 'longest'; wanted a valid dictionary",
            id="a word alone",
        ),
        pytest.param(
            changed(email={"rule": "longest", "why": "r"}),
            "x: fields.email: unknown key 'why'; allowed: rule, priority, comes_with, reason",
            id="another key of a field",
        ),
        pytest.param(
            changed(email={"rule": "longest"}),
            "x: fields.email: reason missing; needed are reason",
            id="no reason",
        ),
        pytest.param(
            changed(email={"rule": "longest", "reason": "{{ x }}"}),
            "x: fields.email.reason: '{{ x }}' contains {{; allowed: any text without {{",
            id="Jinja",
        ),
        pytest.param(
            changed(email={"rule": "longest", "priority": ["record"], "reason": "r"}),
            "priority is for source_priority, and the rule is longest",
            id="a list with another rule",
        ),
        pytest.param(
            changed(country={"rule": "source_priority", "reason": "r"}),
            "source_priority needs priority, a list of order, record, event, other_line, live, online_retail,"
            " sample_shop, serving",
            id="no list",
        ),
        pytest.param(
            changed(country={"rule": "source_priority", "priority": ["orders"], "reason": "r"}),
            "unknown source or feed 'orders' (did you mean 'order'?); allowed: order",
            id="a feed misspelt",
        ),
        pytest.param(
            changed(
                country={"rule": "source_priority", "priority": ["order", "event", "order"], "reason": "r"}
            ),
            "x: fields.country.priority: order stands twice",
            id="a feed twice",
        ),
        pytest.param(
            changed(city={"comes_with": "address_line", "rule": "longest", "reason": "r"}),
            "comes_with stands beside rule or priority",
            id="both",
        ),
        pytest.param(
            changed(city={"comes_with": "postcode", "reason": "r"}),
            "x: fields.city: comes_with is 'postcode'; allowed: a field of the same record with its own rule,"
            " first_name, last_name, email",
            id="with one that comes with another",
        ),
        pytest.param(
            changed(city={"comes_with": ["email"], "reason": "r"}),
            "x: fields.city.comes_with is ['email']; wanted a valid string",
            id="with a list",
        ),
        pytest.param(
            changed(city={"comes_with": "country", "reason": "r"}),
            "comes_with is 'country'",
            id="with what orders say too",
        ),
        pytest.param(
            changed(country={"comes_with": "email", "reason": "r"}),
            "x: fields.country: comes with none",
            id="what orders say too",
        ),
    ],
)
def test_what_is_not_understood_is_refused(document, said):
    with pytest.raises(PolicyError) as refused:
        parse_policy(document, "x")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("fields: [", "survivorship.yml: cannot be read as YAML", id="no YAML"),
        pytest.param(None, "survivorship.yml: there is none beside dbt_project.yml", id="no file"),
    ],
)
def test_a_file_that_is_none_writes_nothing(tmp_path, text, said):
    if text is not None:
        (tmp_path / POLICY).write_text(text)
    with pytest.raises(PolicyError, match=said):
        write_policy_models(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ([POLICY] if text else [])


def test_generated_models_say_what_the_policy_says():
    reason = "The shop's till knows it."
    first = {"rule": "source_priority", "priority": ["sample_shop", "record"], "reason": reason}
    policy = parse_policy(changed(first_name=first), "x")
    with duckdb.connect() as warehouse:
        rules = {row[0]: row[1:] for row in warehouse.execute(format_rules_model(policy)).fetchall()}
        priorities = warehouse.execute(format_priorities_model(policy)).fetchall()
        none = warehouse.execute(
            format_priorities_model([one for one in policy if not one.priority])
        ).fetchall()
    assert tuple(rules) == FIELDS
    assert rules["first_name"] == ("source_priority", None, reason)
    assert rules["postcode"][:2] == ("most_recent", "address_line")
    assert priorities == [
        ("first_name", "sample_shop", 1),
        ("first_name", "record", 2),
        ("country", "order", 1),
        ("country", "record", 2),
        ("country", "event", 3),
        ("country", "other_line", 4),
    ]
    assert none == []
