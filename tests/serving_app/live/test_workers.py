"""Several workers share the file of live states: none loses another's writes, and one that is killed in the
middle of a write damages nothing.
"""

import subprocess
import sys
from pathlib import Path

from serving_app.live.lmdb_store import LmdbBackend
from tests.serving_app.live.workers import COUNTED, add_one, get_now

ROOT = Path(__file__).resolve().parents[3]


def start(folder, *arguments):
    command = [sys.executable, "-m", "tests.serving_app.live.workers", str(folder), *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def count_in(backend) -> int:
    return int(backend.read([COUNTED])[0])


def test_two_workers_lose_nothing_of_each_other(tmp_path):
    folder = tmp_path / "serving" / "live"
    workers = [start(folder, "100") for _ in range(2)]
    backend = LmdbBackend(folder, get_now)
    for _ in range(50):
        add_one(backend)
    assert [worker.communicate()[0].count("added") for worker in workers] == [100, 100]
    assert count_in(backend) == 250


def test_a_worker_that_is_killed_damages_nothing(tmp_path):
    """Killed after a number of writes, while the next is under way or about to be; what it had acknowledged
    is there, and nobody began anew.
    """
    folder = tmp_path / "serving" / "live"
    backend = LmdbBackend(folder, get_now)
    add_one(backend)
    backend.begun_anew, n_acknowledged = "", 1
    for n_lines in (1, 7, 20):
        worker = start(folder)
        for _ in range(n_lines):
            assert worker.stdout.readline() == "added\n"
        worker.kill()
        n_acknowledged += n_lines + worker.communicate()[0].count("added\n")
        assert count_in(backend) >= n_acknowledged
        add_one(backend)
        n_acknowledged = count_in(backend)
    assert backend.begun_anew == "" and not folder.with_name(".live.set_aside").exists()
    assert LmdbBackend(folder, get_now).read([COUNTED]) == backend.read([COUNTED])
