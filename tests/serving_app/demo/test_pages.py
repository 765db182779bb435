"""The demo shop's pages over HTTP: there only where it is wanted, escaped, and signed in as offered customers
alone.
"""

import re

import pytest

from expectations.contracts import snapshot as contract
from serving_app.demo.shop_file import DemoFile, read_demo_file
from serving_app.keys.user_tokens import UserTokens
from serving_app.storage.snapshots import Snapshot
from tests.serving_app.conftest import pairs
from tests.serving_app.demo.conftest import REGULAR, SECRET

PAGES = (
    "/demo/",
    "/demo/shelf",
    "/demo/shelf?q=item",
    "/demo/item?id=item-05",
    "/demo/cart",
    "/demo/thanks",
    "/demo/sign-in",
)
HOSTILE = "\"><script>alert(1)</script>'{{7*7}}"


@pytest.mark.parametrize("path", PAGES)
def test_there_is_no_demo_by_itself(shop, path):
    assert shop.client.get(path).status_code == 404


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_no_part_of_the_api_and_have_a_policy(demo, path):
    answer = demo.client.get(path)
    assert answer.status_code == 200 and answer.mimetype == "text/html"
    assert "script-src 'self'; style-src 'self'" in answer.headers["Content-Security-Policy"]
    assert (
        answer.headers["X-Content-Type-Options"] == "nosniff"
        and answer.headers["Cache-Control"] == "no-store"
    )
    assert not re.search(r"<script(?![^>]* src=)|<style|style=|javascript:| on[a-z]+=", answer.text)
    assert "/demo/" not in str([*demo.client.get("/openapi.json").json["paths"]])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/demo/item?id=nothing", 404),
        ("/demo/item", 400),
        ("/demo/shelf?page=0", 400),
        ("/demo/shelf?page=x", 400),
        ("/demo/shelf?page=99", 200),
        ("/demo/shelf?category=None", 200),
        ("/demo/files/../rendering.py", 404),
        ("/demo/files/shop.html", 404),
        ("/demo/nothing", 404),
    ],
)
def test_what_is_not_there(demo, path, status):
    answer = demo.client.get(path)
    assert answer.status_code == status
    assert "Traceback" not in answer.text


def test_nothing_hostile_comes_through(demo):
    facts = contract.ItemFacts(HOSTILE, HOSTILE, HOSTILE, 2.5, "EUR", "javascript:alert(1)", True, True)
    item = (
        contract.get_item_key("evil"),
        contract.pack_record(facts._replace(attributes={HOSTILE: HOSTILE})),
    )
    demo.snapshots.publish(Snapshot.from_pairs("night-2", [*pairs(), item]))
    for path in (
        "/demo/",
        "/demo/item?id=evil",
        f"/demo/shelf?q={HOSTILE}",
        f"/demo/shelf?category={HOSTILE}",
    ):
        text = demo.client.get(path).text
        assert "<script>alert" not in text and "49" not in re.findall(r"'?(49)'?", text)
        assert "javascript:alert" not in text
    assert "alert" not in demo.client.get("/demo/picture?id=evil").text
    assert demo.client.get("/demo/titles").json["evil"] == HOSTILE  # JSON, which no browser takes for a page
    assert demo.client.get("/demo/titles").mimetype == "application/json"


def test_one_signs_in_as_an_offered_customer(demo):
    answer = demo.client.post("/demo/sign-in", data={"user_id": REGULAR.user_id})
    assert answer.status_code == 303 and answer.headers["Location"] == "/demo/"
    assert "HttpOnly" in answer.headers["Set-Cookie"] and "SameSite=Strict" in answer.headers["Set-Cookie"]
    text = demo.client.get("/demo/").text
    token = re.search(r'data-token="([^"]+)"', text)[1]
    assert UserTokens((SECRET,), demo.clock).verify(token) == "u-regular"
    demo.client.post("/demo/sign-in", data={"user_id": ""})
    assert "data-token" not in demo.client.get("/demo/").text


@pytest.mark.parametrize("user_id", ["u-sister", "u-nobody", HOSTILE, "x" * 600])
def test_nobody_signs_in_as_somebody_else(demo, user_id):
    demo.client.post("/demo/sign-in", data={"user_id": user_id})
    demo.client.set_cookie("concierge_demo", "u-sister", path="/demo")
    text = demo.client.get("/demo/").text
    assert "data-token" not in text and "u-sister" not in text


def test_no_redirect_leads_to_another_host(demo):
    answer = demo.client.get("/demo", headers={"Host": "evil.example"})
    assert answer.status_code == 200 and "evil.example" not in answer.text


def test_pictures_and_files_may_be_kept(demo):
    picture = demo.client.get("/demo/picture?id=item-05")
    assert picture.mimetype == "image/svg+xml" and picture.headers["Cache-Control"] == "public, max-age=86400"
    assert demo.client.get("/demo/picture?id=<svg>").status_code == 200
    address = re.search(r'href="(/demo/files/shop.css[^"]+)"', demo.client.get("/demo/").text)[1]
    style = demo.client.get(address)
    assert "immutable" in style.headers["Cache-Control"] and b"--accent:" in style.data
    assert demo.client.get(address, headers={"If-None-Match": style.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"customers": 5, "page_key": ""}', '{"customers": [{}], "page_key": ""}']
)
def test_a_file_that_is_none_offers_nobody(tmp_path, text):
    (tmp_path / "demo.json").write_text(text)
    assert read_demo_file(tmp_path / "demo.json") == DemoFile() == read_demo_file(tmp_path / "none.json")


def test_without_a_published_night_there_is_an_empty_shop(demo):
    demo.snapshots.publish(None)
    assert demo.client.get("/demo/").status_code == 200
