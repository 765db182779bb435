"""`make airflow`: the real scheduler on this home."""

from operate import airflow
from spark_jobs.settings import Settings

if __name__ == "__main__":
    settings = Settings.from_environment()
    raise SystemExit(airflow.serve(airflow.environment(settings.home, settings.spark_master)))
