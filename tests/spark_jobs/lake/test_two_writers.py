"""Two writers of one table, step by step: in whatever order their steps come, the table ends as after one
writer and then the other.

All 70 orders of four steps and four are gone through, as Delta's own tests do with their phase locks.
"""

import shutil
import threading
from collections import Counter
from contextlib import contextmanager, nullcontext
from itertools import combinations

import pyarrow as pa
import pytest

from expectations.contracts.tables import Table
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.tables import Lake

COUNTERS = Table(
    name="core_counters",
    grain="One row per counter.",
    key=("counter_id",),
    columns={"counter_id": "int", "written_by": "string"},
)
# Each writer's: it begins, has read the table, commits, leaves.
N_STEPS = 4
ORDERS = [
    "".join("a" if n in of_a else "b" for n in range(2 * N_STEPS))
    for of_a in combinations(range(2 * N_STEPS), N_STEPS)
]
PATIENCE_SECONDS = 30
RUNNING, AT_GATE, AT_LOCK, DONE = "running", "at a gate", "at the lock", "done"


class Stage:
    """Lets each of two writers go on by one step when it is their turn. One that waits for the lock misses
    its turn.
    """

    def __init__(self) -> None:
        self.changed, self.states = threading.Condition(), dict.fromkeys("ab", RUNNING)
        self.holder, self.is_open = "", False

    def set(self, writer: str, state: str) -> None:
        with self.changed:
            self.states[writer] = state
            self.changed.notify_all()

    def pass_gate(self, writer: str) -> None:
        with self.changed:
            self.states[writer] = AT_GATE
            self.changed.notify_all()
            self.wait(lambda: self.is_open or self.states[writer] == RUNNING)

    def take_turns(self, order: str) -> None:
        for writer in order:
            with self.changed:
                self.wait(lambda w=writer: self.stands(w))
                if self.states[writer] == AT_GATE:
                    self.states[writer] = RUNNING
                    self.changed.notify_all()
                    self.wait(lambda w=writer: self.stands(w))
        with self.changed:
            self.is_open = True
            self.changed.notify_all()

    def stands(self, writer: str) -> bool:
        """Whether a writer cannot go on by itself."""
        state = self.states[writer]
        return state in (AT_GATE, DONE) or (state == AT_LOCK and self.holder not in ("", writer))

    def wait(self, condition) -> None:
        assert self.changed.wait_for(condition, PATIENCE_SECONDS), self.states


def watch_steps(lake_class, stage: Stage, lock):
    """A lake whose writers stop at the gates of a stage."""

    def name_writer() -> str:
        return threading.current_thread().name

    class WatchedLake(lake_class):
        @contextmanager
        def lock(self, table):
            writer = name_writer()
            stage.set(writer, AT_LOCK)
            with lock(self, table):
                with stage.changed:
                    stage.holder = writer
                    stage.states[writer] = RUNNING
                yield
            with stage.changed:
                stage.holder = ""
                stage.changed.notify_all()

        def create_view(self, *arguments):
            super().create_view(*arguments)
            stage.pass_gate(name_writer())

        def _commit(self, *arguments):
            stage.pass_gate(name_writer())
            result = super()._commit(*arguments)
            stage.pass_gate(name_writer())
            return result

    return WatchedLake


def make_rows(writer: str, *ids: int) -> pa.Table:
    rows = [{"counter_id": n, "written_by": writer} for n in ids]
    return pa.Table.from_pylist(rows, build_arrow_schema(COUNTERS))


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A table with two counters that nobody has written yet."""
    root = tmp_path_factory.mktemp("begun") / "lake"
    Lake(root).upsert(make_rows("nobody", 1, 2), COUNTERS)
    return root


def write_in_order(begun, root, order: str, lock=Lake.lock):
    """Both write counter 3, which is new, and one of their own; what each was told."""
    shutil.copytree(begun, root)
    stage, told = Stage(), {}
    lake = watch_steps(Lake, stage, lock)(root)

    def write(writer: str, own: int) -> None:
        stage.pass_gate(writer)
        try:
            told[writer] = lake.upsert(make_rows(writer, 3, own), COUNTERS)
        finally:
            stage.set(writer, DONE)

    threads = [
        threading.Thread(target=write, args=(writer, own), name=writer)
        for writer, own in (("a", 4), ("b", 5))
    ]
    for thread in threads:
        thread.start()
    stage.take_turns(order)
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    return told


def read(root) -> list[tuple[int, str]]:
    rows = Lake(root).read_arrow(COUNTERS).to_pylist()
    return sorted((row["counter_id"], row["written_by"]) for row in rows)


def count_versions(root) -> int:
    """How many versions there are, which have no gap."""
    log = sorted((root / COUNTERS.name / "_delta_log").glob("*.json"))
    assert [int(file.stem) for file in log] == list(range(len(log)))
    return len(log)


# Over 10 s: 70 orders, two commits each.
def test_every_order_of_steps_ends_as_one_writer_and_then_the_other(begun, tmp_path):
    ended = Counter()
    for order in ORDERS:
        root = tmp_path / order
        told = write_in_order(begun, root, order)
        found = read(root)
        last = dict(found)[3]
        assert found == [(1, "nobody"), (2, "nobody"), (3, last), (4, "a"), (5, "b")], order
        first = "a" if last == "b" else "b"
        assert [(told[w].n_inserted, told[w].n_updated) for w in (first, last)] == [(2, 0), (1, 1)], order
        assert count_versions(root) == count_versions(begun) + 2, "a version for each commit"
        ended[last] += 1
    assert ended["a"] and ended["b"] and sum(ended.values()) == 70


def test_without_the_lock_a_writer_that_read_too_early_doubles_a_row(begun, tmp_path):
    """The negative control: both read before either commits."""
    write_in_order(begun, tmp_path / "lake", "abababab", lambda lake, table: nullcontext())
    assert [n for n, _ in read(tmp_path / "lake")] == [1, 2, 3, 3, 4, 5]
