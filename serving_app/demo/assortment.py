"""What the demo shop sells: the items of a snapshot, by category, by search, by id. Pure."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from expectations.contracts.snapshot import ItemFacts

WORD = re.compile(r"\w+")
N_PICKS, PAGE_LENGTH = 8, 24


@dataclass(frozen=True)
class Product:
    """An item as the shop's pages show it."""

    item_id: str
    title: str
    category: str
    category_path: tuple[str, ...]
    brand: str
    price: float | None
    currency: str
    is_in_stock: bool
    attributes: Mapping[str, str] = field(default_factory=dict)
    first_seen_at: str = ""

    @property
    def words(self) -> set[str]:
        return {*WORD.findall(f"{self.title} {self.brand} {' '.join(self.category_path)}".lower())}


def make_product(item_id: str, facts: ItemFacts) -> Product:
    """The product that an item of the catalogue is."""
    return Product(
        item_id=item_id,
        title=facts.title or item_id,
        category=facts.category or "Everything",
        category_path=tuple(facts.category_path),
        brand=facts.brand or "",
        price=facts.price,
        currency=facts.currency or "EUR",
        is_in_stock=facts.is_in_stock,
        attributes=facts.attributes,
        first_seen_at=facts.first_seen_at or "",
    )


@dataclass(frozen=True)
class Shelf:
    """One page of products.

    Attributes:
        n_found: on all pages.
    """

    products: Sequence[Product]
    n_found: int
    page: int
    n_pages: int


class Assortment:
    """The products that may be shown, in the order of their titles."""

    def __init__(self, products: Iterable[Product]) -> None:
        self.products = sorted(products, key=lambda product: (product.title, product.item_id))
        self._by_id = {product.item_id: product for product in self.products}
        self._words = [(product, product.words) for product in self.products]
        self.categories = sorted({product.category for product in self.products})

    def find(self, item_id: str) -> Product | None:
        """The product of an id."""
        return self._by_id.get(item_id)

    def list_new(self, n: int = N_PICKS) -> list[Product]:
        """What the shop has not had for long, the newest first."""
        sold = (product for product in self.products if product.is_in_stock)
        return sorted(sold, key=lambda product: product.first_seen_at, reverse=True)[:n]

    def list_picks(self, about: str = "", n: int = N_PICKS) -> list[Product]:
        """What the shop shows by itself: always the same, of all categories."""

        def draw(product: Product) -> bytes:
            return hashlib.blake2b(
                f"{about}/{product.item_id}".encode(errors="replace"), digest_size=8
            ).digest()

        return sorted((product for product in self.products if product.is_in_stock), key=draw)[:n]

    def list_examples(self) -> list[Product]:
        """One product of each category, for its picture."""
        found: dict[str, Product] = {}
        for product in self.products:
            found.setdefault(product.category, product)
        return [found[category] for category in self.categories]

    def list_shelf(self, category: str, page: int) -> Shelf:
        """A page of a category's products; of all where it is empty."""
        return cut([product for product in self.products if category in ("", product.category)], page)

    def search(self, words: str, page: int) -> Shelf:
        """A page of the products of which every word begins a word; those in stock first."""
        wanted = WORD.findall(words.lower())
        found = [
            product
            for product, own in self._words
            if wanted and all(any(word.startswith(part) for word in own) for part in wanted)
        ]
        return cut(sorted(found, key=lambda product: not product.is_in_stock), page)


def cut(products: Sequence[Product], page: int) -> Shelf:
    """One page of many products; of a page that is not there the last."""
    n_pages = max(1, -(-len(products) // PAGE_LENGTH))
    page = min(page, n_pages)
    return Shelf(products[(page - 1) * PAGE_LENGTH : page * PAGE_LENGTH], len(products), page, n_pages)
