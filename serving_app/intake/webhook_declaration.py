"""What a shop declares of a webhook: how a delivery is signed, and which of its fields become an event's.

One file a webhook, `<home>/webhooks/<name>.yml`; its name is the last part of the address.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from expectations.contracts.event_format import CALL_TYPES, TRACK, TRACKED_EVENTS
from expectations.contracts.yaml_files import FileModel, read_yaml, validate

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
# Where a value stands in a delivery: names and, in a list, positions from 0, joined by dots.
Place = Annotated[str, StringConstraints(pattern=r"^[^.\s]{1,100}(\.[^.\s]{1,100}){0,9}$")]
# Of an event: who, when, and fields of its three objects.
Target = Annotated[
    str,
    StringConstraints(
        pattern=r"^(userId|anonymousId|timestamp|(properties|traits|context)(\.[A-Za-z_][A-Za-z0-9_]{0,63}){1,5})$"
    ),
]

TIME, CONSENTS = "timestamp", "context.consent"


class WebhookError(ValueError):
    """A webhook's file is not understood."""


class Signature(FileModel):
    """How a delivery proves who sent it: HMAC-SHA256 of its body, in a header."""

    header: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,100}$")]
    encoding: Literal["hex", "base64"]
    prefix: str = ""  # before the signature in the header, such as `sha256=`


class FieldOrigin(FileModel):
    """Where a field's value comes from.

    Attributes:
        places: the first that holds something decides.
        values: what some of the platform's words mean, as `subscribed: true`; others stay as they are. A
            word that is no text stands as in JSON (`"true": granted`).
    """

    places: list[Place] = Field(min_length=1)
    values: dict[str, Any] = Field(default_factory=dict)


Fields = dict[Target, Place | list[Place] | FieldOrigin]


class ListMapping(FileModel):
    """A list of objects that becomes a list of the event, such as an order's lines its products."""

    each: Place
    fields: dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]{1,64}$")], Place]


class EventMapping(FileModel):
    """The event that a delivery becomes."""

    type: str
    event: str | None = None
    fields: Fields
    lists: dict[Target, ListMapping] = Field(default_factory=dict)

    @model_validator(mode="after")
    def check_names(self) -> "EventMapping":
        """Its type, and where it is a track its name, are declared; no field lies inside another; a consent
        has its time.
        """
        calls = (TRACK, *CALL_TYPES)
        if self.type not in calls:
            raise ValueError(f"type is {self.type!r}; allowed: {', '.join(calls)}")
        if (self.type == TRACK) != (self.event is not None) or self.event not in (None, *TRACKED_EVENTS):
            raise ValueError(
                f"event is {self.event!r}; a {TRACK} has one of {', '.join(TRACKED_EVENTS)}, others none"
            )
        if TIME not in self.fields and any(target.startswith(CONSENTS) for target in self.fields):
            raise ValueError(
                f"a field of {CONSENTS} needs {TIME}: sent again, an old yes would undo a newer no"
            )
        targets = sorted([*self.fields, *self.lists])
        inside = [target for target in targets if any(target.startswith(f"{outer}.") for outer in targets)]
        if inside or len(set(targets)) < len(targets):
            raise ValueError(f"{', '.join(inside) or 'a field'} is filled twice")
        return self


class Webhook(FileModel):
    """One webhook.

    Attributes:
        source: whose ids its events use; None: of the home's first source.
    """

    signature: Signature
    event: EventMapping
    source: str | None = None


def read_webhook(file: Path) -> Webhook:
    """The webhook of a file.

    Raises:
        WebhookError: the file cannot be read, or says something that is not understood.
    """
    if not NAME.fullmatch(file.stem):
        raise WebhookError(f"{file.name}: a name has small letters, digits, - and _")
    try:
        document = read_yaml(file, WebhookError)
    except OSError as error:
        raise WebhookError(f"{file.name}: cannot be read: {error.strerror}") from error
    return validate(Webhook, document, file.name, WebhookError)


def list_webhook_files(folder: Path) -> Iterable[Path]:
    """The files of a home's webhooks, sorted; none where it has no such folder."""
    return sorted(folder.glob("*.yml"))
