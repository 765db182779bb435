"""Definitions as text, for tests of the parser."""

import json
from typing import Any

HEAD = """segment_id: some
name: Some
kind: rule
description: Some.
"""


def define(members: str) -> str:
    """A definition with this rule, which begins on line 5, column 10."""
    return f"{HEAD}members: {members}\n"


def write(document: Any) -> str:
    """A document as YAML on one line, which JSON is."""
    return json.dumps(document)
