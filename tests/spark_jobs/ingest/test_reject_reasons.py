"""Cells that would stop every night if they came through: each line is refused, or kept under the type it
has.
"""

import json
from datetime import datetime
from decimal import Decimal

import pytest
from pyspark.sql import functions as F

from spark_jobs.ingest.parse_values import parse_timestamp, trim_to_null
from spark_jobs.ingest.sources import online_retail, sample_shop, serving
from tests.spark_jobs.ingest.received_records import LINE, ORDER, PRODUCT

EVENT = {
    "type": "track",
    "event": "Product Viewed",
    "messageId": "m",
    "userId": "u",
    "timestamp": "2026-01-05T12:00:00Z",
    "properties": json.dumps({"product_id": "i1"}),
}
CARD = {"crm_id": "c1", "email": "ann@example.org", "updated_at": "2026-01-05T12:00:00Z"}
CONTEXT = {"device": {"type": "phone"}, "consent": {"categoryPreferences": {"personalization": True}}}
SERVED = {"request_id": "r1", "list_source": "popular", "served_at": "2026-01-05T12:00:00Z", "items": "[]"}
MOST = "99999999"  # what a price can be


def test_order_lines_of_the_sample_shop(typed):
    cases = [
        ({}, None),
        ({"ordered_at": "1999-12-31T23:59:59Z"}, "bad_time"),
        ({"ordered_at": "2000-01-01T00:00:00Z"}, None),
        # 99,999,999,000,000: fourteen digits, the column's most
        (
            {"quantity": "1000000", "unit_price": MOST},
            None,
        ),
        ({"quantity": "1000001", "unit_price": MOST}, "bad_number"),  # 100,000,098,999,999: fifteen
    ]
    found = typed(sample_shop.SOURCE, "orders", [ORDER | more for more, _ in cases], "reason")
    assert [reason for (reason,) in found] == [reason for _, reason in cases]


def test_order_lines_of_online_retail(typed):
    cases = [
        ({}, ("sale", None)),
        ({"UnitPrice": "-1"}, ("adjustment", None)),
        ({"UnitPrice": "-1", "StockCode": "POST"}, ("adjustment", None)),
        ({"StockCode": "post"}, ("charge", None)),
        ({"InvoiceNo": "C1", "Quantity": "-6"}, ("return", None)),
        ({"InvoiceNo": "C2"}, ("adjustment", None)),
        ({"InvoiceNo": "C3", "Quantity": "0"}, ("adjustment", None)),
        ({"InvoiceNo": "C4", "Quantity": "-6", "UnitPrice": "-1"}, ("adjustment", None)),
        ({"InvoiceNo": "A1", "UnitPrice": "-11062.06"}, ("bookkeeping", None)),
        ({"Quantity": "-6"}, ("adjustment", None)),
        ({"Quantity": "1000001", "UnitPrice": MOST}, ("sale", "bad_number")),
        ({"InvoiceDate": "1999-12-31 23:59:59"}, ("sale", "bad_time")),
        ({"InvoiceDate": "2026-01-07 08:26:00"}, ("sale", "bad_time")),  # it landed on the 5th
        ({"InvoiceDate": "08:26:00"}, ("sale", "bad_time")),
    ]
    found = typed(online_retail.SOURCE, "lines", [LINE | more for more, _ in cases], "line_type", "reason")
    assert found == [said for _, said in cases]


def test_lines_of_one_invoice_are_numbered_whatever_the_case_of_its_letters(typed):
    lines = [LINE | {"InvoiceNo": said, "Quantity": "-1"} for said in ("C1", "c1", "C2", " c1 ")]
    found = typed(online_retail.SOURCE, "lines", lines, "order_id", "line_no")
    assert found == [("C1", 1), ("C1", 2), ("C2", 1), ("C1", 3)]


def test_online_retail_speaks_of_times_in_london(typed):
    lines = [LINE | {"InvoiceDate": "2025-07-01 08:26:00"}, LINE]
    summer, winter = typed(online_retail.SOURCE, "lines", lines, "ordered_at", "amount")
    assert summer == (datetime(2025, 7, 1, 7, 26), Decimal("15.3"))
    assert winter == (datetime(2026, 1, 5, 8, 26), Decimal("15.3"))


@pytest.mark.parametrize("blank", ["\t", "\u00a0", " \u2003\x1c", ""])
def test_white_space_of_any_kind_is_nothing_said(typed, blank):
    events = [EVENT | {"userId": blank}, EVENT | {"userId": f"{blank}u{blank}"}]
    assert typed(sample_shop.SOURCE, "events", events, "reason", "_user_id") == [
        ("missing_field", None),
        (None, "u"),
    ]
    cards = [CARD | {"email": blank}, CARD | {"crm_id": blank}]
    assert typed(sample_shop.SOURCE, "people", cards, "reason", "email", "email_identifier_id")[0] == (
        None,
        None,
        None,
    )
    assert typed(sample_shop.SOURCE, "people", cards, "reason")[1] == ("missing_field",)


def test_numbers_of_a_purchase_meet_no_message_id(typed):
    bought = json.dumps({"order_id": "o", "products": [{"product_id": "i1"}, {"product_id": "i2"}]})
    purchase = EVENT | {"event": "Order Completed", "properties": bought}
    ids = ["m", "m#1", "m#", "m##1", "m#1#1"]
    records = [EVENT | {"messageId": each} for each in ids] + [purchase | {"messageId": each} for each in ids]
    found = [event_id for (event_id,) in typed(sample_shop.SOURCE, "events", records, "event_id")]
    assert len(found) == len(set(found)) == 5 + 2 * 5
    assert found[:2] == ["m", "m##1"] and found[5:9] == ["m#1", "m#2", "m##1#1", "m##1#2"]


def test_a_time_that_names_no_zone_is_of_the_source(spark):
    said = {
        "2025-07-01 12:00": datetime(2025, 7, 1, 10),
        "2025-07-01T12:00:00.250": datetime(2025, 7, 1, 10, 0, 0, 250_000),
        "2025-07-01T12:00:00Z": datetime(2025, 7, 1, 12),
        "2025-07-01T12:00:00+05:30": datetime(2025, 7, 1, 6, 30),
        "2025-07-01 12:00:00 America/New_York": datetime(2025, 7, 1, 16),
        "\u00a02025-01-01 12:00:00\t": datetime(2025, 1, 1, 11),
        "2025-07-01": None,
        "12:00": None,
    }
    frame = spark.createDataFrame([(each,) for each in said], "said string")
    found = frame.select(
        "said", parse_timestamp(F.col("said"), "Europe/Paris").alias("at"), trim_to_null(F.col("said"))
    ).collect()
    assert {row["said"]: row["at"] for row in found} == said


def test_a_value_of_another_json_kind_is_refused_and_named(typed):
    """Each was null without a word: an event of no product, an item of no category, a "no" that
    nobody heard.
    """
    events = [
        ({"context": json.dumps(CONTEXT)}, (None, None)),
        ({"context": json.dumps(CONTEXT | {"device": "phone"})}, ("wrong_kind", "context.device")),
        # a no, and doubted: test_consents.py
        (
            {"context": json.dumps(CONTEXT | {"consent": "denied"})},
            (None, None),
        ),
        ({"context": "denied"}, ("wrong_kind", "context")),
        (
            {"properties": json.dumps({"product_id": ["i1"]})},
            ("bad_id", "properties.product_id is neither a string nor a whole number"),
        ),
        ({"properties": json.dumps({"product_id": "i1", "weight": 10**1000})}, ("wrong_kind", "properties")),
        (
            {
                "event": "Order Completed",
                "properties": json.dumps({"order_id": "o", "product_id": "i1", "products": "i1, i2"}),
            },
            ("wrong_kind", "properties.products"),
        ),
    ]
    found = typed(sample_shop.SOURCE, "events", [EVENT | more for more, _ in events], "reason", "detail")
    assert found == [expected for _, expected in events]
    items = [
        ({"category_path": '["Food","Oil"]', "attributes": '{"origin":"GR"}'}, (None, None)),
        ({"category_path": "Food > Oil"}, ("wrong_kind", "category_path")),
        ({"category_path": '["Food",null,"Oil"]'}, ("wrong_kind", "category_path[]")),
        ({"category_path": '["Food"," "]'}, ("bad_value", "category_path")),
        ({"attributes": "origin:GR"}, ("wrong_kind", "attributes")),
    ]
    found = typed(sample_shop.SOURCE, "catalogue", [PRODUCT | more for more, _ in items], "reason", "detail")
    assert found == [expected for _, expected in items]
    served = [
        ({"items": '[{"item_id":"i1","rank":1,"score":0.5,"source":"popular"}]'}, (None, None)),
        ({"items": '[{"item_id":"i1","rank":"first"}]'}, ("wrong_kind", "items[].rank")),
        ({"items": "[null]"}, ("wrong_kind", "items[]")),
        ({"applied_overrides": "pin"}, ("wrong_kind", "applied_overrides")),
    ]
    found = typed(serving.SOURCE, "impressions", [SERVED | more for more, _ in served], "reason", "detail")
    assert found == [expected for _, expected in served]
