"""The first night's search on a real standalone cluster: one master, two workers, executors in processes of
their own.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from operate.spark_cluster import run_cluster
from spark_jobs.lake.session import SHORT_LIVED_JVM
from spark_jobs.run.model_registry import open_registry

ROOT = Path(__file__).resolve().parents[3]
DAYS = ["--from", "2026-01-05", "--to", "2026-02-09"]


def of_cluster(folder):
    """Processes that were started for a cluster of this folder, executors and their Python
    workers included.
    """
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        said = [*(process.info["cmdline"] or []), process.info["cwd"] or ""]
        if any(str(folder) in word for word in said):
            found.append(process)
    return found


@pytest.fixture(scope="module")
def night(fill, spark, tmp_path_factory):
    """The step `train` as the DAG starts it, its master a cluster's; and what was running meanwhile."""
    home, folder = tmp_path_factory.mktemp("on_a_cluster"), tmp_path_factory.mktemp("cluster")
    shop = fill(home, spark)
    # What an operator says of a cluster's own processes stands in its configuration, not in ours: here, that
    # they live briefly.
    (folder / "spark-defaults.conf").write_text(
        f"spark.executor.memory 512m\nspark.executor.extraJavaOptions {SHORT_LIVED_JVM}\n"
    )
    with run_cluster(folder) as url:
        env = {
            **os.environ,
            "CONCIERGE_HOME": str(home),
            "CONCIERGE_SEED": "11",
            "CONCIERGE_SPARK_MASTER": url,
            "SPARK_CONF_DIR": str(folder),
        }
        running = of_cluster(folder)
        command = [sys.executable, "spark_jobs/run/launcher.py", "train", *DAYS, "--run-id", "cluster"]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
    return shop, folder, running, done


# Over 10 s: a cluster's master, its workers, their executors and a driver, each a JVM.
def test_the_step_runs_on_both_workers(night):
    _, folder, _, done = night
    assert done.returncode == 0, done.stderr[-2000:]
    executors = {path.parts[-4] for path in folder.glob("work-*/app-*/*/stderr") if path.stat().st_size}
    assert executors == {"work-1", "work-2"}
    master = (folder / "master.log").read_text()
    assert "Registered app concierge " in master


# Over 10 s: the same search once more, without a cluster.
def test_the_winner_is_that_of_local_threads(night, trained):
    """The same tables and seed in `local[1]`, in this process: the same configuration, and the same bytes of
    the model.
    """
    shop, _, _, _ = night
    reports = [
        json.loads((where.home / "reports" / run / "model.json").read_text())
        for where, run in ((shop, "cluster"), (trained, "first"))
    ]
    assert reports[0]["configuration"] == reports[1]["configuration"]
    assert reports[0]["n_trials"] == reports[1]["n_trials"] >= 10
    assert [report["search"]["was_cut"] for report in reports] == [False, False]
    digests = [
        {
            name: value
            for name, value in open_registry(where.night("looks")).champion().tags.items()
            if name.startswith("sha256.")
        }
        for where in (shop, trained)
    ]
    assert digests[0] == digests[1]


def test_nothing_of_a_cluster_is_left_behind(night):
    _, folder, running, _ = night
    assert len(running) >= 3, "the control: a master and two workers were seen while they ran"
    assert of_cluster(folder) == []
