"""The fallback ladders: lists of a snapshot in the order in which they fill an answer.

A placement names its sources, best first; each gives a rung, or none where it has nothing to go by. Behind
the last of them stands the whole catalogue, for answers that must be full.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from expectations.contracts import snapshot as contract
from expectations.contracts.snapshot import CustomerSlice, ListItem
from serving_app.live.state import EMPTY_STATE, LiveState
from serving_app.storage.snapshots import Snapshot

PERSONAL, AUDIENCE, POPULAR, SIMILAR, OVERRIDE, STATIC = (
    "personal",
    "audience",
    "popular",
    "similar",
    "override",
    "static",
)
SESSION, CART, NEW, CATALOGUE = "session", "cart", "new", "catalogue"
# Of the catalogue: more are not looked at. What may be shown is most of a shop, so ten items are found among
# the first few; a filter that one item in a thousand passes would have an answer read a whole catalogue.
MOST_FILLERS = 10_000
MOST_CART_ITEMS = 5


class Rung(NamedTuple):
    """One list of the ladder.

    Attributes:
        source: of the list as a whole.
        about: what it is a list of, in words.
        unsteered_source: of a list that the session steers: what its items came from before; empty: `source`.
    """

    source: str
    about: str
    items: Sequence[ListItem]
    unsteered_source: str = ""


def is_same_list(source: str, first_source: str) -> bool:
    """Whether a rung is the one by which an earlier page's list was named: an event between two pages makes
    what is popular a list for this session, and a published night makes that popular again.
    """
    return source == first_source or (
        SESSION in (source, first_source) and {source, first_source} <= {SESSION, AUDIENCE, POPULAR}
    )


def list_item_ids(items: Sequence[ListItem]) -> Sequence[str]:
    """The ids of a list's items, without making the items where the list can do without."""
    list_own = getattr(items, "list_item_ids", None)
    return list_own() if list_own else [listed.item_id for listed in items]


def find_places(items: Sequence[ListItem], item_ids: Collection[str]) -> Mapping[str, int]:
    """The places of those of these items that a list holds."""
    find_own = getattr(items, "find_places", None)
    if find_own:
        return find_own(item_ids)
    return {item_id: place for place, item_id in enumerate(list_item_ids(items)) if item_id in item_ids}


class LiveReason(NamedTuple):
    """What a visitor did since the last night that speaks for an item, in the place of a `ReasonItem`."""

    item_id: str
    wanted_date: str
    event_type: str


class ListSubject(NamedTuple):
    """For whom, and beside which item, a list is made.

    Attributes:
        customer_id: None: a stranger.
        item_id: of the page, in the normal form of the shop's catalogue; None: it is about none.
        customer: in the segments of this moment, a stranger too; None: as the night has the customer.
    """

    customer_id: str | None = None
    item_id: str | None = None
    live: LiveState = EMPTY_STATE
    customer: CustomerSlice | None = None


ListRungs = Callable[[Snapshot, ListSubject], Iterator[Rung]]


def gather_rungs(snapshot: Snapshot, subject: ListSubject, sources: Iterable[str]) -> Iterator[Rung]:
    """The rungs of these sources, then the catalogue."""
    for source in (*sources, CATALOGUE):
        yield from RUNGS_BY_SOURCE[source](snapshot, subject)


def select_strict_rungs(ladder: Iterable[Rung], first_source: str | None) -> Iterator[Rung]:
    """The one rung of a strict list: the first that has items, or on later pages that of the first page.
    What may not be shown of it is not replaced by another rung's.
    """
    for rung in ladder:
        if rung.source == CATALOGUE or not len(rung.items):
            continue
        if first_source is None or is_same_list(rung.source, first_source):
            yield rung
            return


def list_personal_rungs(snapshot: Snapshot, subject: ListSubject) -> Iterator[Rung]:
    """The customer's own list; none for a stranger."""
    if subject.customer_id:
        items = snapshot.read_list(contract.get_customer_list_key(subject.customer_id))
        yield Rung(PERSONAL, "chosen for this customer", items)


def list_audience_rungs(snapshot: Snapshot, subject: ListSubject) -> Iterator[Rung]:
    """The list of the narrowest audience that has one: a customer belongs to many, an answer needs one."""
    customer = subject.customer
    if customer is None and subject.customer_id:
        customer = snapshot.read_customer(subject.customer_id)
    if customer is None:
        return
    segments = tuple(
        dict.fromkeys([*([customer.rfm_segment] if customer.rfm_segment else []), *customer.segment_ids])
    )
    for audience in contract.list_audiences(customer.country, segments):
        if items := snapshot.read_list(contract.get_audience_list_key(audience)):
            yield Rung(AUDIENCE, f"popular with {audience}", items)
            return


def list_popular_rungs(snapshot: Snapshot, subject: ListSubject) -> Iterator[Rung]:
    """What is popular in the whole shop."""
    items = snapshot.read_list(contract.get_audience_list_key(contract.POPULAR))
    yield Rung(POPULAR, "popular in the whole shop", items)


def list_new_rungs(snapshot: Snapshot, subject: ListSubject) -> Iterator[Rung]:
    """What the shop has not had for long, the most wanted first."""
    items = snapshot.read_list(contract.get_audience_list_key(contract.NEW))
    yield Rung(NEW, "new in the shop", items)


def list_similar_rungs(snapshot: Snapshot, subject: ListSubject) -> Iterator[Rung]:
    """What is like the item that the list is about; none where it is about none."""
    if subject.item_id:
        items = snapshot.read_list(contract.get_similar_list_key(subject.item_id))
        yield Rung(SIMILAR, f"similar to {subject.item_id}", items)


def list_cart_rungs(snapshot: Snapshot, subject: ListSubject) -> Iterator[Rung]:
    """For each item of the visitor's cart, the newest first, what is like it."""
    for item_id in [*reversed(subject.live.cart)][:MOST_CART_ITEMS]:
        items = snapshot.read_list(contract.get_similar_list_key(item_id))
        yield Rung(CART, f"similar to {item_id}, which is in the cart", items)


def list_catalogue_rungs(snapshot: Snapshot, subject: ListSubject) -> Iterator[Rung]:
    """Every item of the catalogue, in its order, up to `MOST_FILLERS`."""
    items = CatalogueItems(snapshot.vocabulary.item_ids)
    yield Rung(CATALOGUE, "in the catalogue", items)


class CatalogueItems(Sequence[ListItem]):
    """Items without a score, made as they are asked for."""

    def __init__(self, item_ids: Sequence[str]) -> None:
        self.item_ids = item_ids[:MOST_FILLERS]

    def list_item_ids(self) -> Sequence[str]:
        return self.item_ids

    def __len__(self) -> int:
        return len(self.item_ids)

    def __getitem__(self, place):
        return ListItem(self.item_ids[place], 0.0, ())


RUNGS_BY_SOURCE: Mapping[str, ListRungs] = {
    PERSONAL: list_personal_rungs,
    AUDIENCE: list_audience_rungs,
    POPULAR: list_popular_rungs,
    NEW: list_new_rungs,
    SIMILAR: list_similar_rungs,
    CART: list_cart_rungs,
    CATALOGUE: list_catalogue_rungs,
}
