"""The real service on a free port, with its two workers, and one that verifies nothing, as a control."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psutil
import requests

ROOT = Path(__file__).resolve().parents[3]
COMMAND = (sys.executable, "-m", "serving_app")
# The service of before: the snapshot is mapped where it lies, and nothing is compared with its manifest.
UNVERIFIED = (
    sys.executable,
    "-c",
    """
import sys
from expectations.contracts.manifest import SnapshotManifest
from serving_app.__main__ import main
from serving_app.storage import verified_snapshot
SnapshotManifest.verify = lambda self, file: None
verified_snapshot.open_private_copy = lambda data, link, verify: data.open("rb")
sys.exit(main())
""",
)


class ServiceProcess:
    """`python -m serving_app` over a home.

    Args:
        settings: besides home and port, by their names.
    """

    def __init__(
        self, home: Path, command: tuple[str, ...] = COMMAND, settings: Mapping[str, str] | None = None
    ) -> None:
        self.home, self._command, self._settings = home, command, settings or {}
        self.start()

    def start(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("CONCIERGE_")}
        env = {
            **inherited,
            **self._settings,
            "CONCIERGE_HOME": str(self.home),
            "CONCIERGE_HTTP_PORT": str(self.port),
            "PYTHONPATH": str(ROOT),
        }
        with self.home.with_name(f"{self.home.name}.log").open("a") as out:
            self.process = subprocess.Popen(self._command, cwd=ROOT, env=env, stdout=out, stderr=out)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                if requests.get(self.url("/readyz"), timeout=5).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.05)
        raise SystemExit("the service did not become ready; its words are in the log beside its home")

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def workers(self) -> list[int]:
        """Process ids of the workers."""
        children = psutil.Process(self.process.pid).children() if self.process.poll() is None else []
        return [child.pid for child in children if child.status() != psutil.STATUS_ZOMBIE]

    def ready(self) -> dict:
        """What `/readyz` says, whichever worker answers."""
        return requests.get(self.url("/readyz"), timeout=20).json()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=30)
