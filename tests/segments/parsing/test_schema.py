"""The committed JSON schema is that of the parser, and both allow the same."""

import json

import jsonschema
import pytest
import yaml

from segments.parsing.schema import FILE, build_schema, format_schema
from segments.to_sql import DEFINITIONS
from tests.segments.golden_definitions import GOLDEN

SCHEMA = jsonschema.Draft202012Validator(json.loads(FILE.read_text()))


def test_the_committed_schema_is_the_parsers():
    jsonschema.Draft202012Validator.check_schema(build_schema())
    assert FILE.read_text() == format_schema(), "write it anew: python -m segments.parsing.schema"


@pytest.mark.parametrize(
    "file", [*sorted(GOLDEN.glob("*.yml")), *DEFINITIONS.glob("*.yml")], ids=lambda f: f.stem
)
def test_definitions_satisfy_the_schema(file):
    SCHEMA.validate(yaml.safe_load(file.read_text()))
