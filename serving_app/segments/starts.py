"""From when on a definition counts that is published between two nights."""

from typing import Any

from segments.at_once import list_obstacles
from segments.sentences import describe_rule
from segments.tree.rules import Segment

NOW, NEXT_NIGHT = "now", "next night"


def describe_start(segment: Segment | None, obstacle: str = "") -> dict[str, Any]:
    """From when on a definition counts if it is published now, as `StartAnswer`.

    Args:
        segment: None: its text is not understood any more.
        obstacle: why none can count at once here; empty: those may that ask for short live windows alone.
    """
    obstacles = list_obstacles(segment.members) if segment else ["its text is not understood"]
    obstacles += [obstacle] if obstacle else []
    return {
        "rule": describe_rule(segment.members) if segment else None,
        "counts_from": NEXT_NIGHT if obstacles else NOW,
        "obstacles": obstacles,
    }
