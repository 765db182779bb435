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
    Survivor,
    load,
    parse,
    priorities_model,
    rules_model,
    write_rules,
)

SHIPPED = yaml.safe_load((PROJECT / POLICY).read_text())["fields"]


def changed(**fields) -> dict:
    """The shipped policy with other rules for some fields; None takes a field out."""
    return {"fields": {name: said for name, said in (SHIPPED | fields).items() if said is not None}}


def test_the_shipped_policy():
    policy = {one.field: one for one in load(PROJECT / POLICY)}
    assert tuple(policy) == FIELDS
    assert policy["country"].priority == ("order", "record", "event", "other_line")
    assert (policy["city"].rule, policy["city"].comes_with) == ("most_recent", "address_line")
    assert all(one.reason.endswith(".") for one in policy.values())


def test_what_comes_with_a_field_is_chosen_by_its_rule():
    street = {"rule": "source_priority", "priority": ["sample_shop", "record"], "reason": "r"}
    policy = {one.field: one for one in parse(changed(address_line=street), "x")}
    assert policy["city"] == Survivor(
        "city", "source_priority", SHIPPED["city"]["reason"], ("sample_shop", "record"), "address_line"
    )


@pytest.mark.parametrize(
    ("document", "said"),
    [
        pytest.param([], "x: wanted a mapping with the one key `fields`", id="not a mapping"),
        pytest.param(
            {**changed(), "field": {}}, "wanted a mapping with the one key `fields`", id="another key"
        ),
        pytest.param(
            changed(emial={}),
            "x: unknown field 'emial' (did you mean 'email'?); allowed: first_name",
            id="a field",
        ),
        pytest.param(
            changed(email=None, city=None),
            "x: no rule for email, city; each of first_name",
            id="fields left out",
        ),
        pytest.param(
            changed(email={"rule": "majority", "reason": "r"}),
            "x: email: unknown rule 'majority'; allowed: most_recent, first_seen, most_frequent,"
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
            "unknown rule ['longest']",
            id="a list for a rule",
        ),
        pytest.param(changed(email={"reason": "r"}), "unknown rule None", id="no rule"),
        pytest.param(
            changed(email="longest"),
            "x: email: is 'longest'; wanted a mapping with rule and reason",
            id="a word alone",
        ),
        pytest.param(
            changed(email={"rule": "longest", "why": "r"}), "unknown key 'why'", id="another key of a field"
        ),
        pytest.param(
            changed(email={"rule": "longest"}), "email: reason is None; wanted a sentence", id="no reason"
        ),
        pytest.param(
            changed(email={"rule": "longest", "reason": "{{ x }}"}),
            "wanted a sentence without {{",
            id="Jinja",
        ),
        pytest.param(
            changed(email={"rule": "longest", "priority": ["record"], "reason": "r"}),
            "priority is for source_priority, and the rule is longest",
            id="a list with another rule",
        ),
        pytest.param(
            changed(country={"rule": "source_priority", "reason": "r"}),
            "source_priority needs priority, a list of order, record, event, other_line, online_retail,"
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
            "country: order stands twice in priority",
            id="a feed twice",
        ),
        pytest.param(
            changed(city={"comes_with": "address_line", "rule": "longest", "reason": "r"}),
            "comes_with stands beside rule or priority",
            id="both",
        ),
        pytest.param(
            changed(city={"comes_with": "postcode", "reason": "r"}),
            "city: comes_with is 'postcode'; allowed: a field of the same record with its own rule,"
            " first_name, last_name, email",
            id="with one that comes with another",
        ),
        pytest.param(
            changed(city={"comes_with": ["email"], "reason": "r"}),
            "comes_with is ['email']",
            id="with a list",
        ),
        pytest.param(
            changed(city={"comes_with": "country", "reason": "r"}),
            "comes_with is 'country'",
            id="with what orders say too",
        ),
        pytest.param(
            changed(country={"comes_with": "email", "reason": "r"}),
            "country: comes with none",
            id="what orders say too",
        ),
    ],
)
def test_what_is_not_understood_is_refused(document, said):
    with pytest.raises(PolicyError) as refused:
        parse(document, "x")
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
        write_rules(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ([POLICY] if text else [])


def test_generated_models_say_what_the_policy_says():
    reason = "The shop's till knows it."
    first = {"rule": "source_priority", "priority": ["sample_shop", "record"], "reason": reason}
    policy = parse(changed(first_name=first), "x")
    with duckdb.connect() as warehouse:
        rules = {row[0]: row[1:] for row in warehouse.execute(rules_model(policy)).fetchall()}
        priorities = warehouse.execute(priorities_model(policy)).fetchall()
        none = warehouse.execute(priorities_model([one for one in policy if not one.priority])).fetchall()
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
