"""`make mlflow`: MLflow's pages on this home's runs and models."""

import os
import sys
from pathlib import Path

from operate.processes import run_together
from operate.settings import settings_or_exit

if __name__ == "__main__":
    settings = settings_or_exit()
    os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true")
    command = ["mlflow", "ui", "--backend-store-uri", settings.mlflow_uri, "--host", "127.0.0.1", "--port", "5000"]
    print("MLflow's pages: http://127.0.0.1:5000, in half a minute. Ctrl-C stops.", flush=True)
    raise SystemExit(run_together([Path(sys.prefix) / "bin" / command[0], *command[1:]]))
