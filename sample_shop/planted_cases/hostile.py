"""Values that a type can hold and a shop cannot mean: quantities, prices, a megabyte of text, nulls and
kinds of JSON.
"""

from typing import Any

from sample_shop.planted_cases.records import (
    Day,
    Line,
    Site,
    due,
    event_line,
    item_line,
    order_line,
)

FIRST_DAY, EVERY = 4, 14
MEGABYTE = 1 << 20
MOST_INT, MOST_PRICE = 2_147_483_647, 99_999_999.99

# Kind → what a "Product Added" says; all of them are to be refused as a number.
ADDED: dict[str, dict[str, Any]] = {
    "largest_sum": {"quantity": MOST_INT, "price": MOST_PRICE},
    "quantity_negative": {"quantity": -3},
    "quantity_beyond_int": {"quantity": MOST_INT + 1},
    "quantity_nan": {"quantity": "NaN"},
    "price_beyond_all": {"quantity": 1, "price": 1e308},
    "price_negative": {"quantity": 1, "price": -9.99},
    "price_infinite": {"quantity": 1, "price": "Infinity"},
}
ORDERED: dict[str, dict[str, str]] = {
    "largest_sum": {"quantity": str(MOST_INT), "unit_price": f"{MOST_PRICE}"},
    "quantity_nan": {"quantity": "NaN"},
    "price_beyond_all": {"unit_price": "1e308"},
    "price_negative": {"unit_price": "-9.99"},
}
# Kind → what an item says, and the code it should be refused with.
ITEMS: dict[str, tuple[dict[str, Any], str]] = {
    "megabyte_of_text": ({"title": "oil " * (MEGABYTE // 4)}, "too_large"),
    "price_beyond_all": ({"price": 1e308}, "bad_number"),
    "stock_beyond_int": ({"stock": MOST_INT + 1}, "bad_number"),
    "path_with_null": ({"category_path": ["Food", None, "Oil"]}, "wrong_kind"),
    "path_in_words": ({"category_path": "Food > Pantry > Oil"}, "wrong_kind"),
    "attributes_in_words": ({"attributes": "origin:GR"}, "wrong_kind"),
}


def plant(site: Site, day: Day) -> None:
    """One record of each kind, every two weeks; none of them is about a person or an item of the shop's."""
    if not due(site.day, FIRST_DAY, EVERY):
        return
    for kind, values in ADDED.items():
        browser = site.browser(f"hostile {kind}")
        line = event_line(
            site, f"hostile {kind}", site.at(15), browser=browser, event="Product Added", **values
        )
        day.lines["events"].append(Line(kind, browser, line, "bad_number"))
    for number, (kind, fields) in enumerate(ORDERED.items()):
        order_id = f"HO{site.day:04d}{number:02d}"
        line = order_line(order_id, 1, site.at(15), site.item(number), **fields)
        day.lines["orders"].append(Line(kind, order_id, line, "bad_number"))
    for number, (kind, (values, reason)) in enumerate(ITEMS.items()):
        item_id = f"SKU-HOSTILE-{site.day:04d}{number:02d}"
        day.lines["catalogue"].append(Line(kind, item_id, item_line(item_id, site.at(8), **values), reason))
