"""What the demo shop's pages show, and who is signed in on them."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import jwt
from werkzeug.exceptions import NotFound

from serving_app.demo.assortment import Assortment, Product, make_product
from serving_app.demo.pictures import draw_item
from serving_app.demo.schemas import ProductQuery, ShelfQuery
from serving_app.demo.shop_file import DemoCustomer, DemoFile, read_demo_file
from serving_app.keys.user_tokens import ALGORITHM, AUDIENCE
from serving_app.storage.protocols import SnapshotStore
from serving_app.storage.snapshots import Snapshot

MOST_PRODUCTS = 20_000  # of a larger catalogue the first ones: a demo is looked at
TOKEN_LIFE = timedelta(hours=12)


class DemoShop:
    """The demo shop of one home."""

    def __init__(
        self, snapshots: SnapshotStore, file: Path, secrets: Sequence[str], clock: Callable[[], datetime]
    ) -> None:
        """
        Args:
            file: `demo.json`, read once.
            secrets: by which user tokens are signed, as the shop's server would; none: pages have no token.
        """
        self._snapshots, self._file, self._secrets, self._clock = snapshots, file, tuple(secrets), clock
        self._lock = threading.Lock()
        self._read: tuple[Snapshot | None, Assortment] = (None, Assortment(()))

    @cached_property
    def settings(self) -> DemoFile:
        return read_demo_file(self._file)

    @property
    def assortment(self) -> Assortment:
        """What is sold, of the snapshot that is published now."""
        snapshot = self._snapshots.get_current()
        with self._lock:
            if self._read[0] is not snapshot:
                self._read = (snapshot, Assortment(read_products(snapshot) if snapshot else ()))
            return self._read[1]

    def describe_home(self) -> dict[str, Any]:
        """What the first page shows."""
        assortment = self.assortment
        return {
            "picks": assortment.list_picks(),
            "news": assortment.list_new(),
            "examples": assortment.list_examples(),
        }

    def describe_shelf(self, query: ShelfQuery) -> dict[str, Any]:
        """A category's products, or what a search finds."""
        found = self.assortment.search(query.q, query.page) if query.q else None
        shelf = found or self.assortment.list_shelf(query.category, query.page)
        return {"shelf": shelf, "query": query, "picks": self.assortment.list_picks("shelf", 4)}

    def describe_product(self, query: ProductQuery) -> dict[str, Any]:
        """A product's page.

        Raises:
            NotFound: the shop has no such product.
        """
        product = self.find_product(query)
        return {"product": product, "picks": self.assortment.list_picks(product.category, 4)}

    def find_product(self, query: ProductQuery) -> Product:
        """
        Raises:
            NotFound: the shop has no such product.
        """
        product = self.assortment.find(query.id)
        if product is None:
            raise NotFound("The shop has no such product.")
        return product

    def draw_picture(self, query: ProductQuery) -> str:
        """A product's picture; of an item that the shop does not show a parcel."""
        product = self.assortment.find(query.id)
        return draw_item(
            query.id, product.category_path if product else (), product.attributes if product else {}
        )

    def list_titles(self) -> dict[str, str]:
        """Every product's title by its id, so that a page can say why it shows something."""
        return {product.item_id: product.title for product in self.assortment.products}

    def find_customer(self, user_id: str) -> DemoCustomer | None:
        """The customer of this id, if it is one that one may be signed in as."""
        return next((one for one in self.settings.customers if one.user_id == user_id), None)

    def sign_token(self, customer: DemoCustomer) -> str:
        """The proof for the page who is signed in; empty where the service wants none."""
        if not self._secrets:
            return ""
        claims = {
            "sub": customer.user_id,
            "aud": AUDIENCE,
            "exp": int((self._clock() + TOKEN_LIFE).timestamp()),
        }
        return jwt.encode(claims, self._secrets[0], algorithm=ALGORITHM)


def read_products(snapshot: Snapshot) -> list[Product]:
    """The products of a snapshot that may be recommended, whether in stock or not."""
    items = snapshot.iterate_items(MOST_PRODUCTS)
    return [make_product(item_id, facts) for item_id, facts in items if facts.is_recommendable]
