"""Why an identifier is whose, as a snapshot packs it for operators: links, reviews and ids of decisions."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgpack


class Link(NamedTuple):
    """Why two identifiers may be one person's, seen from one of them; the columns of
    `core_identity_links`.
    """

    other: str
    rule: str
    evidence: str
    weight: float
    first_seen_at: datetime
    held_by: str | None

    @property
    def is_followed(self) -> bool:
        return self.held_by is None


class IdentifierLinks(NamedTuple):
    """An identifier as the graph knows it, consent or not.

    Attributes:
        customer_id: whose it is; None of a value that nobody stands behind, such as `null`, which is kept to
            say so.
        n_left_out: links of it that are not kept here. What stood beside a placeholder is a hundred thousand
            people, each of whom keeps the link; of links that are followed none is left out.
    """

    kind: str
    customer_id: str | None
    links: tuple[Link, ...]
    n_left_out: int = 0


class Review(NamedTuple):
    """One question about a merge; the columns of `core_identity_reviews`."""

    review_id: str
    kind: str
    customer_id: str | None
    identifier_a: str | None
    identifier_b: str | None
    score: float
    n_identifiers: int | None
    is_held_back: bool
    because: str | None


def pack_links(linked: IdentifierLinks) -> bytes:
    """An identifier's links as bytes: each rule with what holds it is written once, an id as the bytes its
    digits stand for.

    A home of a million identifiers has ten million ends of links: the plain tuples would take twice the room.
    """
    groups: dict[tuple, int] = {}
    numbers = [groups.setdefault((one.rule, one.weight, one.held_by), len(groups)) for one in linked.links]
    others = [bytes.fromhex(one.other.removeprefix("i_")) for one in linked.links]
    seconds = [_whole(one.first_seen_at.timestamp()) for one in linked.links]
    evidence = [one.evidence for one in linked.links]
    left_out = [linked.n_left_out] if linked.n_left_out else []
    return msgpack.packb(
        (linked.kind, linked.customer_id, others, evidence, seconds, numbers, list(groups), *left_out)
    )


def unpack_links(packed: bytes) -> IdentifierLinks:
    """The identifier's links, in the order they were packed."""
    kind, customer_id, others, evidence, seconds, numbers, groups, *left_out = msgpack.unpackb(packed)
    found = []
    for other, row, second, number in zip(others, evidence, seconds, numbers, strict=True):
        rule, weight, held_by = groups[number]
        found.append(
            Link(f"i_{other.hex()}", rule, row, weight, datetime.fromtimestamp(second, UTC), held_by)
        )
    return IdentifierLinks(kind, customer_id, tuple(found), *left_out)


def pack_reviews(reviews: Sequence[Review]) -> bytes:
    """The queue as bytes, most urgent first."""
    return msgpack.packb([tuple(one) for one in reviews])


def unpack_reviews(packed: bytes) -> list[Review]:
    """The queue, most urgent first."""
    return [Review(*row) for row in msgpack.unpackb(packed)]


def pack_decisions(decision_ids: Iterable[str]) -> bytes:
    """Ids of decisions as bytes."""
    return msgpack.packb(sorted(decision_ids))


def unpack_decisions(packed: bytes) -> frozenset[str]:
    """Ids of decisions."""
    return frozenset(msgpack.unpackb(packed))


def _whole(seconds: float) -> int | float:
    return int(seconds) if seconds == int(seconds) else seconds  # a whole number takes half the bytes
