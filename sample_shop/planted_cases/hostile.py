"""Values that a type can hold and a shop cannot mean: quantities, prices, a megabyte of text, nulls and
kinds of JSON.
"""

from typing import Any

from sample_shop.planted_cases.records import (
    EventVisitor,
    PlantedDay,
    PlantedLine,
    PlantingSite,
    format_catalogue_item,
    format_event,
    format_order_line,
    is_due,
)

FIRST_DAY, EVERY = 4, 14
MEGABYTE = 1 << 20
MOST_INT, MOST_PRICE = 2_147_483_647, 99_999_999.99

# Kind → what a "Product Added" says; all of them are to be refused as a number.
CART_EVENTS: dict[str, dict[str, Any]] = {
    "largest_sum": {"quantity": MOST_INT, "price": MOST_PRICE},
    "quantity_negative": {"quantity": -3},
    "quantity_beyond_int": {"quantity": MOST_INT + 1},
    "quantity_nan": {"quantity": "NaN"},
    "price_beyond_all": {"quantity": 1, "price": 1e308},
    "price_negative": {"quantity": 1, "price": -9.99},
    "price_infinite": {"quantity": 1, "price": "Infinity"},
}
ORDER_LINES: dict[str, dict[str, str]] = {
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


def add_cases(site: PlantingSite, day: PlantedDay) -> None:
    """One record of each kind, every two weeks; none of them is about a person or an item of the shop's."""
    if not is_due(site.day, FIRST_DAY, EVERY):
        return
    for kind, values in CART_EVENTS.items():
        case, browser = f"hostile {kind}", site.make_anonymous_id(f"hostile {kind}")
        line = format_event(
            site, case, site.moment_ms(15), EventVisitor(browser), event="Product Added", **values
        )
        day.lines["events"].append(PlantedLine(kind, browser, line, "bad_number"))
    for number, (kind, fields) in enumerate(ORDER_LINES.items()):
        order_id = f"HO{site.day:04d}{number:02d}"
        line = format_order_line(order_id, 1, site.moment_ms(15), site.pick_item(number), **fields)
        day.lines["orders"].append(PlantedLine(kind, order_id, line, "bad_number"))
    for number, (kind, (values, reason)) in enumerate(ITEMS.items()):
        item_id = f"SKU-HOSTILE-{site.day:04d}{number:02d}"
        day.lines["catalogue"].append(
            PlantedLine(kind, item_id, format_catalogue_item(item_id, site.moment_ms(8), **values), reason)
        )
