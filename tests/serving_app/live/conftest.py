"""A real Redis server, one for all tests, and a thing in front of it that a test makes misbehave."""

import pytest
import redis

from benchmarks.soak.dependencies.redis_server import is_installed, run_redis
from benchmarks.soak.dependencies.unreliable import UnreliableServer
from serving_app.live.redis_store import RedisBackend
from tests.serving_app.live.databases import make_lmdb, make_memory


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory):
    """Its port; skipped with a sentence where there is no redis-server."""
    if not is_installed():
        pytest.skip("redis-server is not installed: apt-get install redis-server")
    with run_redis(tmp_path_factory.mktemp("redis")) as port:
        yield port


@pytest.fixture
def redis_port(redis_server):
    """The port of a Redis server that holds nothing."""
    redis.Redis(port=redis_server).flushall()
    return redis_server


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
