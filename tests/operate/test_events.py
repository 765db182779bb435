"""`make events`: a version that would break a client or a column is refused, with who uses the field."""

import json
import shutil

import pytest

from expectations.contracts.event_format import FOLDER
from operate import events
from operate.field_lineage import find_segments, find_uses, parse_model, read_models


@pytest.fixture
def folder(tmp_path):
    """The declarations as they are, to be changed."""
    return shutil.copytree(FOLDER, tmp_path / "events")


@pytest.fixture
def check(folder, capsys):
    def run(*argv):
        code = events.main(list(argv), folder)
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def write_version(folder, slug, version, change):
    document = json.loads((folder / slug / "1.json").read_text())
    change(document)
    (folder / slug / f"{version}.json").write_text(json.dumps(document))


def test_the_declarations_are_registered(check):
    assert check() == (0, "10 declarations, all registered.\n")


def test_an_optional_field_is_registered(folder, check):
    write_version(
        folder, "product_viewed", 2, lambda new: new["properties"].update(colour={"type": "string"})
    )
    assert check() == (1, "product_viewed/2: not registered; `make events REGISTER=1`\n")
    assert check("--register") == (0, "1 new versions are registered.\n")
    assert check()[0] == 0


def test_a_field_that_is_gone_is_named_with_its_users(folder, check):
    write_version(folder, "product_viewed", 2, lambda new: new["properties"].pop("product_id"))
    code, said = check("--register")
    assert code == 1
    assert said.startswith("product_viewed/2: product_id is gone (core_events.item_id: dbt models ")
    assert "fct_interactions" in said and "fct_order_lines" in said
    assert check()[0] == 1, "nothing was registered"


def test_an_event_that_counts_as_another_is_named_with_its_segments(folder, check):
    write_version(folder, "product_viewed", 2, lambda new: new.update({"x-event-type": "click"}))
    assert "segments " in check()[1] and "window_shoppers" in check()[1]


def test_a_registered_version_stays_as_it_is(folder, check):
    write_version(folder, "cart_viewed", 1, lambda new: new["properties"].update(x={}))
    assert check() == (1, "cart_viewed/1 is registered and was changed: make it cart_viewed/2 instead\n")
    shutil.rmtree(folder / "cart_viewed")
    assert check() == (1, "cart_viewed/1 is registered and gone: clients send it still\n")


def test_versions_are_counted_from_one(folder, check):
    write_version(folder, "cart_viewed", 3, lambda new: None)
    assert check() == (1, "cart_viewed has the versions 1, 3: count from 1\n")


MODELS = {
    "stg": "with source as (select * from {{ source('lake', 'core') }}) select id, price as cost from source",
    "int_sums": "with a as (select * from {{ ref('stg') }}), b as (select id, sum(a.cost) as total from a"
    " group by id) select * from b",
    "passed_on": "select * from {{ ref('int_sums') }}",
    "asked": "with s as (select * from {{ ref('passed_on') }}) select id from s where total > 5",
    "other": "select id from {{ ref('passed_on') }} union all select price from {{ ref('elsewhere') }}",
    "joined": "select x.id, e.total from {{ ref('passed_on') }} as x join {{ ref('elsewhere') }} as e"
    " on x.id = e.id",
    "made": "select {{ to_utc('total') }} as t from {{ ref('passed_on') }} {{ union_all() }} select",
}


def test_a_column_is_followed_by_its_names():
    """Independently of dbt: which of these models name the price, or what was made of it."""
    models = {name: parse_model(text) for name, text in MODELS.items()}
    uses = find_uses(models, "core", "price")
    assert set(uses) == {"stg", "int_sums", "asked", "made"}
    assert (uses["stg"], uses["int_sums"], uses["asked"]) == ({"cost"}, {"total"}, set())


def test_every_segment_rests_on_something():
    """A negative control of the above: columns that no rule looks at reach no segment."""
    models = read_models()
    assert find_segments(find_uses(models, "core_events", "referrer")) == []
    assert find_segments({"int_segment_inputs": frozenset({"n_views_30d"})}) == ["window_shoppers"]


def test_rules_over_events_rest_on_what_their_events_hold(tmp_path):
    """A sequence of one item, a count of views at night, and a field."""
    head = "segment_id: {0}\nname: Some\nkind: rule\ndescription: Some.\nmembers: {1}\n"
    for name, rule in (
        ("came_back", "{sequence: [{event: view}, {event: cart, same: item_id}]}"),
        ("at_night", '{count: view, where: {local_time: ["20:00", "24:00"]}, op: ">", value: 3}'),
        ("buyers", '{field: n_orders, op: ">", value: 0}'),
        ("broken", "{count: vew}"),
    ):
        (tmp_path / f"{name}.yml").write_text(head.format(name, rule))
    models = read_models()
    for column, found in (
        ("event_type", ["at_night", "buyers", "came_back"]),
        ("item_id", ["came_back"]),
        ("local_minute", ["at_night"]),
        ("campaign", []),
    ):
        assert find_segments(find_uses(models, "core_events", column), tmp_path) == found, column
