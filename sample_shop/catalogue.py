"""What is on the shelf: items with their hidden worth, prices, stock, launches and ends, and the nightly
catalogue file.
"""

import numpy as np
import orjson

from sample_shop.assortment import ADJECTIVES, BRANDS, CATEGORIES, ITEMS_AT_OPENING, LAUNCHES_PER_DAY
from sample_shop.columns import Columns
from sample_shop.random_streams import create_random_stream, make_opaque_id
from sample_shop.shop_calendar import get_day_start_ms

CATEGORY_DIMS, BRAND_DIMS, STYLE_DIMS = 6, 4, 6
SALE_SHARE, SALE_DAYS = 0.008, (3, 10)
LEAD_DAYS = (2, 9)
NO_RESTOCK_PER_DAY = 0.0008  # share of items that are not ordered again, and end when sold out


class Catalogue:
    """The items of the shop; `items` holds one row per item ever launched, in order of launch."""

    def __init__(self, seed: int, n_customers: int) -> None:
        self.seed, self.scale = seed, n_customers / 2000
        rng = create_random_stream(seed, "world")
        broad = {name: rng.normal(size=CATEGORY_DIMS) for name in sorted({c.path[0] for c in CATEGORIES})}
        vectors = [0.7 * broad[c.path[0]] + 0.75 * rng.normal(size=CATEGORY_DIMS) for c in CATEGORIES]
        self.categories = Columns(
            vector=np.array(vectors) / np.sqrt(CATEGORY_DIMS),
            season=np.array([c.season for c in CATEGORIES]),
            peak_day=np.array([c.peak_day for c in CATEGORIES], dtype=float),
        )
        self.brands = Columns(
            vector=rng.normal(size=(len(BRANDS), BRAND_DIMS)) / np.sqrt(BRAND_DIMS),
            level=rng.normal(0, 0.6, len(BRANDS)),
        )
        self.items = Columns()
        self._launch(create_random_stream(seed, "launch", 0), 0, ITEMS_AT_OPENING)

    def _launch(self, rng: np.random.Generator, day: int, n: int) -> None:
        """Add `n` items. Popularity is skewed: worth is normal on the log scale, with a few stars."""
        category = rng.integers(0, len(CATEGORIES), n)
        if day == 0:
            category = rng.permutation(np.arange(n) % len(CATEGORIES))
        brand = rng.integers(0, len(BRANDS), n)
        price_z = np.clip(0.7 * rng.normal(size=n) + 0.6 * self.brands.level[brand], -2.2, 2.2)
        low = np.log([CATEGORIES[c].price_low for c in category])
        high = np.log([CATEGORIES[c].price_high for c in category])
        price = np.floor(np.exp(low + (high - low) * (price_z + 2.2) / 4.4)) + rng.choice(
            [0.49, 0.90, 0.95, 0.99], n
        )
        worth = 0.75 * rng.normal(size=n) + rng.exponential(0.45, n)
        up_to = np.ceil(self.scale * np.exp(0.8 * worth) * rng.uniform(4, 30, n) + 3).astype(np.int64)
        self.items.append(
            category=category,
            brand=brand,
            style=rng.normal(size=(n, STYLE_DIMS)) / np.sqrt(STYLE_DIMS),
            quality=worth,
            price_z=price_z,
            usual_price=price,
            price=price,
            launched=np.full(n, day),
            cycle=np.array([CATEGORIES[c].cycle_days for c in category]) * rng.uniform(0.8, 1.25, n),
            up_to=up_to,
            stock=up_to,
            arrives=np.full(n, -1),
            is_reordered=np.ones(n, dtype=bool),
            is_active=np.ones(n, dtype=bool),
            sale_until=np.full(n, -1),
            renown=np.exp(worth + 0.8 * rng.normal(size=n)),
            updated_ms=get_day_start_ms(day) + rng.integers(0, 7 * 3_600_000, n),
            words=rng.integers(0, 1 << 30, (n, 4)),
        )

    def open_day(self, day: int) -> Columns:
        """Launches and prices of the morning. Returns the day's shelf: availability, position in its listing,
        price.
        """
        rng = create_random_stream(self.seed, "launch", day)
        if day > 0:
            self._launch(rng, day, rng.poisson(LAUNCHES_PER_DAY))
        items, n = self.items, len(self.items)
        rng = create_random_stream(self.seed, "prices", day)
        starts = (rng.random(n) < SALE_SHARE) & (items.sale_until < day) & (items.launched < day)
        cut, lasts = rng.choice([0.75, 0.8, 0.85, 0.9], n), rng.integers(*SALE_DAYS, n)
        changes = starts | (items.sale_until == day)
        items.sale_until[starts] = (day + lasts)[starts]
        on_sale = items.sale_until > day
        items.price[changes] = np.round(np.where(starts, items.usual_price * cut, items.usual_price), 2)[
            changes
        ]
        raised = (rng.random(n) < 0.002) & ~on_sale & (items.launched < day)
        items.price[raised] = np.round(items.price[raised] * 1.05, 2)
        items.updated_ms[changes | raised] = get_day_start_ms(day) + 5 * 3_600_000
        fame = np.log(items.renown) + 0.35 * rng.normal(size=n)
        order = np.lexsort((-fame, items.category))
        first = np.concatenate([[0], np.flatnonzero(np.diff(items.category[order])) + 1])
        run = np.arange(n) - np.repeat(first, np.diff([*first, n]))
        position = np.empty(n)
        position[order] = run
        return Columns(
            is_available=items.is_active & (items.stock > 0), position=position, price=items.price.copy()
        )

    def close_day(self, day: int, sold: np.ndarray, viewed: np.ndarray) -> None:
        """Book sales and returns off stock, order again, end what is not ordered again. `sold`, `viewed`:
        (n_items,).
        """
        items, rng, n = self.items, create_random_stream(self.seed, "stock", day), len(self.items)
        before, was_active = items.stock.copy(), items.is_active.copy()
        items.stock[:] = np.maximum(items.stock - sold, 0)
        arrived = items.arrives == day
        items.stock[arrived] += items.up_to[arrived]
        items.arrives[arrived] = -1
        lead, ends = rng.integers(*LEAD_DAYS, n), rng.random(n) < NO_RESTOCK_PER_DAY
        items.is_reordered[ends & (items.launched < day)] = False
        due = items.is_active & items.is_reordered & (items.arrives < 0) & (items.stock < 0.2 * items.up_to)
        items.arrives[due] = (day + lead)[due]
        runs_out = ~items.is_reordered & (rng.random(n) < 0.12)  # the last pieces go to the outlet
        items.stock[runs_out] = 0
        items.is_active[~items.is_reordered & (items.stock == 0) & (items.arrives < 0)] = False
        items.renown[:] = 0.93 * items.renown + 0.07 * (viewed * 20.0 / max(viewed.mean() * 20, 1e-9) + 0.05)
        changed = (items.stock != before) | (items.is_active != was_active)
        items.updated_ms[changed] = get_day_start_ms(day) + 23 * 3_600_000 + 50 * 60_000

    def make_item_id(self, row: int) -> str:
        """The shop's id of an item."""
        return f"SKU-{make_opaque_id(self.seed, 'item', int(row), 8)}"

    def compose_title(self, row: int) -> str:
        """Brand, adjective, noun, as shown."""
        items, words = self.items, self.items.words[row]
        category = CATEGORIES[items.category[row]]
        noun = category.nouns[words[1] % len(category.nouns)]
        return f"{BRANDS[items.brand[row]]} {ADJECTIVES[words[0] % len(ADJECTIVES)]} {noun}"

    def format_lines(self) -> list[bytes]:
        """The catalogue file of the night: one JSON line per item ever launched."""
        items, updated = (
            self.items,
            np.datetime_as_string(self.items.updated_ms.astype("datetime64[ms]"), "s"),
        )
        lines = []
        for row in range(len(items)):
            category, words, item_id = (
                CATEGORIES[items.category[row]],
                items.words[row],
                self.make_item_id(row),
            )
            attributes = {
                name: values[words[2 + k] % len(values)]
                for k, (name, values) in enumerate(sorted(category.attributes.items()))
            }
            record = {
                "item_id": item_id,
                "title": self.compose_title(row),
                "category_path": list(category.path),
                "brand": BRANDS[items.brand[row]],
                "price": float(items.price[row]),
                "currency": "EUR",
                "stock": int(items.stock[row]),
                "attributes": attributes,
                "image_url": f"https://shop.example/images/{item_id}.jpg",
                "is_consumable": category.cycle_days > 0,
                "status": "active" if items.is_active[row] else "discontinued",
                "updated_at": f"{updated[row]}Z",
            }
            lines.append(orjson.dumps(record))
        return lines
