"""The JSON schemas of definitions, for editors: made of the same shapes by which definitions are read.

`python -m segments.parsing.schema` writes them anew.
"""

import json
from pathlib import Path
from typing import Any

from segments.parsing.definitions import DEFINITION
from segments.parsing.learned import LEARNED
from segments.parsing.shapes import Record
from segments.parsing.traits import TRAIT

FOLDER = Path(__file__).resolve().parents[1]
FILE, TRAIT_FILE = FOLDER / "segment.schema.json", FOLDER / "trait.schema.json"
LEARNED_FILE = FOLDER / "learned.schema.json"


def build_schema(title: str = "A segment's definition", shape: Record = DEFINITION) -> dict[str, Any]:
    """The schema; whether fields, segments and lists exist is not its matter."""
    defs: dict[str, Any] = {}
    definition = shape.describe(defs)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **definition,
        "$defs": dict(sorted(defs.items())),
    }


def format_schemas() -> dict[Path, str]:
    """The schemas as they are committed, by file."""
    schemas = {
        FILE: build_schema(),
        TRAIT_FILE: build_schema("A trait", TRAIT),
        LEARNED_FILE: build_schema("A learned segment", LEARNED),
    }
    return {file: json.dumps(schema, indent=1, ensure_ascii=False) + "\n" for file, schema in schemas.items()}


if __name__ == "__main__":
    for schema_file, text in format_schemas().items():
        schema_file.write_text(text, encoding="utf-8")
