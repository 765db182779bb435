"""The days of behaviour are those of the shop's clock."""

from datetime import date, datetime

from spark_jobs.learning_data.behaviour import aggregate_daily_behaviour, shift_to_shop_time


def test_days_are_the_shops(spark):
    """02:30 UTC is the evening before in New York."""
    row = ("c", "i", "purchase", datetime(2026, 1, 6, 2, 30))
    frame = spark.createDataFrame(
        [row], "customer_id string, item_id string, interaction_type string, occurred_at timestamp"
    )
    days = {
        zone: aggregate_daily_behaviour(shift_to_shop_time(frame, "occurred_at", zone)).first()["day"]
        for zone in ("America/New_York", "UTC")
    }
    assert days == {
        "America/New_York": (date(2026, 1, 5) - date(1970, 1, 1)).days,
        "UTC": (date(2026, 1, 6) - date(1970, 1, 1)).days,
    }
