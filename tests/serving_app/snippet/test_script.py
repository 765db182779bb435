"""`/concierge.js` as it is served: small, for every page, kept by caches; and made of its source."""

import gzip
import json
import subprocess
from pathlib import Path

import pytest

from tests.serving_app.keys.made_keys import make_keys, server_key

PACKAGE = Path(__file__).resolve().parents[3] / "clients" / "javascript"
MOST_BYTES = 5_000


def test_it_is_small_and_any_page_may_load_it(shop):
    keys, _ = make_keys(server_key("read"))
    shop.use_stores(keys=keys)
    answer = shop.client.get(
        "/concierge.js", headers={"Accept-Encoding": "gzip"}, environ_base={"REMOTE_ADDR": "10.0.0.1"}
    )
    assert answer.status_code == 200 and answer.mimetype == "text/javascript"
    assert answer.headers["Content-Encoding"] == "gzip" and len(answer.data) <= MOST_BYTES
    assert gzip.decompress(answer.data) == (PACKAGE / "concierge.min.js").read_bytes()
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"].startswith("public, max-age=")
    assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.parametrize("encoding", ["gzip", ""])
def test_a_cache_that_has_it_hears_so(shop, encoding):
    first = shop.client.get("/concierge.js", headers={"Accept-Encoding": encoding})
    again = shop.client.get(
        "/concierge.js", headers={"Accept-Encoding": encoding, "If-None-Match": first.headers["ETag"]}
    )
    assert (again.status_code, again.data) == (304, b"")
    assert (first.headers.get("Content-Encoding") == "gzip") == bool(encoding)


def test_it_evaluates_no_text():
    source = (PACKAGE / "concierge.js").read_text()
    for word in ("eval(", "new Function", "innerHTML", "outerHTML", "document.write", "insertAdjacentHTML"):
        assert word not in source


def test_the_package_names_files_that_there_are():
    package = json.loads((PACKAGE / "package.json").read_text())
    for name in (*package["files"], package["main"], package["types"], package["unpkg"]):
        assert (PACKAGE / name).is_file(), name
    assert f'"{package["version"]}"' in (PACKAGE / "concierge.js").read_text()
    assert "dependencies" not in package


@pytest.mark.slow
@pytest.mark.parametrize("name", ["concierge.js", "concierge.min.js"])
def test_a_server_that_renders_pages_may_import_it(node_clients, name):
    subprocess.run(["node", "-e", f"require({str(PACKAGE / name)!r})"], check=True, capture_output=True)


@pytest.mark.slow
def test_what_is_served_is_made_of_the_source(node_clients):
    made = subprocess.run(
        ["npm", "run", "-s", "make-snippet"], cwd=node_clients, capture_output=True, check=True
    )
    assert made.stdout == (PACKAGE / "concierge.min.js").read_bytes(), "npm run -s make-snippet makes it anew"
