"""The committed JSON schema is that of the parser, and both allow the same."""

import copy
import json

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from segments.events import ATTRIBUTES, TYPES
from segments.parsing.definitions import ALL_FIELDS, DEFINITION
from segments.parsing.documents import compose_document
from segments.parsing.reading import Reader
from segments.parsing.schema import FILE, build_schema, format_schemas
from segments.to_sql import DEFINITIONS
from tests.segments.golden_definitions import GOLDEN
from tests.segments.parsing.texts import write

SCHEMA = jsonschema.Draft202012Validator(json.loads(FILE.read_text()))
FILES = [*sorted(GOLDEN.glob("*.yml")), *sorted(DEFINITIONS.glob("*.yml"))]
DOCUMENTS = [yaml.safe_load(file.read_text()) for file in FILES]
RULES = yaml.safe_load((FILE.parents[1] / "tests/segments/parsing/refused_rules.yml").read_text())
WRITABLE = {name: case for name, case in RULES.items() if name not in ("not a number", "a leading zero")}


def allows_structure(document) -> bool:
    """Whether the parser finds nothing that a schema could."""
    reader = Reader(ALL_FIELDS)
    DEFINITION.read(compose_document(write(document), "x"), reader)
    return not any(flaw.is_structural for flaw in reader.flaws)


def unwrap(node):
    """A node as the value that an editor checks."""
    if node.kind == "list":
        return [unwrap(each) for each in node.value]
    return {key.value: unwrap(each) for key, each in node.value} if node.kind == "mapping" else node.value


def list_places(document, path=()):
    """The path of every value of a document."""
    yield path
    if isinstance(document, dict | list):
        pairs = document.items() if isinstance(document, dict) else enumerate(document)
        for key, inside in pairs:
            yield from list_places(inside, (*path, key))


WORDS = ["all", "not", "field", "count", "last", "of", "op", "value", "within", "between", "where", "ago"]
WORDS += [
    "any_value",
    "holds",
    "sequence",
    "event",
    "same",
    "segment",
    "for",
    "list",
    "period",
    "seed",
    "near",
]
values = st.recursive(
    st.sampled_from(
        [*TYPES, *ATTRIBUTES, *WORDS, "any", "7 days", "1 month", "this week", "20:00", "A b", ""]
    )
    | st.sampled_from([0, 1, 7, 1.5, 2.0, -91, 10**18, True, False, None]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*WORDS, *ATTRIBUTES, "=", ">=", "in", "under"]), inner, max_size=3)
    ),
    max_leaves=5,
)
pieces = st.sampled_from([value for each in DOCUMENTS for value in each["members"].items()])


@st.composite
def changed_documents(draw):
    """A definition of which some places were changed: to anything, to what another has, or taken away."""
    document = copy.deepcopy(draw(st.sampled_from(DOCUMENTS)))
    for _ in range(draw(st.integers(1, 2))):
        places = [path for path in list_places(document) if path and path[0] == "members"]
        if not places:  # the rule itself was taken away
            break
        *above, key = draw(st.sampled_from(places))
        parent = document
        for each in above:
            parent = parent[each]
        action = draw(st.sampled_from(["set", "set", "remove", "add", "borrow"]))
        if action == "set":
            parent[key] = draw(values)
        elif action == "remove":
            del parent[key]
        elif isinstance(parent, dict):
            name, value = draw(pieces) if action == "borrow" else (draw(st.sampled_from(WORDS)), draw(values))
            parent[name] = copy.deepcopy(value)
    return document


def test_the_committed_schema_is_the_parsers():
    jsonschema.Draft202012Validator.check_schema(build_schema())
    for file, text in format_schemas().items():
        assert file.read_text() == text, "write it anew: python -m segments.parsing.schema"


@pytest.mark.parametrize("document", DOCUMENTS, ids=[file.stem for file in FILES])
def test_definitions_satisfy_the_schema(document):
    SCHEMA.validate(document)
    assert allows_structure(document)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_editors_find_the_schema(file):
    marked = file.read_text().splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (file.parent / marked).resolve() == FILE


@pytest.mark.parametrize("case", WRITABLE.values(), ids=WRITABLE.keys())
def test_both_refuse_or_allow_the_shape_of_a_rule_that_is_refused(case):
    text = f"{{segment_id: x, name: X, kind: rule, description: X., members: {case['rule']}}}"
    node, reader = compose_document(text, "x"), Reader(ALL_FIELDS)
    DEFINITION.read(node, reader)
    assert SCHEMA.is_valid(unwrap(node)) == (not any(flaw.is_structural for flaw in reader.flaws))


@settings(max_examples=200, deadline=None)
@given(changed_documents())
def test_parser_and_schema_allow_the_same(document):
    assert SCHEMA.is_valid(document) == allows_structure(document)
