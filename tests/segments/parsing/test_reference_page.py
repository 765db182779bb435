"""Every example of the reference page is understood, and its tables name the words that there are."""

import json
import re
from pathlib import Path

import pytest
import yaml

from segments.events import ATTRIBUTES, TYPES
from segments.parsing.definitions import parse_definition
from segments.parsing.rules import ANY_VALUE_ATTRIBUTES, declare_inner_rules, declare_rules
from tests.segments.parsing.texts import define

PAGE = (Path(__file__).resolve().parents[3] / "docs/reference/segment-language.md").read_text()
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
RULES = [rule for block in BLOCKS[1:] for rule in yaml.safe_load(block)]


def test_the_definition_is_understood():
    assert parse_definition(BLOCKS[0], "tent_viewers.yml").segment_id == "tent_viewers"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: " ".join(rule))
def test_a_rule_is_understood(rule):
    parse_definition(define(json.dumps(rule)), "x")


def test_every_word_is_on_the_page():
    names = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`\n]+)`", PAGE))))
    words = {*declare_rules().heads, *declare_inner_rules().heads, *ANY_VALUE_ATTRIBUTES, *TYPES, *ATTRIBUTES}
    words |= {key.name for form in declare_rules().forms for key in form.keys}
    assert not words - names
