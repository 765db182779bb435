"""`<event>_date` is the day on the shop's wall: an evening in New York is not tomorrow, a night in Auckland
not yesterday.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from pyspark.sql import functions as F

from expectations.contracts.lake import CORE_EVENTS, CORE_IMPRESSIONS, CORE_ITEM_CHANGES, CORE_ORDER_LINES
from spark_jobs.ingest.item_changes import derive_item_changes
from spark_jobs.ingest.parse_values import is_after_landing, shop_date
from spark_jobs.ingest.sources import sample_shop, serving
from spark_jobs.sources import registry

ZONES = (
    "UTC",
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "Asia/Kolkata",
    "Pacific/Auckland",
    "Etc/GMT+12",
)
LANDED = date(2026, 1, 5)
EVENING = "2026-01-06T03:30:00Z"  # 22:30 of the 5th in New York
NEW_YORK = replace(sample_shop.SOURCE, time_zone="America/New_York")


def test_the_shop_day_is_that_of_its_wall_clock(spark):
    """Against Python's own zones, on both sides of each midnight and of the changes of summer
    time in 2026.
    """
    days = ("2026-01-01", "2026-03-08", "2026-03-29", "2026-07-01", "2026-11-01")
    around = [
        datetime.fromisoformat(f"{day}T00:00:00+00:00") + timedelta(minutes=30 * n)
        for day in days
        for n in range(48)
    ]
    frame = spark.createDataFrame([(at,) for at in around], "at timestamp")
    rows = frame.select("at", *[shop_date(F.col("at"), zone).alias(zone) for zone in ZONES]).collect()
    assert len(rows) == len(around) == 240
    for row in rows:
        at = row["at"].replace(tzinfo=UTC)
        assert [row[zone] for zone in ZONES] == [at.astimezone(ZoneInfo(zone)).date() for zone in ZONES], at


def test_a_time_is_too_late_by_the_days_of_the_shop(spark):
    at = spark.createDataFrame([(datetime(2026, 1, 7, 3, 30), LANDED)], "at timestamp, landed date")
    zones = ("America/New_York", "UTC", "Pacific/Auckland")
    found = at.select(*[is_after_landing(F.col("at"), F.col("landed"), zone) for zone in zones]).first()
    assert tuple(found) == (False, True, True)


def test_every_feed_puts_an_evening_on_the_day_it_began(typed_by):
    order = {
        "order_id": "o1",
        "line_no": "1",
        "ordered_at": EVENING,
        "item_id": "i1",
        "quantity": "2",
        "unit_price": "2.50",
        "currency": "EUR",
        "kind": "sale",
    }
    event = {"type": "page", "messageId": "m", "userId": "u", "timestamp": EVENING}
    served = {"request_id": "r", "served_at": EVENING, "list_source": "popular", "items": "[]"}
    service = registry.share_time_zone([NEW_YORK, serving.SOURCE])[-1]
    for source, entity, record, table in (
        (NEW_YORK, "orders", order, CORE_ORDER_LINES),
        (NEW_YORK, "events", event, CORE_EVENTS),
        (service, "impressions", served, CORE_IMPRESSIONS),
    ):
        at = table.partition.replace("_date", "_at")
        found = typed_by(source, entity, [record]).select("reason", table.partition, at).collect()
        assert [tuple(row) for row in found] == [(None, LANDED, datetime(2026, 1, 6, 3, 30))], table.name


def test_a_change_of_the_catalogue_lies_on_its_evening(typed_by):
    item = {
        "item_id": "i1",
        "title": "Tin",
        "price": "1",
        "currency": "EUR",
        "status": "active",
        "updated_at": EVENING,
    }
    changes = derive_item_changes(typed_by(NEW_YORK, "catalogue", [item]), None)
    assert {row["changed_date"] for row in changes.select(CORE_ITEM_CHANGES.partition).collect()} == {LANDED}
