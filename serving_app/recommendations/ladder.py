"""The fallback ladders: lists of a snapshot in the order in which they fill an answer.

A personal ladder is the visitor's own list, then that of the narrowest audience they belong to, then what is
popular in the whole shop.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from expectations.contracts import snapshot as contract
from expectations.contracts.snapshot import ListItem
from serving_app.storage.snapshots import Snapshot

PERSONAL, AUDIENCE, POPULAR, SIMILAR, OVERRIDE, STATIC = (
    "personal",
    "audience",
    "popular",
    "similar",
    "override",
    "static",
)


class Rung(NamedTuple):
    """One list of the ladder: its source, and what it is a list of, in words."""

    source: str
    about: str
    items: Sequence[ListItem]


Ladder = Callable[[Snapshot, str | None], Iterator[Rung]]


def list_personal_rungs(snapshot: Snapshot, customer_id: str | None) -> Iterator[Rung]:
    """The rungs for a customer; for a stranger what is popular."""
    if customer_id:
        items = snapshot.read_list(contract.get_customer_list_key(customer_id))
        yield Rung(PERSONAL, "chosen for this customer", items)
        yield from list_audience_rungs(snapshot, snapshot.read_customer(customer_id))
    yield from list_popular_rungs(snapshot)


def list_audience_rungs(snapshot: Snapshot, customer: contract.CustomerSlice | None) -> Iterator[Rung]:
    """The rung of the narrowest audience that has a list: a customer belongs to many, and an answer needs
    one.
    """
    if customer is None:
        return
    segments = tuple(
        dict.fromkeys([*([customer.rfm_segment] if customer.rfm_segment else []), *customer.segment_ids])
    )
    for audience in contract.list_audiences(customer.country, segments):
        if items := snapshot.read_list(contract.get_audience_list_key(audience)):
            yield Rung(AUDIENCE, f"popular with {audience}", items)
            return


def list_popular_rungs(snapshot: Snapshot) -> Iterator[Rung]:
    """The rung of what is popular in the whole shop."""
    items = snapshot.read_list(contract.get_audience_list_key(contract.POPULAR))
    yield Rung(POPULAR, "popular in the whole shop", items)


def list_similar_rungs(snapshot: Snapshot, item_id: str) -> Iterator[Rung]:
    """The rungs for an item: what is like it, then what is popular; never the item itself."""

    def leave_out_item(items: Sequence[ListItem]) -> list[ListItem]:
        return [listed for listed in items if listed.item_id != item_id]

    similar = snapshot.read_list(contract.get_similar_list_key(item_id))
    yield Rung(SIMILAR, f"similar to {item_id}", leave_out_item(similar))
    for rung in list_popular_rungs(snapshot):
        yield rung._replace(items=leave_out_item(rung.items))
