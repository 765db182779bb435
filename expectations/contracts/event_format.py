"""Segment's HTTP tracking format as the service takes it and ingest reads it: calls, tracked events, limits.

An event's properties are declared in `events/<event>/<version>.json` (JSON Schema 2020-12). Beside the
standard's keywords a file has `title`, the name a client sends; `x-event-type`, what it is in `core_events`;
and `x-columns`, which of its fields become which columns. The newest version checks every event, since a
version may only allow more than the one before (`event_compatibility.py`).
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "events"
ANY_CONTEXT, ANY_PROPERTIES = "any_context", "any_properties"  # what holds for events of every name

MAX_EVENT_BYTES = 32 << 10  # what Segment's own collector takes
MAX_BODY_BYTES = 500 << 10  # the same
MAX_BATCH_EVENTS = 500

# `event_type` by call; a `track` has that of the event it names
CALL_TYPES = {"page": "page", "screen": "screen", "identify": "identify", "alias": "alias", "group": "group"}
TRACK = "track"
CALLS = (TRACK, *CALL_TYPES)


@dataclass(frozen=True)
class EventSchema:
    """One version of the declaration of an event.

    Attributes:
        slug: its folder.
        name: what a client sends as `event`.
        event_type: None of what holds for events of every name.
        document: the JSON Schema of its properties.
    """

    slug: str
    version: int
    name: str
    event_type: str | None
    document: dict[str, Any]

    @property
    def columns(self) -> dict[str, str]:
        """Which field becomes which column of `core_events`; inside another one it has a path with dots."""
        return self.document.get("x-columns", {})


def read_event_schemas(folder: Path = FOLDER) -> dict[str, tuple[EventSchema, ...]]:
    """Every version of every event by its folder's name, oldest first."""
    schemas: dict[str, list[EventSchema]] = {}
    for file in sorted(folder.glob("*/*.json"), key=lambda file: (file.parent.name, int(file.stem))):
        document = json.loads(file.read_text())
        slug = file.parent.name
        schema = EventSchema(slug, int(file.stem), document["title"], document.get("x-event-type"), document)
        schemas.setdefault(slug, []).append(schema)
    return {slug: tuple(versions) for slug, versions in schemas.items()}


NEWEST_SCHEMAS = {slug: versions[-1] for slug, versions in read_event_schemas().items()}
# `event_type` by the name that a client sends
TRACKED_EVENTS = {
    schema.name: schema.event_type for schema in NEWEST_SCHEMAS.values() if schema.event_type is not None
}
EVENT_TYPES = tuple(dict.fromkeys((*TRACKED_EVENTS.values(), *CALL_TYPES.values())))
# Of the items an event names: it was looked at, put into the cart, taken out of it, opened from a served
# list, bought.
VIEW, CART, UNCART, CLICK, PURCHASE = "view", "cart", "uncart", "click", "purchase"
ITEM_EVENT_TYPES = (VIEW, CART, UNCART, CLICK, PURCHASE)
