"""The form of an override: what was typed, and what is asked of the service by it. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, tzinfo
from typing import Any

from serving_app.overrides.schemas import NewOverride

KINDS = (
    ("pin", "Pin: at a place of the list"),
    ("block", "Block: in no list"),
    ("boost", "Boost: higher"),
    ("bury", "Bury: lower, or to the end"),
)
TIMES = ("starts_at", "until")
LOCAL_TIME = "%Y-%m-%dT%H:%M"
FIELD_LABELS = {"item_id": "Item", "until": "Ends", "starts_at": "Begins", "factor": "Factor"}


@dataclass(frozen=True)
class OverrideForm:
    """Texts as they were typed; times are the shop's."""

    kind: str = "pin"
    item_id: str = ""
    category: str = ""
    segment_id: str = ""
    customer_id: str = ""
    placement: str = ""
    position: str = "1"
    factor: str = ""
    priority: str = "0"
    starts_at: str = ""
    until: str = ""
    reason: str = ""
    author: str = ""

    @classmethod
    def read(cls, sent: Mapping[str, str]) -> "OverrideForm":
        """What was sent of it."""
        return cls(**{name: sent[name].strip() for name in NAMES if name in sent})

    @classmethod
    def of(cls, stored: Mapping[str, Any], zone: tzinfo) -> "OverrideForm":
        """The form of an override that is there, as the service answers it. Who made it is left out: whoever
        changes it is another one, and the audit log is not to name them.
        """
        values = {name: "" if stored.get(name) is None else f"{stored[name]}" for name in NAMES}
        for name in TIMES:
            if values[name]:
                values[name] = datetime.fromisoformat(values[name]).astimezone(zone).strftime(LOCAL_TIME)
        return cls(**(values | {"position": values["position"] or "1", "author": ""}))

    def as_body(self, zone: tzinfo) -> dict[str, Any]:
        """What `POST /v1/overrides` would be sent; fields that do not belong to the kind are left out."""
        body = {name: value for name, value in asdict(self).items() if value}
        if self.kind != "pin":
            body.pop("position", None)
        if self.kind not in ("boost", "bury"):
            body.pop("factor", None)
        return body | {name: read_local_time(body[name], zone) for name in TIMES if name in body}

    def as_request(self, zone: tzinfo) -> NewOverride:
        """
        Raises:
            ValidationError: something is missing or not understood.
        """
        return NewOverride.model_validate(self.as_body(zone))


NAMES = tuple(field.name for field in fields(OverrideForm))


def read_local_time(text: str, zone: tzinfo) -> str:
    """A time of the shop with its offset; what is none stays as it is, for the service to refuse."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()


def label_flaw(flaw: Mapping[str, str]) -> str:
    """What is wrong with a field, by the field's name on the page."""
    name = flaw["field"]
    if name == "request":
        return flaw["message"]
    return f"{FIELD_LABELS.get(name, name.replace('_', ' ').capitalize())}: {flaw['message']}"
