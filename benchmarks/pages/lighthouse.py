"""Lighthouse's scores of pages, by the program that npm installs beside this file."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent
CATEGORIES = ("performance", "accessibility", "best-practices")
FLAGS = "--headless --no-sandbox --disable-gpu --disable-quic"


def install() -> Path:
    """Lighthouse's program.

    Raises:
        SystemExit: npm or Chromium is missing.
    """
    for program in ("npm", "chromium"):
        if shutil.which(program) is None:
            raise SystemExit(f"{program} is not installed, which this benchmark needs")
    program = FOLDER / "node_modules" / ".bin" / "lighthouse"
    if not program.exists():
        subprocess.run(["npm", "ci", "--ignore-scripts"], cwd=FOLDER, check=True, capture_output=True)
    return program


def score_page(program: Path, url: str, size: str, cookie: str = "") -> dict[str, int]:
    """The scores of a page, of 100, by category.

    Args:
        size: `phone`, on which Lighthouse slows processor and network down; or `desk`.
        cookie: of who is signed in.
    """
    with tempfile.TemporaryDirectory() as folder:
        report, headers = Path(folder, "report.json"), Path(folder, "headers.json")
        headers.write_text(json.dumps({"Cookie": cookie} if cookie else {}))
        command = [
            str(program),
            url,
            "--quiet",
            "--output=json",
            f"--output-path={report}",
            f"--only-categories={','.join(CATEGORIES)}",
            f"--chrome-flags={FLAGS}",
            f"--extra-headers={headers}",
            *(["--preset=desktop"] if size == "desk" else []),
        ]
        env = {**os.environ, "CHROME_PATH": shutil.which("chromium") or ""}
        subprocess.run(command, check=True, env=env, capture_output=True, timeout=180)
        document = json.loads(report.read_text())
    return {name: round(100 * (document["categories"][name]["score"] or 0)) for name in CATEGORIES}
