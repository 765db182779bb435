"""A real Redis server, one for all tests, and a thing in front of it that a test makes misbehave."""

import os
import shutil
import socket
import subprocess

import pytest
import redis

from tests.serving_app.live.unreliable import UnreliableServer


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory):
    """Its port; skipped with a sentence where there is no redis-server."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed: apt-get install redis-server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ)
    client = redis.Redis(port=port)
    try:
        while True:
            try:
                client.ping()
                break
            except redis.ConnectionError:
                assert server.poll() is None, (folder / "log").read_text()
        yield port
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def redis_port(redis_server):
    """The port of a Redis server that holds nothing."""
    client = redis.Redis(port=redis_server)
    client.flushall()
    return redis_server


@pytest.fixture
def unreliable(redis_port):
    server = UnreliableServer(redis_port)
    yield server
    server.close()
