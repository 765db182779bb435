"""The soak `generated_requests`: ten thousand requests made of `openapi.json`, valid ones and broken ones,
single and in the order that answers suggest, sent to the real server with a key.

It ends with 1 on a 5xx, on a status, header, media type or body that the description does not name, on an
answer without a key, and when fewer requests were sent than asked for.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import requests

from benchmarks.soak.damage.home import write_home
from benchmarks.soak.damage.server import ServiceProcess
from benchmarks.soak.generated_requests.description import EXCLUDED_CHECKS, describe_strictly
from serving_app.keys.changes import NewKey, add_key
from serving_app.keys.store import FileKeys

ROOT = Path(__file__).resolve().parents[3]
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
N_REQUESTS = re.compile(r"(\d+) generated")


def make_key(home: Path) -> str:
    """A key that may do everything, as often as it likes."""
    new = NewKey(name="soak", scopes=("admin",), rate="99999/second")
    texts = []

    def edit(keys):
        keys, text = add_key(keys, new, datetime.now(UTC))
        texts.append(text)
        return keys

    FileKeys(home).change(edit)
    return texts[0]


def send_requests(
    server: ServiceProcess, key: str, folder: Path, n_examples: int, seed: int
) -> tuple[int, int]:
    """Let schemathesis send; its exit status, and how many it sent."""
    file = folder / "description.json"
    file.write_text(
        json.dumps(describe_strictly(requests.get(server.url("/openapi.json"), timeout=20).json()))
    )
    checks = ",".join(check.__name__ for check in EXCLUDED_CHECKS)
    run = subprocess.run(
        [
            *(SCHEMATHESIS, "run", file, "--url", server.url("")),
            *("-H", f"Authorization: Bearer {key}", "--exclude-checks", checks),
            *("--max-examples", str(n_examples), "--seed", str(seed), "--workers", "2"),
            *("--continue-on-failure", "--no-color"),
        ],
        cwd=folder,
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": "benchmarks.soak.generated_requests.hooks",
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        text=True,
    )
    print(run.stdout)
    sent = N_REQUESTS.search(run.stdout)
    return run.returncode, int(sent[1]) if sent else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Send until enough were sent or one was answered wrongly."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--examples", type=int, default=40, help="of each operation in a round")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_home(folder / "home", 200)
        key = make_key(folder / "home")
        # a stream sends what there is and ends: nobody waits for the end of one that stays open
        server = ServiceProcess(folder / "home", settings={"CONCIERGE_OPEN_STREAM_SECONDS": "0"})
        n_sent, seed = 0, args.seed
        try:
            while n_sent < args.requests:
                status, n_round = send_requests(server, key, folder, args.examples, seed)
                n_sent, seed = n_sent + n_round, seed + 1
                if status or not n_round:
                    print(f"red: after {n_sent} requests", file=sys.stderr)
                    return 1
        finally:
            server.stop()
    print(f"green: {n_sent} requests, no 5xx, nothing outside the description")
    return 0


if __name__ == "__main__":
    sys.exit(main())
