"""`make mlflow`: MLflow's pages on this home's runs and models."""

import subprocess
import sys
from pathlib import Path

from spark_jobs.settings import Settings

if __name__ == "__main__":
    settings = Settings.from_environment()
    command = ["mlflow", "ui", "--backend-store-uri", settings.mlflow_uri, "--host", "127.0.0.1", "--port", "5000"]
    raise SystemExit(subprocess.call([Path(sys.prefix) / "bin" / command[0], *command[1:]]))
