"""Which value wins in a profile: one small lake under two policies, every value worked out by hand from the
rows of `survivorship_rows.py`.
"""

import shutil
from datetime import date

import duckdb
import pytest
import yaml

from expectations.contracts.lake import (
    CORE_EVENTS,
    CORE_IDENTIFIERS,
    CORE_IDENTITIES,
    CORE_ORDER_LINES,
    CORE_PEOPLE,
)
from spark_jobs.warehouse.build_inputs import prepare_build
from spark_jobs.warehouse.dbt import PROJECT
from spark_jobs.warehouse.survivorship import POLICY, PolicyError
from tests.dbt_project.survivorship_rows import (
    BY_OTHER,
    EVENTS,
    LINES,
    OWNERS,
    PEOPLE,
    SHIPPED,
    at,
)

LAST = date(2026, 1, 10)
OTHER = {
    "first_name": {"rule": "most_frequent"},
    "last_name": {"rule": "longest"},
    "email": {"rule": "first_seen"},
    "phone": {"rule": "source_priority", "priority": ["sample_shop"]},
    "address_line": {"rule": "source_priority", "priority": ["sample_shop", "online_retail"]},
    "birth_date": {"rule": "most_recent"},
    "country": {"rule": "most_frequent"},
}
ASKED = (
    "--exclude-resource-type",
    "test",
    "unit_test",
    "--select",
    "+dim_customer_contacts +rpt_customer_conflicts +dim_customers int_build__reads",
)


def policy(project, **changed) -> None:
    """Give a project the shipped policy with other rules for some fields."""
    fields = yaml.safe_load((PROJECT / POLICY).read_text())["fields"]
    fields |= {name: {**rule, "reason": "To see what changes."} for name, rule in changed.items()}
    (project / POLICY).write_text(yaml.safe_dump({"fields": fields}))


@pytest.fixture(scope="module")
def home(new_home):
    """A home whose lake holds the rows above."""
    home = new_home("survivorship")
    identifiers = [
        {
            "identifier_id": one,
            "kind": "user_id" if one in ("i_ann", "i_bob") else "anonymous_id",
            "value_normalised": one,
            "first_seen_at": at(1),
        }
        for one in OWNERS
    ]
    owned = [{"identifier_id": one, "customer_id": whose} for one, whose in OWNERS.items()]
    for table, rows in (
        (CORE_PEOPLE, PEOPLE),
        (CORE_EVENTS, EVENTS),
        (CORE_ORDER_LINES, LINES),
        (CORE_IDENTITIES, owned),
        (CORE_IDENTIFIERS, identifiers),
    ):
        home.lake.append_rows([{**dict.fromkeys(table.columns), **row} for row in rows], table)
    return home


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project, which builds read instead of it."""
    copy = tmp_path_factory.mktemp("project") / "dbt_project"
    shutil.copytree(PROJECT, copy, ignore=shutil.ignore_patterns("target", "logs", "generated"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("spark_jobs.warehouse.dbt.PROJECT", copy)
        patch.setattr("spark_jobs.warehouse.build_inputs.ROOT", copy.parent)
        yield copy


@pytest.fixture(scope="module")
def built(home, project):
    """The warehouse of each policy, asked by SQL."""
    files = {}
    for name, changed in (("shipped", {}), ("other", OTHER)):
        policy(project, **changed)
        files[name] = home.build(name, LAST, *ASKED)
    connections = {name: duckdb.connect(str(file), read_only=True) for name, file in files.items()}
    yield lambda name, query: connections[name].execute(query).fetchall()
    for connection in connections.values():
        connection.close()


def values(ask, name: str) -> dict:
    rows = ask(
        name,
        "select customer_id, field, value, evidence, day(said_at), n_values, n_said, n_agreeing from"
        " dim_customer_values",
    )
    return {row[:2]: row[2:] for row in rows}


# Over 10 s: two builds by dbt, one for each policy, which the other tests here look at too.
def test_every_value_is_that_of_its_rule(built):
    assert values(built, "shipped") == SHIPPED


def test_another_policy_is_another_value_everywhere(built):
    assert values(built, "other") == BY_OTHER
    unchanged = {key for key in SHIPPED if SHIPPED[key] == BY_OTHER[key] and key[0] != "dan"}
    assert unchanged == {("bob", "first_name")}, "a rule that changes nothing here is not tested here"


def test_contacts_are_the_values_side_by_side(built):
    query = (
        "select first_name, last_name, email, phone, address_line, city, postcode, birth_date, source,"
        " day(updated_at), n_records from dim_customer_contacts order by customer_id"
    )
    newest, bob = ("sample_shop", 9, 3), ("Bob", *[None] * 7, "sample_shop", 1, 1)
    dan = ("Dan", None, "dan@x.example", "+49 30 7", *[None] * 4, "sample_shop", 8, 2)
    shipped = (
        "Anna Maria",
        "Oak",
        "ann@x.example",
        "+49 30 1",
        "Hill 2",
        "Bonn",
        None,
        date(1980, 1, 2),
        *newest,
    )
    other = ("Ann", "Oak-Ash", "Ann@X.example ", "0301", "Dell 1", "Ulm", "89073", date(1980, 2, 1), *newest)
    assert built("shipped", query) == [shipped, bob, dan]
    assert built("other", query) == [other, bob, dan]


def test_customers_say_whence_their_country_is(built):
    query = (
        "select country, country_source, country_feed, day(country_said_at) from dim_customers order by"
        " customer_id"
    )
    dan = ("Cuba", "sample_shop", "record", 8)
    assert built("shipped", query) == [
        ("Malta", "sample_shop", "order", 3),
        ("Spain", "sample_shop", "record", 1),
        ("Malta", "sample_shop", "event", 9),
        dan,
    ]
    assert built("other", query) == [
        ("Spain", "online_retail", "record", 5),
        (" spain", "sample_shop", "event", 2),
        ("Spain", "sample_shop", "event", 8),
        dan,
    ]


def test_conflicts_are_listed_without_the_values(built):
    for name, expected in (("shipped", SHIPPED), ("other", BY_OTHER)):
        rows = built(
            name, "select customer_id, field, n_values, n_said, n_agreeing from rpt_customer_conflicts"
        )
        assert {row[:2]: row[2:] for row in rows} == {
            key: said[3:] for key, said in expected.items() if said[3] > 1
        }
    report = built("shipped", "select * from rpt_customer_conflicts")
    said = {
        text
        for row in PEOPLE
        for name, text in row.items()
        if name in ("first_name", "last_name", "email", "phone", "city")
    }
    assert not said & {value for row in report for value in row}
    assert built(
        "shipped",
        "select said_by from rpt_customer_conflicts where customer_id = 'ann' and field = 'country'",
    ) == [("online_retail/record, sample_shop/event, sample_shop/order, sample_shop/record",)]


# Over 10 s: two builds by dbt, since the second is to be built upon the first.
def test_another_policy_is_built_upon_the_night_before(home, project):
    """Nothing has landed in between, so nothing but the policy can have changed a value."""
    policy(project)
    home.publish("policy-1", home.build("policy-1", LAST, *ASKED))
    policy(project, **OTHER)
    beginning = prepare_build(home.night("policy-2", LAST), home.lake)
    assert beginning.dbt_inputs["changed_days"] == {
        "core_events": [],
        "core_impressions": [],
        "core_order_lines": [],
    }
    file = home.build("policy-2", LAST, *ASKED)
    (home.root / "published.json").unlink()
    with duckdb.connect(str(file), read_only=True) as warehouse:
        assert values(lambda _, query: warehouse.execute(query).fetchall(), "") == BY_OTHER


def test_a_policy_that_is_none_builds_nothing(built, home, project):
    before = sorted((home.root / "warehouse" / "builds").iterdir())
    policy(project, email={"rule": "newest_one"})
    with pytest.raises(
        PolicyError, match=r"survivorship.yml: fields.email.rule is 'newest_one'.*allowed: most_recent"
    ):
        home.build("refused", LAST, *ASKED)
    assert sorted((home.root / "warehouse" / "builds").iterdir()) == before
