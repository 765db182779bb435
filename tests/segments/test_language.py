"""Definitions are understood or refused with a sentence; the shipped ones split buyers without gap or
overlap.
"""

from itertools import product
from math import inf, nan
from pathlib import Path

import pytest
import yaml

from segments.fields import FIELDS
from segments.language import Condition, Group, SegmentError, load_segments, parse_segment
from segments.to_sql import DEFINITIONS

GOOD = {
    "segment_id": "lapsed",
    "name": "Lapsed",
    "kind": "rule",
    "description": "Gone.",
    "members": {"field": "n_orders", "op": ">=", "value": 1},
}


def with_members(members) -> dict:
    return {**GOOD, "members": members}


def one(field, op, value) -> dict:
    return with_members({"field": field, "op": op, "value": value})


def test_rules_nest():
    nested = {"all": [{"field": "n_orders", "op": ">", "value": 2}, {"not": {"any": [GOOD["members"]]}}]}
    assert parse_segment(with_members(nested), "x").members == Group(
        "all",
        (Condition("n_orders", ">", 2), Group("not", (Group("any", (Condition("n_orders", ">=", 1),)),))),
    )


@pytest.mark.parametrize(
    ("document", "said"),
    [
        pytest.param([], "wanted a mapping with segment_id", id="not a mapping"),
        pytest.param(
            {**GOOD, "member": {}}, "unknown key 'member' (did you mean 'members'?)", id="a key misspelt"
        ),
        pytest.param({**GOOD, "name": " "}, "name: is empty; wanted text", id="no name"),
        pytest.param(
            {"segment_id": "lapsed", "kind": "rule", "members": {}},
            "name, description missing; needed are segment_id, name, kind, description, members",
            id="keys left out",
        ),
        pytest.param({**GOOD, "kind": "list"}, "kind is 'list'; allowed: rfm, rule", id="an unknown kind"),
        pytest.param(
            {**GOOD, "segment_id": "Lap sed"}, "allowed: small letters, digits and underscores", id="no id"
        ),
        pytest.param(one("n_order", "=", 1), "did you mean 'n_orders'?", id="a field misspelt"),
        pytest.param(one("n_orders", "==", 1), "unknown op '=='; allowed: =", id="an op"),
        pytest.param(one("n_orders", ">", "1"), "takes a number", id="a text for a number"),
        pytest.param(one("n_orders", "=", True), "takes a number", id="a truth value"),
        pytest.param(one("has_open_cart", ">", 1), "true or false", id="a boolean compared"),
        pytest.param(one("n_orders", "between", [3, 1]), "[low, high]", id="ends reversed"),
        pytest.param(one("n_orders", "in", []), "a list of numbers", id="an empty list"),
        pytest.param(
            with_members({"all": []}), "members.all: needs a list of at least one rule", id="no rule inside"
        ),
        pytest.param(
            with_members({"any": [{"all": 3}]}), "members.any[1].all: needs a list", id="where it is, nested"
        ),
        pytest.param(
            with_members({"all": [GOOD["members"]], "any": [GOOD["members"]]}),
            "stand side by side",
            id="two joined",
        ),
        pytest.param(
            one(["n_orders"], "=", 1),
            "unknown field ['n_orders'] (did you mean 'n_orders'?)",
            id="a list for a field",
        ),
        pytest.param(
            one({"n_orders": 1}, "=", 1), "unknown field {'n_orders': 1} (did", id="a mapping for a field"
        ),
        pytest.param(one("n_orders", ["="], 1), "unknown op ['=']; allowed: =", id="a list for an op"),
        pytest.param(one("n_orders", ">", nan), "takes a number, finite", id="not a number"),
        pytest.param(one("n_orders", "<", inf), "takes a number, finite", id="no end"),
        pytest.param(one("n_orders", "in", [1, -inf]), "a list of numbers, finite", id="no end in a list"),
        pytest.param(
            one("n_orders", "between", [0, inf]), "both ends included, finite", id="no end of a range"
        ),
        pytest.param(
            one("n_orders", "<", 10**400), "finite and below 10^18", id="a number no warehouse holds"
        ),
        pytest.param(one("n_orders", "=", "{{ 1 }}"), "takes a number", id="Jinja for a number"),
        pytest.param(
            {**GOOD, "name": "{{ env_var('HOME') }}"},
            "name: \"{{ env_var('HOME') }}\" contains {{;",
            id="Jinja",
        ),
        pytest.param({**GOOD, "name": "{% raw %}"}, "name: '{% raw %}' contains {%;", id="a Jinja tag"),
        pytest.param(
            {**GOOD, "description": "Gone {# for good"},
            "allowed: any text without {{ {% {# \\",
            id="a Jinja comment",
        ),
        pytest.param(
            {**GOOD, "description": "Gone\\' or 1"},
            "contains \\;",
            id="a backslash, which escapes on Snowflake",
        ),
        pytest.param(
            {**GOOD, "name": ["Lapsed"]}, "name: is ['Lapsed'], list; wanted text", id="a list for a name"
        ),
        pytest.param(
            {**GOOD, "description": True},
            "description: is True, bool; wanted text, in quotes",
            id="yes for a text",
        ),
    ],
)
def test_what_cannot_be_understood_is_refused_with_a_sentence(document, said):
    with pytest.raises(SegmentError) as refused:
        parse_segment(document, "lapsed.yml")
    assert str(refused.value).startswith("lapsed.yml")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"segment_id: [lapsed", id="a bracket left open"),
        pytest.param(b"name: Lapsed: gone", id="a colon too many"),
        pytest.param(b"name: !!python/object:os.system {}", id="a tag"),
        pytest.param(b"name: 2026-13-41", id="a date that is none"),
        pytest.param("name: Entwöhnte".encode("latin-1"), id="not UTF-8"),
        pytest.param(b"[" * 5000, id="nested without end"),
    ],
)
def test_what_is_not_yaml_is_refused_with_a_sentence(tmp_path: Path, content):
    (tmp_path / "lapsed.yml").write_bytes(content)
    with pytest.raises(SegmentError, match=r"^lapsed\.yml: cannot be read as YAML: "):
        load_segments(tmp_path)


def test_a_rule_that_holds_itself_is_refused_with_a_sentence(tmp_path: Path):
    (tmp_path / "lapsed.yml").write_text(
        yaml.safe_dump({**GOOD, "members": None}).replace("members: null", "members: &it {not: *it}")
    )
    with pytest.raises(SegmentError, match=r"^lapsed\.yml: members: rules nest too deep"):
        load_segments(tmp_path)


def test_a_brace_and_every_other_letter_are_text():
    assert (
        parse_segment({**GOOD, "name": "Who's {lapsed} }} 100 % #1 – été"}, "x").name
        == "Who's {lapsed} }} 100 % #1 – été"
    )


def test_a_file_is_called_after_its_segment(tmp_path: Path):
    (tmp_path / "other.yml").write_text(yaml.safe_dump(GOOD))
    with pytest.raises(SegmentError, match=r"the file of that segment is lapsed\.yml"):
        load_segments(tmp_path)


def test_a_folder_without_definitions_is_an_error(tmp_path: Path):
    with pytest.raises(SegmentError, match="no segment definitions"):
        load_segments(tmp_path)


def test_there_are_rfm_segments_and_at_least_eight_by_rule():
    segments = load_segments(DEFINITIONS)
    assert sum(segment.kind == "rfm" for segment in segments) == 10
    assert sum(segment.kind == "rule" for segment in segments) >= 8


def meets(rule, facts: dict) -> bool:
    """A rule evaluated in plain Python, for conditions that RFM segments use."""
    if isinstance(rule, Group):
        inside = [meets(one, facts) for one in rule.rules]
        return {"all": all(inside), "any": any(inside), "not": not inside[0]}[rule.operator]
    have, value = facts[rule.field], rule.value
    return {
        "=": lambda: have == value,
        "<=": lambda: have <= value,
        ">=": lambda: have >= value,
        "between": lambda: value[0] <= have <= value[1],
    }[rule.op]()


def test_the_rfm_grid_has_no_gap_and_no_overlap():
    rfm = [segment for segment in load_segments(DEFINITIONS) if segment.kind == "rfm"]
    for recency, value in product(range(1, 6), repeat=2):
        found = [
            s.segment_id for s in rfm if meets(s.members, {"recency_score": recency, "value_score": value})
        ]
        assert len(found) == 1, f"recency {recency}, value {value}: {found}"


def test_fields_are_the_columns_dbt_works_out():
    page = (
        Path(__file__).resolve().parents[2] / "dbt_project/models/intermediate/segments/_segments__models.yml"
    )
    inputs = next(
        model for model in yaml.safe_load(page.read_text())["models"] if model["name"] == "int_segment_inputs"
    )
    assert {column["name"] for column in inputs["columns"]} == {*FIELDS, "customer_id", "state_date"}


def test_the_readmes_grid_is_the_definitions():
    page = (DEFINITIONS.parent / "README.md").read_text()
    rfm = [segment for segment in load_segments(DEFINITIONS) if segment.kind == "rfm"]
    for line in (line for line in page.splitlines() if line.startswith("| **")):
        scores, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        for recency, (value, cell) in product(scores.strip("*").split(", "), enumerate(cells, start=1)):
            facts = {"recency_score": int(recency), "value_score": value}
            assert [s.segment_id for s in rfm if meets(s.members, facts)] == [cell]
