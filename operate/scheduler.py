"""`make airflow`: the real scheduler on this home."""

from operate import airflow
from operate.settings import settings_or_exit

if __name__ == "__main__":
    settings = settings_or_exit()
    raise SystemExit(airflow.serve(airflow.environment(settings.home, settings.spark_master)))
