"""The JSON schema of a definition, for editors: made of the same shapes by which definitions are read.

`python -m segments.parsing.schema` writes it anew.
"""

import json
from pathlib import Path
from typing import Any

from segments.parsing.definitions import DEFINITION

FILE = Path(__file__).resolve().parents[1] / "segment.schema.json"


def build_schema() -> dict[str, Any]:
    """The schema; whether fields, segments and lists exist is not its matter."""
    defs: dict[str, Any] = {}
    definition = DEFINITION.describe(defs)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A segment's definition",
        **definition,
        "$defs": dict(sorted(defs.items())),
    }


def format_schema() -> str:
    """The schema as it is committed."""
    return json.dumps(build_schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(format_schema(), encoding="utf-8")
