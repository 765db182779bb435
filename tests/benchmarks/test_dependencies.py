"""The soak `dependencies` in short: the real server over a Redis server that hangs, and over a file of live
states that is overwritten. `make soak NAME=dependencies` has every cell, the times and the control.
"""

import pytest

from benchmarks.soak.dependencies.__main__ import run_embedded, run_on_redis
from benchmarks.soak.dependencies.redis_server import is_installed
from benchmarks.soak.dependencies.unreliable import HANGING

pytestmark = pytest.mark.slow  # starts servers
SHORT = {"seconds": 0.8, "n_threads": 2, "n_customers": 20}


@pytest.mark.parametrize("run, harm", [(run_on_redis, HANGING), (run_embedded, "garbage")])
def test_lists_are_answered_and_nothing_that_was_done_is_lost(tmp_path, run, harm):
    if run is run_on_redis and not is_installed():
        pytest.skip("redis-server is not installed: apt-get install redis-server")

    def select(cell):
        return cell.harm == harm and cell.dependency in ("Redis", "LMDB")

    (row,) = run(tmp_path / "cells", select, **SHORT)
    assert row.seen.wrong == [] and len(row.seen.list_milliseconds) > 10
    assert set(row.seen.event_statuses) <= {200}
    assert row.gone_after is not None  # what was bought before and meanwhile has left the buyer's list
