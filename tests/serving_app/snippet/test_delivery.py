"""Each event arrives once, whatever happens to the network, the tab, the storage or the service (R10)."""

import io
import json
import threading
from collections import Counter

import pytest

from tests.serving_app.snippet.shop_pages import (
    count_waiting,
    fail,
    list_stored,
    make_page,
    open_page,
    wait_for,
)

VIEW = (
    "n => { for (let i = 0; i < n; i++) concierge.track('Product Viewed', {product_id: 'item-0' + i % 10}) }"
)
PAGE = make_page('data-page="off"')


def get_browser_id(page):
    return page.evaluate("concierge.ids().anonymousId")


def count_arrivals(served, page_or_id):
    """How often each message stands in the service's log."""
    browser_id = page_or_id if isinstance(page_or_id, str) else get_browser_id(page_or_id)
    return Counter(event["messageId"] for event in served.read_events(browser_id))


def assert_each_once(served, page, n):
    browser_id = get_browser_id(page)
    wait_for(page, lambda: count_waiting(page) == 0)
    arrivals = count_arrivals(served, browser_id)
    assert len(arrivals) == n and set(arrivals.values()) == {1}
    assert not [one for one in arrivals if one.startswith("request-")]  # of the snippet, not of the service


def wait_until_paused(page):
    """Wait until nothing is on its way and the next try is not near: time that jumps while a request is
    worked on would have it sent once more at that moment, and the log takes two at one moment.
    """

    def is_paused():
        stored = list_stored(page)
        waits = all(text.startswith("0000000000000 ") for name, text in stored.items() if ".event." in name)
        return waits and read_pause(page) > 250

    wait_for(page, is_paused)


def read_pause(page):
    return int(list_stored(page).get("concierge.until", 0)) - page.evaluate("Date.now()")


def test_events_of_a_page(served, context):
    page = open_page(context, served, make_page(), path="/events")
    page.evaluate(VIEW, 3)
    assert_each_once(served, page, 4)
    events = served.read_events(get_browser_id(page))
    seen = next(event for event in events if event["type"] == "page")
    assert (
        seen["context"]["page"]["path"] == "/events" and seen["context"]["library"]["name"] == "concierge.js"
    )
    assert len({event["context"]["sessionId"] for event in events}) == 1
    assert page.complaints == []


def test_offline_for_ten_minutes(served, context):
    page = open_page(context, served, PAGE)
    page.clock.install()
    context.set_offline(True)
    for _ in range(5):
        page.evaluate(VIEW, 2)
        page.clock.fast_forward("02:00")
    assert count_waiting(page) == 10 and not served.read_events(get_browser_id(page))
    context.set_offline(False)
    page.clock.fast_forward(1000)
    assert_each_once(served, page, 10)


def test_a_tab_that_is_closed_while_it_sends(served, context):
    """The first answer is held until the tab is gone; what it sent arrives once, though the next page sends
    it again.
    """
    other = open_page(context, served, PAGE, path="/other")
    browser_id, gone, came = get_browser_id(other), threading.Event(), threading.Event()

    def hold(environ):
        came.set()
        gone.wait(20)

    served.fault = hold
    page = open_page(context, served, PAGE)
    page.evaluate(VIEW, 3)
    wait_for(other, came.is_set)
    page.evaluate("concierge.track('Product Added', {product_id: 'item-07'})")
    page.close()
    served.fault = None
    gone.set()
    other.clock.install()
    wait_for(other, lambda: len(count_arrivals(served, browser_id)) == 4)
    other.clock.fast_forward("01:00")  # what was on its way is nobody's any more
    other.evaluate("concierge.flush()")
    assert_each_once(served, other, 4)


def test_two_tabs_send_each_event_once(served, context):
    pages = [open_page(context, served, PAGE, path=f"/tab-{n}") for n in range(2)]
    served.fault = fail()
    for page in pages:
        page.evaluate(VIEW, 4)
    wait_for(pages[0], lambda: served.asked)
    # No time that jumps: of two tabs one jumps first, and finds the other's claims in another time.
    served.fault = None
    assert_each_once(served, pages[0], 8)


def test_a_full_storage(served, context):
    page = open_page(context, served, PAGE)
    page.evaluate("""() => {
        for (let size = 1 << 20; size >= 1; size >>= 1)
            try { while (true) localStorage.setItem('shop.' + Math.random(), 'x'.repeat(size)) } catch {}
    }""")
    page.evaluate(VIEW, 5)
    browser_id = get_browser_id(page)
    wait_for(page, lambda: len(count_arrivals(served, browser_id)) == 5)
    assert set(count_arrivals(served, browser_id).values()) == {1}
    assert count_waiting(page) == 0 and page.complaints == []


@pytest.mark.parametrize(
    "fault",
    [
        fail(),
        fail("200 OK", b"<html>log in to the wifi</html>"),
        fail("200 OK", b'{"success": false}'),
        fail("429 Too Many Requests", b"{}", ("Retry-After", "120")),
        fail("403 Forbidden", b"{}"),
        fail("400 Bad Request", b"<html>a firewall"),
    ],
    ids=["500", "a page in between", "no success", "429", "403", "a firewall"],
)
def test_a_service_that_fails(served, context, fault):
    page = open_page(context, served, PAGE)
    page.clock.install()
    served.fault = fault
    page.evaluate(VIEW, 3)
    wait_for(page, lambda: served.asked)
    wait_until_paused(page)
    assert count_waiting(page) == 3
    served.fault = None
    page.clock.fast_forward("03:00")
    assert_each_once(served, page, 3)


def test_what_somebody_else_left_in_the_storage(served, context):
    page = open_page(context, served, PAGE)
    for n, value in enumerate(("", "5", "{}", "null", "[", "x y z", '{"personalization": 1}', "[[[]]]")):
        for name in ("id", "session", "clicks", "user", "until", "event.1", "event.2"):
            page.evaluate(
                "([name, value]) => localStorage.setItem(name, value)", [f"concierge.{name}", value]
            )
        page.reload()
        page.wait_for_function("window.concierge?.version")
        page.evaluate(f"concierge.track('Products Searched', {{query: 'left {n}'}})")
        wait_for(page, lambda n=n: f"left {n}" in str(served.read_events()))
        wait_for(page, lambda: count_waiting(page) == 0)
    assert page.complaints == []


def test_retry_after_holds_for_the_next_page_too(served, context):
    page = open_page(context, served, PAGE)
    served.fault = fail("429 Too Many Requests", b"", ("Retry-After", "120"))
    page.evaluate(VIEW, 1)
    wait_for(page, lambda: "concierge.until" in list_stored(page))
    pause = int(list_stored(page)["concierge.until"]) - page.evaluate("Date.now()")
    assert 115_000 < pause <= 120_000
    served.asked.clear()
    other = open_page(context, served, make_page(), path="/next")
    other.evaluate("concierge.flush()")
    assert not [one for one in served.asked if "/v1/" in one]


def test_pauses_grow(served, context):
    page = open_page(context, served, PAGE)
    page.clock.install()
    served.fault = fail()
    page.evaluate(VIEW, 1)
    pauses = []
    for _ in range(4):
        before = len(served.asked)
        page.evaluate("concierge.flush()")
        wait_for(
            page,
            lambda before=before: (
                int(list_stored(page).get("concierge.until", 0)) > page.evaluate("Date.now()")
            ),
        )
        pauses.append(int(list_stored(page)["concierge.until"]) - page.evaluate("Date.now()"))
        page.clock.fast_forward(pauses[-1] + 1000)
    assert pauses[0] <= 2_000 and 3_000 <= pauses[-1] <= 60_000


def test_the_queue_is_bounded_and_keeps_the_newest(served, context):
    page = open_page(context, served, PAGE)
    context.set_offline(True)
    page.evaluate("for (let i = 0; i < 1060; i++) concierge.track('Products Searched', {query: 'n' + i})")
    waiting = [
        json.loads(text.partition(" ")[2])
        for name, text in sorted(list_stored(page).items())
        if ".event." in name
    ]
    assert [event["properties"]["query"] for event in waiting] == [f"n{n}" for n in range(60, 1060)]
    page.evaluate("concierge.track('Products Searched', {query: 'x'.repeat(40000)})")
    assert count_waiting(page) == 1000  # what the service would refuse is not kept


def test_a_thousand_events_while_the_service_is_down(served, context):
    """For a minute, by the page's clock: each lands once, in its order and with its time (F02)."""
    page = open_page(context, served, PAGE)
    page.clock.install()
    served.fault = fail()
    for n in range(10):
        page.evaluate(f"""for (let i = 0; i < 100; i++)
            concierge.track('Products Searched', {{query: 'e' + ({n} * 100 + i)}})""")
        page.clock.fast_forward("00:06")
    assert count_waiting(page) == 1000
    wait_until_paused(page)
    served.fault = None
    browser_id = get_browser_id(page)
    page.clock.fast_forward("06:00")
    assert_each_once(served, page, 1000)
    events = served.read_events(browser_id)
    assert [event["properties"]["query"] for event in events] == [f"e{n}" for n in range(1000)]
    times = [event["originalTimestamp"] for event in events]
    assert times == sorted(times)


def test_one_that_is_refused_does_not_keep_the_others(served, context):
    page = open_page(context, served, PAGE)

    def refuse(environ):
        size = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(size)

        environ["wsgi.input"] = io.BytesIO(body)
        problem = [("Content-Type", "application/problem+json")]
        return ("400 Bad Request", b"{}", problem) if b"poison" in body else None

    served.fault = refuse
    page.evaluate(VIEW, 3)
    page.evaluate("concierge.track('Products Searched', {query: 'poison'})")
    page.evaluate(VIEW, 2)
    assert_each_once(served, page, 5)


def test_a_page_that_is_left_sends_by_beacon(served, context):
    page = open_page(context, served, PAGE)
    browser_id = get_browser_id(page)
    page.evaluate(f"addEventListener('pagehide', () => ({VIEW})(1), {{capture: true}})")
    page.goto("about:blank")
    wait_for(page, lambda: len(count_arrivals(served, browser_id)) == 1)
