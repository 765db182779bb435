"""What tasks share, and tasks themselves, on the session of the tests."""

import os
import pickle

import numpy as np
import pytest

from spark_jobs.engine import tasks
from spark_jobs.engine.shared_objects import FolderNotSharedError, load_object, share_object
from spark_jobs.engine.tasks import run_tasks, run_tasks_with_large_results


def test_tasks_read_the_object_and_its_file_goes(spark, tmp_path):
    numbers = np.arange(1000)
    with share_object(numbers, tmp_path) as shared:
        assert shared.value is numbers, "the driver has it already"
        assert len(pickle.dumps(shared)) < 500, "a task carries its name alone"
        [file] = tmp_path.iterdir()
        assert file.stat().st_mode & 0o077 == 0, "other users of the machine cannot read it"
        sums = run_tasks(spark, lambda n: int(shared.value[: n + 1].sum()), [0, 10, 999])
    assert sums == [0, 55, 499500]
    assert list(tmp_path.iterdir()) == []


def test_its_file_goes_when_a_task_fails(spark, tmp_path):
    with pytest.raises(Exception, match="no such index"), share_object([1], tmp_path) as shared:

        def fail(n: int) -> int:
            raise IndexError(f"no such index {shared.value}")

        run_tasks(spark, fail, [0])
    assert list(tmp_path.iterdir()) == []


def test_results_come_in_the_order_of_their_arguments_however_large(spark, monkeypatch):
    monkeypatch.setattr(tasks, "PART_BYTES", 100)  # of the driver; a worker has its own
    results = run_tasks(spark, lambda n: (n, os.urandom(n).hex()), [3, 0, 20_000_000, 1])
    assert [(n, len(text)) for n, text in results] == [(3, 6), (0, 0), (20_000_000, 40_000_000), (1, 2)]


def test_nothing_to_do_starts_nothing():
    assert run_tasks(None, lambda n: n, []) == []


def test_large_results_are_handed_over_as_files_that_go(spark, tmp_path):
    results = run_tasks_with_large_results(spark, lambda n: (n, np.arange(n)), [3, 0, 2_000_000, 1], tmp_path)
    assert [n for n, _ in results] == [3, 0, 2_000_000, 1]
    assert all(array.tolist() == list(range(n)) for n, array in results)
    assert list(tmp_path.iterdir()) == []


def test_what_other_tasks_handed_over_goes_when_one_fails(spark, tmp_path):
    with pytest.raises(Exception, match="ZeroDivisionError"):
        run_tasks_with_large_results(spark, lambda n: 1 // n, [1, 0], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_worker_without_the_drivers_disk_says_so(tmp_path, monkeypatch):
    with pytest.raises(FolderNotSharedError, match="at the same path"):
        load_object(tmp_path / "missing.pickle")

    def run_elsewhere(_, function, arguments):
        [folder] = tmp_path.iterdir()
        assert folder.stat().st_mode & 0o077 == 0, "results hold scores of persons"
        folder.rename(tmp_path / "elsewhere")
        return [function(each) for each in arguments]

    monkeypatch.setattr(tasks, "run_tasks", run_elsewhere)
    with pytest.raises(FolderNotSharedError, match="at the same path"):
        tasks.run_tasks_with_large_results(None, lambda n: pytest.fail("fitted in vain"), [1], tmp_path)
