"""The sample shop's clock, as `make run` and `make airflow` set it: what is its next day."""

from datetime import UTC, date, datetime, timedelta

from expectations.contracts import shop_clock
from spark_jobs.settings import Settings
from spark_jobs.sources.landed_files import list_landing_dates

OPENING_DAY = date(2026, 1, 5)  # the sample shop's first day
NIGHT_BEGINS = timedelta(hours=3)  # the cron of dags/nightly.py, UTC


def find_last_run_day(now: datetime) -> date:
    """The day of the newest scheduled run that is due by now: Airflow starts that one at once when it has not
    been.
    """
    return (now.astimezone(UTC) - NIGHT_BEGINS).date()


def find_last_traded(settings: Settings) -> date | None:
    """The newest day that the sample shop traded; None in an empty home."""
    return max(list_landing_dates(settings.landing / "sample_shop" / "orders"), default=None)


def set_sample_shop_clock(settings: Settings, now: datetime) -> date:
    """Let the newest run that is due handle the sample shop's next day, which is its today; that day."""
    last_traded = find_last_traded(settings)
    return shop_clock.set_next_landing_day(settings.home, find_last_run_day(now), last_traded, OPENING_DAY)
