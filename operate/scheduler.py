"""`make airflow`: the real scheduler on this home, `nightly` on its cron; the sample shop trades a day for
each night.
"""

from datetime import UTC, datetime, timedelta

from operate import airflow
from operate.settings import load_settings_or_exit
from operate.shop_calendar import find_last_run_day, find_last_traded, set_sample_shop_clock
from spark_jobs.settings import Settings


def announce_next_nights(settings: Settings, now: datetime) -> None:
    """Set the sample shop's clock, and say which night comes when."""
    if settings.sources != ("sample_shop",):
        run_day = find_last_run_day(now)
        print(
            f"The night over {run_day - timedelta(days=1)} runs at once if it has not, then one each day at"
            " 03:00 UTC."
        )
        return
    last_traded, day = find_last_traded(settings), set_sample_shop_clock(settings, now)
    print(
        f"The sample shop keeps a calendar of its own: its night over {day} runs at once if it has not, then"
        " one more day"
    )
    print(
        "each day at 03:00 UTC. The search for a better configuration and housekeeping wait for their own"
        " times."
    )
    if last_traded is None:
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
