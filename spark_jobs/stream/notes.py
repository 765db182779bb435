"""Notes of the membership query to itself. They go through a topic of their own, so that one owner's state
may say something to another's: Spark keeps each apart.
"""

from enum import StrEnum
from typing import NamedTuple

import msgpack


class Kind(StrEnum):
    """What a note says.

    Attributes:
        ALIAS: a browser is a user's: `browser, heir, at, takes_history`.
        EVENT: what was done in a browser that is the owner's by now: `browser, consent, event`.
        JOIN: somebody was the owner all along: `browser, join_id, state, no_at`.
        FORGET: the owner has said no, or is to be erased.
        SETTLE: say who the owner is a member of: a new night is compared with what was told.
    """

    ALIAS, EVENT, JOIN, FORGET, SETTLE = "alias", "event", "join", "forget", "settle"


class Note(NamedTuple):
    """A note to an owner.

    Attributes:
        tag: the snapshot whose query wrote it: another one's states are other ones.
        received_at: of the event behind it, or when it was written; microseconds since 1970.
    """

    tag: str
    kind: Kind
    owner: str
    received_at: int
    body: tuple = ()


def pack_note(note: Note) -> bytes:
    """The note as bytes."""
    return msgpack.packb((note.tag, str(note.kind), *note[2:]))


def unpack_note(packed: bytes) -> Note:
    """The note that `pack_note` made these bytes of.

    Raises:
        ValueError: they are none of these.
    """
    try:
        tag, kind, owner, received_at, body = msgpack.unpackb(packed, use_list=False)
        return Note(tag, Kind(kind), owner, received_at, body)
    except (TypeError, ValueError, msgpack.UnpackException) as error:
        raise ValueError("not a note") from error
