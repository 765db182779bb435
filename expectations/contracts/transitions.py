"""One customer's entry into a segment, or exit from it: the event that webhooks and streams consume.

A transition is told once, however often a night is run again: its id is made of customer, segment and the
moment since which it holds.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import orjson

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Why: an event came, time passed, a night worked it out, two visitors turned out to be one, or a definition
# was published that counts at once.
REASONS = ("event", "time", "night", "merge", "definition")
TEXTS = ("customer_id", "segment_id", "reason", "version")


class Transition(NamedTuple):
    """An entry or exit.

    Attributes:
        customer_id: the customer, or the identifier of a visitor whom no night knows yet.
        is_entered: False: an exit.
        since: the moment from which it holds, microseconds since 1970, UTC.
        told_at: when it was written, microseconds since 1970, UTC.
        reason: one of `REASONS`.
        version: of the definition's text that decided.
    """

    customer_id: str
    segment_id: str
    is_entered: bool
    since: int
    told_at: int
    reason: str
    version: str = ""

    @property
    def transition_id(self) -> str:
        """The same for the same customer, segment and moment."""
        text = f"{self.customer_id}\0{self.segment_id}\0{self.since}\0{int(self.is_entered)}"
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def encode_transition(transition: Transition) -> bytes:
    """A transition as a line of the transitions log: JSON, moments as ISO texts in UTC."""
    return orjson.dumps(
        {
            "transition_id": transition.transition_id,
            "customer_id": transition.customer_id,
            "segment_id": transition.segment_id,
            "type": "entered" if transition.is_entered else "left",
            "since": format_moment(transition.since),
            "told_at": format_moment(transition.told_at),
            "reason": transition.reason,
            "version": transition.version,
        }
    )


def decode_transition(line: bytes) -> Transition:
    """The transition of a line.

    Raises:
        ValueError: it is none.
    """
    try:
        fields: dict[str, Any] = orjson.loads(line)
        if not all(isinstance(fields[name], str) for name in TEXTS):
            raise TypeError("no text")
        return Transition(
            fields["customer_id"],
            fields["segment_id"],
            fields["type"] == "entered",
            parse_moment(fields["since"]),
            parse_moment(fields["told_at"]),
            fields["reason"],
            fields["version"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("not a transition") from error


def format_moment(at: int) -> str:
    """A moment as ISO text in UTC, to the microsecond."""
    return (EPOCH + timedelta(microseconds=at)).isoformat(timespec="microseconds")


def parse_moment(text: str) -> int:
    """The microseconds since 1970 of an ISO text.

    Raises:
        ValueError: it is no moment.
    """
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)
