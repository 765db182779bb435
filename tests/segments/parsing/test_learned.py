"""Learned segments: what a definition may say, and what is said of one that may not be."""

import json
import os

import jsonschema
import pytest

from segments.parsing.flaws import SegmentError
from segments.parsing.learned import (
    MOST_LEARNED,
    load_learned_segments,
    load_understood_in_force,
    parse_learned,
)
from segments.parsing.schema import LEARNED_FILE
from segments.to_sql import DEFINITIONS
from segments.tree.learned import LearnedSegment

RULES = {"champions", "lapsed"}
HEAD = "segment_id: x\nname: X\ndescription: Those.\n"


@pytest.mark.parametrize(
    "text, asked",
    [
        ("lookalike: {of: champions, size: 500}", {"seed": "champions", "size": 500}),
        ("lookalike: {share: 0.05, of: lapsed}", {"seed": "lapsed", "share": 0.05}),
        ('prospects: {item: "0042", share: 1}', {"item": "0042", "share": 1}),
        ("prospects: {category: tea, size: 1}", {"category": "tea", "size": 1}),
    ],
)
def test_a_definition_says_whom_and_how_many(text, asked):
    learned = parse_learned(HEAD + text, "x.yml", RULES)
    assert learned == LearnedSegment("x", "X", "Those.", **asked)
    assert learned.kind == ("lookalike" if "seed" in asked else "prospects")


@pytest.mark.parametrize(
    "text, said",
    [
        (
            "lookalike: {of: champion, size: 5}",
            "x.yml:4:17: there is no segment 'champion' (did you mean 'champions'?)",
        ),
        ("lookalike: {of: champions}", "x.yml:4:12: size or share missing"),
        ("lookalike: {of: champions, size: 5, share: 0.1}", "x.yml:4:44: size and share stand side by side"),
        ("lookalike: {of: champions, size: 0}", "x.yml:4:34: size is 0; takes a whole number from 1"),
        ("lookalike: {of: champions, share: 1.5}", "share is 1.5; takes a number from 0.0001 to 1"),
        (
            "lookalike: {like: champions, size: 5}",
            "x.yml:4:13: lookalike: unknown key 'like'; allowed: of, size, share",
        ),
        ("prospects: {size: 5}", "x.yml:4:12: item or category: one of the two says what is wanted"),
        ("prospects: {item: a, category: b, size: 5}", "item or category: one of the two"),
        ("prospects: {item: 42, size: 5}", "item: is 42, not text; wanted text, in quotes"),
        ("members: {random: 0.1, seed: a}", "unknown key 'members'; allowed: segment_id, name"),
        ("", "x.yml:1:1: lookalike or prospects missing"),
        (
            "lookalike: {of: lapsed, size: 5}\nprospects: {item: a, size: 5}",
            "lookalike and prospects stand side by side",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text, said):
    with pytest.raises(SegmentError) as refused:
        parse_learned(HEAD + text, "x.yml", RULES)
    assert said in str(refused.value)


def test_an_id_is_the_files_and_nobody_elses(tmp_path):
    (tmp_path / "y.yml").write_text(HEAD + "prospects: {item: a, size: 5}")
    (tmp_path / "champions.yml").write_text(HEAD.replace("x", "champions") + "prospects: {item: a, size: 5}")
    with pytest.raises(SegmentError) as refused:
        load_learned_segments(tmp_path, RULES)
    assert "the file of that segment is x.yml" in str(refused.value)
    assert "a segment with a rule is called 'champions' already" in str(refused.value)


def test_a_shops_own_stands_in_the_place_of_the_shipped_one(tmp_path):
    folder, own = tmp_path / "shipped", tmp_path / "own"
    folder.mkdir()
    (folder / "x.yml").write_text(HEAD + "lookalike: {of: lapsed, size: 5}")
    assert [each.size for each in load_learned_segments(folder, RULES, own)] == [5]
    own.mkdir()
    (own / "x.yml").write_text(HEAD + "lookalike: {of: lapsed, size: 7}")
    assert [each.size for each in load_learned_segments(folder, RULES, own)] == [7]
    assert load_learned_segments(tmp_path / "none", RULES) == []


def test_shipped_ones_are_of_shipped_segments_and_editors_know_them():
    rules = {file.stem for file in DEFINITIONS.glob("*.yml")}
    folder = DEFINITIONS.parent / "learned"
    learned = load_learned_segments(folder, rules)
    assert [each.segment_id for each in learned] == ["like_champions"]
    schema = json.loads(LEARNED_FILE.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    for file in folder.glob("*.yml"):
        assert file.read_text().startswith("# yaml-language-server: $schema=../learned.schema.json\n")


def test_how_many_members():
    half = LearnedSegment("x", "X", "Those.", seed="lapsed", share=0.5)
    assert half.count_members(9) == 4 and half.count_members(0) == 0
    assert LearnedSegment("x", "X", "Those.", item="a", size=3).count_members(2) == 3


def test_of_a_folder_with_hostile_files_the_night_has_the_others(tmp_path):
    own = tmp_path / "learned"
    own.mkdir()
    (own / "x.yml").write_text(HEAD + "lookalike: {of: champions, size: 7}")
    (own / "folder.yml").mkdir()
    (own / "gone.yml").symlink_to(tmp_path / "nowhere")
    os.mkfifo(own / "pipe.yml")
    (own / "large.yml").write_bytes(b"a" * 100_000)
    (own / "bytes.yml").write_bytes(b"\xff")
    (own / "nested.yml").write_text("[" * 10_000)
    learned, errors = load_understood_in_force(tmp_path)
    assert {each.segment_id for each in learned} == {"like_champions", "x"}
    assert set(errors) == {"large", "bytes", "nested"}


def test_of_too_many_the_first_by_id_are_made(tmp_path):
    own = tmp_path / "learned"
    own.mkdir()
    for n in range(MOST_LEARNED):
        name = f"x{n:03}"
        (own / f"{name}.yml").write_text(HEAD.replace("x", name, 1) + "lookalike: {of: champions, size: 7}")
    learned, errors = load_understood_in_force(tmp_path)
    assert len(learned) == MOST_LEARNED and list(errors) == [f"x{MOST_LEARNED - 1:03}"]
    assert f"one of 101 learned segments; allowed: {MOST_LEARNED}" in str(errors["x099"])
