"""What a contract does not allow is refused where it comes in, by each feed, and what it allows comes
through.
"""

import json
from decimal import Decimal

from expectations.contracts.lake import CORE_ITEMS
from expectations.contracts.tables import MAX_CHARACTERS, MAX_ENTRIES, MAX_QUANTITY
from spark_jobs.ingest.sources import online_retail, sample_shop, serving
from tests.spark_jobs.ingest.received_records import LINE, ORDER, PRODUCT

# a character is none of Java's halves
LONG, LONGEST = (
    "x" * (MAX_CHARACTERS + 1),
    "\U0001f469" * MAX_CHARACTERS,
)
CARD = {"crm_id": "c1", "updated_at": "2026-01-05T12:00:00Z"}
SERVED = {"request_id": "r1", "list_source": "popular", "served_at": "2026-01-05T12:00:00Z", "items": "[]"}
BOTH = [{"product_id": "i1"}, {"product_id": "i2", "quantity": MAX_QUANTITY + 1}]
NULL = (None, None)


def event(context: dict | None = None, name: str = "Product Added", **properties: object) -> dict:
    said = {"product_id": "i1", **properties}
    return {
        "type": "track",
        "event": name,
        "messageId": "m",
        "userId": "u",
        "timestamp": "2026-01-05T12:00:00Z",
        "properties": json.dumps(said),
        "context": json.dumps(context or {}),
    }


def check(typed, source, entity: str, cases: list[tuple[dict, tuple]]) -> None:
    found = typed(source, entity, [record for record, _ in cases], "reason", "detail")
    assert found == [expected for _, expected in cases]


def test_events(typed):
    most = {"quantity": MAX_QUANTITY, "price": 99999999.9999}
    cases = [
        (event(**most), NULL),
        (event(**most | {"quantity": MAX_QUANTITY + 1}), ("bad_number", "quantity")),
        # Any visitor can send this one, and no amount holds what it comes to.
        (event(quantity=2147483647, price=99999999.99), ("bad_number", "quantity")),
        (event(quantity=-0.0), ("bad_number", "quantity")),
        (event(price=1e308), ("bad_number", "price")),
        (event(name="Order Completed", order_id="o", products=BOTH), ("bad_number", "quantity")),
        (event({"page": {"path": "/" + 8191 * "x"}, "campaign": {"name": LONGEST}}), NULL),
        (event({"page": {"path": "/" + 8192 * "x"}}), ("too_large", "page_path")),
        (event({"device": {"type": LONG}}), ("too_large", "device_type")),
    ]
    check(typed, sample_shop.SOURCE, "events", cases)


def test_the_most_that_is_accepted_fits_an_amount(typed):
    most = {"quantity": str(MAX_QUANTITY), "unit_price": "99999999.9999"}
    found = typed(sample_shop.SOURCE, "orders", [ORDER | most], "reason", "amount")
    assert found == [(None, Decimal("99999999999900.0000"))]


def test_lines_of_orders(typed):
    cases = [
        (ORDER | {"quantity": str(MAX_QUANTITY + 1), "unit_price": "0.01"}, ("bad_number", "quantity")),
        (ORDER | {"channel": LONGEST}, NULL),
        (ORDER | {"channel": LONG}, ("too_large", "channel")),
    ]
    check(typed, sample_shop.SOURCE, "orders", cases)
    cases = [
        (LINE | {"Quantity": str(-MAX_QUANTITY), "InvoiceNo": "C1"}, NULL),
        (LINE | {"Quantity": str(-MAX_QUANTITY - 1), "InvoiceNo": "C1"}, ("bad_number", "quantity")),
        (LINE | {"Description": LONGEST}, NULL),
        (LINE | {"Description": LONG}, ("too_large", "item_title")),
    ]
    check(typed, online_retail.SOURCE, "lines", cases)


def test_items(typed):
    cases = [
        (
            PRODUCT
            | {"title": LONGEST, "category_path": json.dumps(MAX_ENTRIES * ["a"]), "stock": "2147483647"},
            NULL,
        ),
        (PRODUCT | {"title": LONG}, ("too_large", "title")),
        (PRODUCT | {"category_path": json.dumps((MAX_ENTRIES + 1) * ["a"])}, ("too_large", "category_path")),
        (PRODUCT | {"category_path": json.dumps([LONG])}, ("too_large", "category_path")),
        (
            PRODUCT | {"attributes": json.dumps({f"a{n}": n for n in range(MAX_ENTRIES + 1)})},
            ("too_large", "attributes"),
        ),
        (PRODUCT | {"attributes": json.dumps({LONG: 1})}, ("too_large", "attributes")),
        (PRODUCT | {"attributes": json.dumps({"a": [LONG]})}, ("too_large", "attributes")),
        (PRODUCT | {"stock": "2147483648"}, ("bad_number", "stock")),
        (PRODUCT | {"price": "100000000"}, ("bad_number", "price")),
        (PRODUCT | {"updated_at": "1999-12-31T23:59:59Z"}, ("bad_time", "updated_at")),
    ]
    check(typed, sample_shop.SOURCE, "catalogue", cases)
    assert set(CORE_ITEMS.lengths) == {"image_url"}


def test_people(typed):
    cases = [
        (CARD | {"created_at": "1900-01-01T00:00:00Z", "birth_date": "0001-01-01", "city": LONGEST}, NULL),
        (CARD | {"created_at": "0001-01-01T00:00:00Z"}, ("bad_time", "created_at")),
        (CARD | {"created_at": "9999-12-31T00:00:00Z"}, ("bad_time", "created_at")),
        (CARD | {"updated_at": "0001-01-01T00:00:00Z"}, ("bad_time", "updated_at")),
        (CARD | {"birth_date": "0000-01-01"}, ("bad_time", "birth_date")),
        (CARD | {"address_line": LONG}, ("too_large", "address_line")),
    ]
    check(typed, sample_shop.SOURCE, "people", cases)


def test_served_lists(typed):
    items = [
        {"item_id": f"i{rank}", "rank": rank, "score": 0.5, "source": "popular"} for rank in range(1, 1002)
    ]
    cases = [
        (SERVED | {"propensity": "1.0", "items": json.dumps(items[:1000])}, NULL),
        (SERVED | {"items": json.dumps(items)}, ("too_large", "items")),
        (SERVED | {"items": json.dumps(items[1:3])}, ("bad_value", "items")),  # ranks count from one
        (SERVED | {"items": json.dumps([items[0], items[0] | {"rank": 2}])}, ("bad_value", "items")),
        (SERVED | {"customer_id": "u-4711"}, ("bad_value", "customer_id")),
        (SERVED | {"customer_id": "c_" + 24 * "0"}, NULL),
        (SERVED | {"propensity": "NaN"}, ("bad_number", "propensity")),
        (SERVED | {"propensity": "Infinity"}, ("bad_number", "propensity")),
        (SERVED | {"served_at": "0001-01-01T00:00:00Z"}, ("bad_time", "served_at")),
        (SERVED | {"placement": LONG}, ("too_large", "placement")),
    ]
    check(typed, serving.SOURCE, "impressions", cases)
