"""`make airflow`: the real scheduler on this home, `nightly` on its cron; the sample shop trades a day for
each night.
"""

from datetime import UTC, date, datetime, timedelta

from expectations.contracts import shop_clock
from operate import airflow
from operate.first_nights import OPENING_DAY
from operate.settings import load_settings_or_exit
from spark_jobs.settings import Settings
from spark_jobs.sources.landed_files import list_landing_dates

NIGHT_BEGINS = timedelta(hours=3)  # the cron of dags/nightly.py, UTC


def find_last_run_day(now: datetime) -> date:
    """The day of the newest scheduled run that is due by now: Airflow starts that one at once when it has not
    been.
    """
    return (now.astimezone(UTC) - NIGHT_BEGINS).date()


def announce_next_nights(settings: Settings, now: datetime) -> None:
    """Set the sample shop's clock, and say which night comes when."""
    run_day = find_last_run_day(now)
    if settings.sources != ("sample_shop",):
        print(
            f"The night over {run_day - timedelta(days=1)} runs at once if it has not, then one each day at"
            " 03:00 UTC."
        )
        return
    traded = list_landing_dates(settings.landing / "sample_shop" / "orders")
    day = shop_clock.set_next_landing_day(settings.home, run_day, max(traded, default=None), OPENING_DAY)
    print(
        f"The sample shop keeps a calendar of its own: its night over {day} runs at once if it has not, then"
        " one more day"
    )
    print(
        "each day at 03:00 UTC. The search for a better configuration and housekeeping wait for their own"
        " times."
    )
    if not traded:
        print(
            "This home is empty: its first night is the shop's opening day. `make run` gives it 45 days"
            " first."
        )


def main() -> int:
    settings = load_settings_or_exit()
    env = airflow.build_environment(settings.home, settings.spark_master)
    return airflow.run_scheduler(env, lambda: announce_next_nights(settings, datetime.now(UTC)))


if __name__ == "__main__":
    raise SystemExit(main())
