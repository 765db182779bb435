"""`make mlflow`: MLflow's pages on this home's runs and models."""

import os
import sys
from pathlib import Path

from operate.ports import HOST, parse_port, refuse_taken_port
from operate.processes import run_process_group
from operate.settings import load_settings_or_exit

PORT_SETTING = "MLFLOW_PORT"  # MLflow's own name for it


def main() -> int:
    """Serve until told to stop; the server's exit code."""
    settings = load_settings_or_exit()
    port = parse_port(os.environ.get(PORT_SETTING, "5000"), PORT_SETTING)
    refuse_taken_port(port, PORT_SETTING)
    os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true")
    command = [
        "mlflow",
        "ui",
        "--backend-store-uri",
        settings.mlflow_uri,
        "--host",
        HOST,
        "--port",
        str(port),
    ]
    print(
        f"MLflow's pages: http://{HOST}:{port}, in half a minute ({PORT_SETTING} changes it). Ctrl-C stops.",
        flush=True,
    )
    return run_process_group([Path(sys.prefix) / "bin" / command[0], *command[1:]])


if __name__ == "__main__":
    raise SystemExit(main())
