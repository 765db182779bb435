"""The databases of live states, and a thing in front of a Redis server that a test makes misbehave."""

import pytest

from benchmarks.soak.dependencies.unreliable import UnreliableServer
from serving_app.live.redis_store import RedisBackend
from tests.serving_app.live.databases import make_lmdb, make_memory


@pytest.fixture
def unreliable(redis_port):
    server = UnreliableServer(redis_port)
    yield server
    server.close()


@pytest.fixture(params=["memory", "lmdb", "redis"])
def backend(request, tmp_path, clock):
    if request.param != "redis":
        return {"memory": make_memory, "lmdb": make_lmdb}[request.param](tmp_path, clock)
    return RedisBackend(f"redis://127.0.0.1:{request.getfixturevalue('redis_port')}/0", timeout_seconds=10)
