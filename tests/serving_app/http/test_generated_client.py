"""The description as other people's tools read it: redocly finds nothing to mend, and a TypeScript client
that is generated from it compiles and calls the real server.
"""

import json
import os
import subprocess

import pytest

from serving_app.keys.store import FileKeys
from tests.serving_app.keys.made_keys import server_key
from tests.serving_app.keys.test_store import make_key
from tests.serving_app.test_server import Server

OPTIONAL = "--default-non-nullable=false"  # what has a default may be left out of a body
COMPILER = ("--strict", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom", "--skipLibCheck")


@pytest.fixture
def folder(node_clients, shop, tmp_path):
    """A folder with the description, the program and what npm installed."""
    (tmp_path / "node_modules").symlink_to(node_clients / "node_modules")
    for name in ("package.json", "redocly.yaml", "ask_lists.ts"):
        (tmp_path / name).symlink_to(node_clients / name)
    (tmp_path / "openapi.json").write_text(json.dumps(shop.client.get("/openapi.json").json))
    return tmp_path


def run(folder, program, *args):
    environment = {**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    command = [folder / "node_modules" / ".bin" / program, *args]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)


def test_redocly_finds_nothing(folder):
    linted = run(folder, "redocly", "lint", "openapi.json", "--format=json")
    assert linted.returncode == 0, linted.stdout
    found = json.loads(linted.stdout)
    assert found["totals"] == {"errors": 0, "warnings": 0, "ignored": 0}, found["problems"]


def test_redocly_finds_what_is_wrong(folder):
    """The control: without an operation's name and with a reference that leads nowhere."""
    document = json.loads((folder / "openapi.json").read_text())
    operation = document["paths"]["/v1/popular"]["get"]
    del operation["operationId"]
    operation["responses"]["200"]["content"]["application/json"]["schema"] = {
        "$ref": "#/components/schemas/No"
    }
    (folder / "openapi.json").write_text(json.dumps(document))
    linted = run(folder, "redocly", "lint", "openapi.json", "--format=json")
    assert linted.returncode == 1 and json.loads(linted.stdout)["totals"]["errors"] >= 1


def test_a_generated_client_compiles_and_calls(folder, home):
    assert run(folder, "openapi-typescript", "openapi.json", "-o", "api.ts", OPTIONAL).returncode == 0
    (folder / "program").mkdir()
    for name in ("api.ts", "ask_lists.ts"):
        (folder / "program" / name).write_text((folder / name).read_text())
    compiled = run(folder, "tsc", *COMPILER, "program/ask_lists.ts")
    assert compiled.returncode == 0, compiled.stdout
    server = Server(home)
    try:
        key = make_key(FileKeys(home), server_key("admin"))
        called = subprocess.run(
            ["node", "program/ask_lists.js", server.url, key],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=60,
        )
    finally:
        server.stop()
    assert called.returncode == 0, called.stderr
    said = json.loads(called.stdout)
    assert said["statuses"] == [200, 400, 200, 201, 200, 204]
    assert len(said["items"]) == 3 and said["outcome"] == "accepted" and "n: " in said["detail"]
