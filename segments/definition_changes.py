"""The log of a home's definitions: who put which text of which segment in force, and why. It is never
rewritten.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from expectations.contracts.home import HomePaths

PUBLISHED, ROLLED_BACK = "published", "rolled back"


@dataclass(frozen=True)
class DefinitionChange:
    """A text that was put in force.

    Attributes:
        at: ISO, UTC.
        digest: of the text, as the log of deployments has it.
        version: its number; None: no night had it yet.
        was: digest of the text before; empty: there was none.
        kept: where in the folder the text before is, if no night ever had it; empty: nowhere.
        action: a draft was published, or an earlier version rolled back to.
        saved_by: who wrote the draft.
        approved_by: who approved it; empty: it needed nobody's approval.
        share: of all customers who come or go by it, as of the newest night; None: nobody counted.
    """

    at: str
    segment_id: str
    digest: str
    version: int | None
    was: str
    by: str
    reason: str
    kept: str = ""
    action: str = ROLLED_BACK
    saved_by: str = ""
    approved_by: str = ""
    share: float | None = None


def hash_text(text: str | None) -> str:
    """A text's digest, as the log of deployments has it; empty of none."""
    return "" if text is None else hashlib.sha256(text.encode()).hexdigest()[:12]


def read_changes(home: Path) -> list[DefinitionChange]:
    """Every change, oldest first; a line that was cut is left out."""
    try:
        lines = HomePaths(home).segment_changes.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return []
    return [change for line in lines if (change := parse_change(line))]


def parse_change(line: str) -> DefinitionChange | None:
    """The change of a line; None where it is none."""
    try:
        return DefinitionChange(**json.loads(line))
    except (ValueError, TypeError):
        return None
