"""The console's own files: what is vendored is what its authors published, and nothing else is served."""

import hashlib

import pytest

from serving_app.console.static_files import FOLDER, find_address, read_asset, read_known_asset

HTMX = (
    "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"  # dist/htmx.min.js of htmx.org 2.0.11
)


def test_htmx_is_as_its_authors_published_it():
    assert hashlib.sha256((FOLDER / "htmx.min.js").read_bytes()).hexdigest() == HTMX
    assert "Zero-Clause BSD" in (FOLDER / "htmx.LICENSE").read_text()


@pytest.mark.parametrize("name", ["console.css", "tokens.css", "charts.css", "htmx.min.js", "icon.svg"])
def test_a_file_is_kept_for_good_under_the_address_of_its_content(shop, name):
    with shop.app.test_request_context():
        address = find_address(name)
    answer = shop.client.get(address)
    assert answer.status_code == 200 and "immutable" in answer.headers["Cache-Control"]
    assert shop.client.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert "immutable" not in shop.client.get(f"/console/files/{name}?v=older").headers["Cache-Control"]


@pytest.mark.parametrize(
    "name", ["nothing.css", "..%2fpages.py", "htmx.LICENSE", "report.css", "x" * 500, "%00"]
)
def test_no_other_file_is_served(shop, name):
    assert shop.client.get(f"/console/files/{name}").status_code in (303, 404)
    assert read_asset("../blueprint.py") is None


def test_names_that_strangers_make_up_are_not_remembered(shop):
    before = read_known_asset.cache_info().currsize
    for n in range(20):
        assert shop.client.get(f"/console/files/made-up-{n}.css").status_code == 404
    assert read_known_asset.cache_info().currsize == before


def test_the_style_names_only_tokens_that_there_are():
    import re

    from pages.styles import read_style

    names = set(re.findall(r"--([\w-]+):", read_style("tokens.css")))
    text = (FOLDER / "console.css").read_text()
    assert set(re.findall(r"var\(--([\w-]+)\)", text)) <= names
    assert not re.findall(r"#[0-9a-f]{3,8}\b|url\(", text)
