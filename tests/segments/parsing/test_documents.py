"""YAML becomes nodes as editors read it, in bounds, and nothing else becomes anything."""

from pathlib import Path

import pytest
import yaml

from segments.parsing import documents
from segments.parsing.definitions import load_segments, parse_definition
from segments.parsing.documents import MAX_BYTES, MAX_DEPTH, MAX_NODES, compose_document
from segments.parsing.flaws import SegmentError
from tests.segments.parsing.texts import HEAD, define


@pytest.fixture(params=["CSafeLoader", "SafeLoader"], autouse=True)
def loader(request, monkeypatch):
    """PyYAML by itself and with libyaml, which some machines lack, read alike."""
    monkeypatch.setattr(documents, "Loader", getattr(yaml, request.param))
    return request.param


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("20:00", "text", "20:00"),  # 1200 to YAML 1.1
        ("no", "text", "no"),  # false to YAML 1.1
        ("on", "text", "on"),
        ("2026-13-41", "text", "2026-13-41"),
        ("'7'", "text", "7"),
        ("=", "text", "="),
        (">-\n  two\n  lines", "text", "two lines"),
        ("true", "boolean", True),
        ("False", "boolean", False),
        ("~", "null", None),
        ("7", "number", 7),
        ("-7", "number", -7),
        ("7.0", "number", 7.0),
        ("1e3", "number", 1000.0),
        (".5", "number", 0.5),
        ("1e400", "number", float("inf")),
        ("-.INF", "number", float("-inf")),
        ("1.2.3", "text", "1.2.3"),
        ("- 7", "list", (documents.Node("number", 7, 1, 3),)),
    ],
)
def test_scalars_are_what_editors_take_them_for(text, kind, value):
    node = compose_document(text, "x")
    assert (node.kind, node.value) == (kind, value)
    assert type(node.value) is type(value)


def test_nodes_know_their_places():
    node = compose_document("a: 1\nb:\n  - é: {c: 2}\n", "x")
    (key, inside) = node.value[1][1].value[0].value[0]
    assert (key.value, key.line, key.column) == ("é", 3, 5)
    assert (inside.line, inside.column) == (3, 8)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("a: [1", r":2:\d+|:1:\d+", id="a bracket left open"),
        pytest.param(
            "name: Lapsed: gone", r":1:13: cannot be read as YAML: mapping values are not allowed", id=":"
        ),
        pytest.param("a: !!python/object:os.system {}", r":1:4: the tag .* is not allowed", id="a tag"),
        pytest.param("a: !!str 7", r":1:4: the tag", id="a tag of a scalar"),
        pytest.param(
            "a: &x 1\nb: 2", r":1:4: an alias \(\*\) or anchor \(&\) is not allowed", id="an anchor"
        ),
        pytest.param("a: &x [*x]", r":1:4: an alias", id="an alias of itself"),
        pytest.param("a: *x", r":1:4: ", id="an alias of nothing"),
        pytest.param("a: 1\nb: 2\na: 3", r":3:1: 'a' stands here twice", id="a key twice"),
        pytest.param("[a]: 1", r":1:1: a list stands as a key", id="a list for a key"),
        pytest.param("a: 1\n---\nb: 2", r":2:1: a second document begins here", id="two documents"),
        pytest.param("a: 0x1F", r":1:4: 0x1F is a number to some readers of YAML", id="hexadecimal"),
        pytest.param("a: 007", r":1:4: 007 is a number to some", id="a leading zero"),
        pytest.param("a: 1_000", r":1:4: 1_000 is a number to some", id="an underscore"),
        pytest.param("a: \x00", r":1:1: cannot be read as YAML", id="a null byte"),
        pytest.param("", r":1:1: is empty", id="nothing"),
        pytest.param("# a comment", r":\d+:\d+: is empty", id="nothing but a comment"),
        pytest.param(
            "[" * (MAX_DEPTH + 1),
            rf":1:{MAX_DEPTH + 1}: nests too deep; allowed: {MAX_DEPTH} levels",
            id="deep",
        ),
        pytest.param("[" * 60_000, r":1:41: nests too deep", id="deep without end"),
        pytest.param("- 1\n" * MAX_NODES, rf":{MAX_NODES}:3: has more than 5,000 values", id="many"),
        pytest.param("a" * (MAX_BYTES + 1), r":1:1: has 65,537 bytes; allowed: 65,536", id="long"),
    ],
)
def test_what_is_no_document_is_refused_where_it_begins(text, message):
    with pytest.raises(SegmentError, match=rf"^x\.yml({message})"):
        compose_document(text, "x.yml")


def test_aliases_that_would_make_ten_thousand_nodes_are_refused_at_the_first():
    bomb = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
    bomb += "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in zip("abc", "bcd", strict=True))
    with pytest.raises(SegmentError, match=r"^x\.yml:1:4: an alias"):
        compose_document(bomb, "x.yml")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(
            "name: Ä\ndescription: Entwöhnte".encode("latin-1"), r":1:7: .* not UTF-8", id="not UTF-8"
        ),
        pytest.param(b"a" * (MAX_BYTES + 1), r":1:1: has 65,537 bytes", id="too long"),
        pytest.param(b"segment_id: [lapsed", r":\d:\d+: cannot be read as YAML", id="a bracket left open"),
    ],
)
def test_of_a_file_too(tmp_path: Path, content, message):
    (tmp_path / "lapsed.yml").write_bytes(content)
    with pytest.raises(SegmentError, match=rf"^lapsed\.yml{message}"):
        load_segments(tmp_path)


def test_rules_nest_as_deep_as_anybody_reads():
    rule = "{list: vip}"
    for _ in range(15):
        rule = f"{{not: {rule}}}"
    assert parse_definition(define(rule), "x").members.operator == "not"
    for _ in range(30):
        rule = f"{{not: {rule}}}"
    with pytest.raises(SegmentError, match="nests too deep"):
        parse_definition(define(rule), "x")


def test_a_brace_and_every_other_letter_are_text():
    text = define("{list: vip}").replace("name: Some", 'name: "Who\'s {lapsed} }} 100 % #1 – été"')
    assert parse_definition(text, "x").name == "Who's {lapsed} }} 100 % #1 – été"
    assert parse_definition("\ufeff" + HEAD + "members: {list: vip}", "x").name == "Some"
