"""Segments and lists that definitions name exist, and no segment rests on itself."""

import json
from pathlib import Path

import pytest

from segments.parsing.definitions import load_definitions
from segments.parsing.flaws import SegmentError

LISTS = {"vip": "customers", "tents": "items"}


def write(folder: Path, **members) -> list[Path]:
    """A file for each segment: its rule on line 1, behind the segment's other keys."""
    for name, rule in members.items():
        head = {"segment_id": name, "name": name, "kind": "rule", "description": "Some."}
        (folder / f"{name}.yml").write_text(json.dumps({**head, "members": rule}, indent=0))
    return [*folder.glob("*.yml")]


def refuse(files: list[Path], **options) -> str:
    with pytest.raises(SegmentError) as refused:
        load_definitions(files, **options)
    return str(refused.value)


BUYERS = {"count": "purchase", "op": ">", "value": 0}


def test_a_segment_that_does_not_exist_is_named_where_it_is_asked_for(tmp_path):
    files = write(tmp_path, buyers=BUYERS, others={"not": {"segment": "buyer"}})
    assert refuse(files) == (
        "others.yml:8:12: unknown segment 'buyer' (did you mean 'buyers'?); known: buyers, others"
    )


def test_segments_of_others_may_be_named_and_are_not_returned(tmp_path):
    (tmp_path / "shipped").mkdir()
    shipped = load_definitions(write(tmp_path / "shipped", buyers=BUYERS))
    ours = load_definitions(write(tmp_path, others={"not": {"segment": "buyers"}}), others=shipped)
    assert [each.segment.segment_id for each in ours] == ["others"]


@pytest.mark.parametrize("more", [{}, {"for": "1 day"}, {"entered_within": "1 day"}], ids=str)
def test_a_circle_is_named_segment_by_segment(tmp_path, more):
    files = write(
        tmp_path,
        a={"all": [BUYERS, {"segment": "b"}]},
        b={"any": [{"segment": "c", **more}, {"segment": "d"}]},
        c={"not": {"segment": "a"}},
        d=BUYERS,
        e={"segment": "a"},
    )
    message = refuse(files)
    for circle in ("a → b → c → a", "b → c → a → b", "c → a → b → c"):
        assert f"segments name each other in a circle: {circle};" in message
    assert "e.yml" not in message and "d.yml" not in message


def test_a_segment_of_itself_is_a_circle(tmp_path):
    assert "a.yml:7:12: segments name each other in a circle: a → a;" in refuse(
        write(tmp_path, a={"segment": "a"})
    )


def test_lists_are_of_customers_or_of_items(tmp_path):
    item = {"count": "view", "where": {"item_id": {"in_list": "vip"}}, "op": ">", "value": 0}
    files = write(tmp_path, a={"list": "vipp"}, b={"list": "tents"}, c=item, d={"list": "vip"})
    assert refuse(files, lists=LISTS).splitlines() == [
        "a.yml:7:9: unknown list of customers 'vipp' (did you mean 'vip'?); known: vip",
        "b.yml:7:9: 'tents' is a list of items; here stands one of customers",
        "c.yml:10:12: 'vip' is a list of customers; here stands one of items",
    ]
    assert len(load_definitions(files)) == 4, "what lists there are is not always known"


def test_segments_that_double_each_other_are_refused_before_they_fill_the_memory(tmp_path):
    rules = {"s0": BUYERS}
    for n in range(1, 19):
        rules[f"s{n}"] = {"any": [{"segment": f"s{n - 1}"}, {"segment": f"s{n - 1}"}]}
    message = refuse(write(tmp_path, **rules))
    assert (
        "s18.yml:1:1: with the segments it rests on it has 1,835,005 parts or more, in a chain of 19 or more;"
        in message
    )
    assert "s9.yml" not in message


def test_a_chain_of_segments_has_an_end(tmp_path):
    rules = {"s0": BUYERS, **{f"s{n}": {"segment": f"s{n - 1}"} for n in range(1, 300)}}
    message = refuse(write(tmp_path, **rules))
    assert "s19.yml" not in message
    assert (
        "s20.yml:1:1: with the segments it rests on it has 24 parts or more, in a chain of 21 or more;"
        in message
    )


def test_what_is_wrong_in_several_files_is_said_together(tmp_path):
    files = write(tmp_path, a={"count": "vew", "op": ">", "value": 0}, b={"list": "A"}, c=BUYERS)
    assert [line.partition(": ")[0] for line in refuse(files).splitlines()] == ["a.yml:7:10", "b.yml:7:9"]


def test_an_id_stands_once(tmp_path):
    for folder in ("ours", "theirs"):
        (tmp_path / folder).mkdir()
    files = write(tmp_path / "ours", a=BUYERS) + write(tmp_path / "theirs", a={"list": "vip"})
    assert refuse(files) == "a.yml:1:1: another definition is called 'a' too; allowed: each id once"
