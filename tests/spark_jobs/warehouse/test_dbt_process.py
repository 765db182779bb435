"""The process of a dbt command says why it ended, also where dbt had not begun to log."""

import subprocess
import sys

from spark_jobs.run.context import ROOT


def test_words_that_dbt_does_not_know_are_told(tmp_path):
    finished = subprocess.run(
        [
            sys.executable,
            "-m",
            "spark_jobs.warehouse.dbt_process",
            str(tmp_path / "r.json"),
            "build",
            "--nix",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (finished.returncode, (tmp_path / "r.json").exists()) == (1, False)
    assert "No such option" in finished.stderr and "--nix" in finished.stderr
