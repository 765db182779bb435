"""Slots: filled in the space they have, with the service healthy, slow, dead or answering garbage."""

import json
import threading

from tests.serving_app.snippet.shop_pages import fail, make_page, make_slot, open_page, wait_for

PAGE = make_page('data-page="off"', make_slot())
MEASURE_SHIFTS = """
window.shift = 0;
new PerformanceObserver((list) => list.getEntries().forEach((entry) => { window.shift += entry.value }))
  .observe({type: 'layout-shift', buffered: true});
"""
HELD = "what the shop had"


def answer_list(*items):
    """A fault: each list holds these items."""
    body = {"request_id": "r-1", "placement": "home/top", "items": [*items]}
    return fail("200 OK", json.dumps(body).encode())


def read_slot(page):
    return [line for line in page.inner_text("#slot").splitlines() if line.strip()]


def test_a_slot_of_a_healthy_service(served, context):
    context.add_init_script(MEASURE_SHIFTS)
    page = open_page(context, served, PAGE)
    page.wait_for_selector("#slot article")
    query = {"placement": "home/top", "n": 3, "anonymous_id": "another stranger"}
    items = served.shop.app.test_client().get("/v1/recommendations", query_string=query).json["items"]
    assert read_slot(page) == [item["title"] for item in items] and len(items) == 3
    assert page.get_attribute("#slot a", "href").startswith("/p/item-")
    assert page.evaluate("document.getElementById('below').offsetTop") == 200
    assert page.evaluate("shift") == 0 and page.complaints == []


def test_a_list_longer_than_its_space_moves_nothing(served, context):
    context.add_init_script(MEASURE_SHIFTS)
    html = make_page('data-page="off"', make_slot('data-concierge-slot="home/top" data-n="20"'))
    page = open_page(context, served, html)
    page.wait_for_selector("#slot article")
    page.evaluate("new Promise(requestAnimationFrame)")
    assert page.evaluate("document.getElementById('below').offsetTop") == 200
    assert page.evaluate("shift") == 0


def test_a_slow_service_changes_nothing_later(served, context):
    answered, asked = threading.Event(), threading.Event()

    def hold(environ):
        if environ["PATH_INFO"] == "/v1/recommendations":
            asked.set()
            answered.wait(20)

    served.fault = hold
    page = open_page(context, served, make_page('data-page="off" data-timeout="1000"', make_slot()))
    wait_for(page, asked.is_set)
    page.wait_for_timeout(1100)  # the browser's own clock: the page gives up after 1,000 ms
    answered.set()
    page.wait_for_timeout(100)
    assert read_slot(page) == [HELD] and page.complaints == []


GARBAGE = [
    fail(),
    fail("200 OK", b"<html>"),
    fail("200 OK", b"{}"),
    fail("200 OK", b'{"items": [{"item_id": 5}]}'),
    fail("200 OK", b"null"),
    fail("404 Not Found", b"{}"),
    answer_list(),
]


def test_garbage_leaves_what_the_page_had(served, context):
    served.fault = GARBAGE[0]
    page = open_page(context, served, PAGE)
    for fault in GARBAGE:
        served.fault = fault
        page.evaluate("concierge.refresh()")
        assert read_slot(page) == [HELD]
    of_the_browser = "Failed to load resource"
    assert not [one for one in page.complaints if of_the_browser not in one]


def test_a_dead_service(served, context):
    page = open_page(context, served, PAGE)
    page.wait_for_selector("#slot article")
    context.route("**/v1/**", lambda route: route.abort("connectionrefused"))
    page.reload()
    page.wait_for_function("window.concierge?.version")
    page.evaluate("concierge.refresh()")
    assert read_slot(page) == [HELD]


def test_hostile_items_are_text(served, context):
    title = "<img src=x onerror=alert(1)>"
    items = [
        {"item_id": "javascript:alert(1)", "title": title, "image_url": "javascript:alert(2)", "price": None},
        {"item_id": "../x?a=b&c", "title": None, "image_url": "https://shop.example/1.jpg", "price": 9.5},
    ]
    served.fault = answer_list(*items)
    card = (
        '<article><a data-c-href="{item_id}" data-c-text="{title}" data-c-onclick="x" data-c-style="x"></a>'
        '<a data-c-href="/p?id={item_id}">go</a><img data-c-src="{image_url}" data-c-alt="{title}"></article>'
    )
    slot = f'<section id="slot" data-concierge-slot="home"><template>{card}</template></section>'
    page = open_page(context, served, make_page("", slot))
    page.wait_for_selector("#slot article")
    first, second = page.query_selector_all("#slot article")
    link, safe = first.query_selector_all("a")
    assert link.inner_text() == title and link.get_attribute("href") is None
    assert [link.get_attribute(name) for name in ("onclick", "style")] == [None, None]
    assert safe.get_attribute("href") == "/p?id=javascript%3Aalert(1)"
    assert first.query_selector("img").get_attribute("src") is None
    assert second.query_selector_all("a")[1].get_attribute("href") == "/p?id=..%2Fx%3Fa%3Db%26c"


def test_impressions_and_clicks_name_their_list(served, context):
    html = make_page('data-page="off"', make_slot() + '<div class="far"></div>')
    page = open_page(context, served, html)
    page.wait_for_selector("#slot article")
    browser_id = page.evaluate("concierge.ids().anonymousId")
    request_id = page.evaluate(
        "new Promise(done => {"
        "addEventListener('concierge:filled', e => done(e.detail.request_id)); concierge.refresh() })"
    )
    wait_for(page, lambda: served.read_events(browser_id))
    seen = served.read_events(browser_id)[0]
    assert seen["event"] == "Product List Viewed" and seen["properties"]["list_id"] == "home/top"
    assert len(seen["properties"]["products"]) == 3 and seen["properties"]["request_id"] == request_id
    item_id = page.get_attribute("#slot a", "href").removeprefix("/p/")
    context.route(
        "**/p/*", lambda route: route.fulfill(content_type="text/html", body=make_page('data-page="off"'))
    )
    page.click("#slot a")
    page.wait_for_url("**/p/*")
    page.wait_for_function("window.concierge?.version")
    page.evaluate("id => concierge.track('Product Viewed', {product_id: id})", item_id)
    bought = "{order_id: 'o-1', products: [{product_id: 'x'}, {product_id: id}]}"
    page.evaluate(f"id => concierge.track('Order Completed', {bought})", item_id)
    wait_for(page, lambda: len(served.read_events(browser_id)) == 4)
    rest = {event["event"]: event["properties"] for event in served.read_events(browser_id)[1:]}
    assert [*sorted(rest)] == ["Order Completed", "Product Clicked", "Product Viewed"]
    assert {properties["request_id"] for properties in rest.values()} == {request_id}


def test_a_list_out_of_view_is_no_impression(served, context):
    html = make_page('data-page="off"', '<div style="height:3000px"></div>' + make_slot())
    page = open_page(context, served, html)
    page.wait_for_selector("#slot article", state="attached")
    page.clock.install()
    page.clock.fast_forward("00:30")
    assert served.read_events(page.evaluate("concierge.ids().anonymousId")) == []


def test_a_user_is_asked_for_by_their_token(served, context):
    page = open_page(context, served, PAGE)
    page.evaluate("concierge.identify('u-regular')")
    wait_for(page, lambda: any("user_id=u-regular" in one for one in served.asked))
    page.wait_for_function("document.querySelector('#slot article a')?.textContent === 'Item 0'")
    page.evaluate("concierge.reset()")
    served.asked.clear()
    page.evaluate("concierge.refresh()")
    assert any("anonymous_id=" in one for one in served.asked)


def test_a_list_is_asked_for_once_however_often_a_page_says_who_and_what(served, context):
    """A login and an answer of earlier pages are said on each page, before the snippet comes and after."""
    said = "concierge.push(['identify', 'u-regular'], ['consent', true])"
    html = make_page('data-consent="wait"', f"<script>concierge = []; {said}</script>{make_slot()}")
    page = open_page(context, served, html)
    page.wait_for_selector("#slot article")
    page.evaluate(f"{said}; concierge.flush()")
    assert count_lists(served) == 1
    page.evaluate("concierge.refresh()")
    assert count_lists(served) == 2
    page.evaluate("concierge.consent({personalization: true, analytics: false})")  # a list of another basis
    wait_for(page, lambda: count_lists(served) == 3)


def count_lists(served):
    return sum("/v1/recommendations" in one for one in served.asked)


def test_a_late_list_of_a_stranger_does_not_replace_that_of_the_user(served, context):
    """Somebody logs in while the slot's first list is on its way: it comes last and is not shown."""
    first, second = threading.Event(), threading.Event()

    def hold_strangers(environ):
        if environ["PATH_INFO"] == "/v1/recommendations" and "anonymous_id=" in environ["QUERY_STRING"]:
            first.set()
            second.wait(20)

    served.fault = hold_strangers
    page = open_page(context, served, make_page('data-page="off" data-timeout="20000"', make_slot()))
    wait_for(page, first.is_set)
    page.evaluate("concierge.identify('u-regular')")
    page.wait_for_function("document.querySelector('#slot article a')?.textContent === 'Item 0'")
    with page.expect_response("**/v1/recommendations?*anonymous_id*"):
        second.set()
    page.evaluate("new Promise(requestAnimationFrame)")
    assert page.inner_text("#slot article a") == "Item 0"
