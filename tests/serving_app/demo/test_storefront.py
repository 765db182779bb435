"""The storefront in a real browser: journeys by mouse and by keyboard, with the service healthy, slow, dead
and answering garbage; no outside request, no error, no shift.
"""

import threading

import pytest

from tests.serving_app.demo.conftest import REGULAR, SECOND
from tests.serving_app.demo.visits import DESK, PHONE, go, visit
from tests.serving_app.snippet.shop_pages import fail, wait_for

MOST_SHIFT = 0.02


def wait_until_filled(page, row="home-top"):
    page.wait_for_selector(f"[aria-labelledby=row-{row}] [data-why]")


def list_shown(page):
    return page.locator("[data-concierge-slot] .name").all_inner_texts()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_shopper_looks_buys_and_is_forgotten(browser, served, size):
    with visit(browser, served, size) as page:
        go(page, served)
        assert len(list_shown(page)) == 8 and page.locator("[data-why]").count() == 0
        assert page.evaluate("Object.keys(localStorage)") == []
        page.click("[data-consent-yes]")
        wait_until_filled(page)
        browser_id = page.evaluate("concierge.ids().anonymousId")
        assert page.inner_text("[data-made]") == "popular now"
        page.click("text=Why this? >> nth=0")
        page.wait_for_selector(".why.told")
        assert page.inner_text(".why.told") == "Popular in the whole shop"
        page.click("[data-concierge-slot] a >> nth=0")
        page.wait_for_selector("[data-add]")
        bought = page.get_attribute("[data-product]", "data-product")
        page.click("[data-add]")
        assert page.inner_text("[data-cart-count]") == "1"
        page.click("text=Cart")
        page.wait_for_selector("[data-buy]")
        page.click("[data-buy]")
        page.wait_for_url("**/demo/thanks")
        wait_until_filled(page, "home-after")
        told = {"Product Clicked", "Product Viewed", "Product Added", "Order Completed"}
        wait_for(page, lambda: told <= list_events(served, browser_id), 30)
        go(page, served)
        wait_until_filled(page)
        wait_for(page, lambda: not is_offered(page, bought))  # again
        page.click("[data-forget]")
        page.click("[data-open-drawer]")
        assert "Nothing yet." in page.inner_text("[data-knowledge]")
        page.keyboard.press("Escape")
        assert page.evaluate("Object.keys(localStorage).filter(name => name.startsWith('concierge.'))") == []
        assert page.complaints == [] and page.elsewhere == []


def is_offered(page, item_id):
    """Whether a list that is asked for now holds an item."""
    page.evaluate("concierge.refresh()")
    links = page.eval_on_selector_all("[data-concierge-slot] a", "all => all.map(one => one.href)")
    return any(link.endswith(f"id={item_id}") for link in links)


def list_events(served, browser_id):
    return {event.get("event") for event in served.read_events(browser_id)}


def test_a_known_customer_sees_a_list_of_their_own(browser, served):
    with visit(browser, served) as page:
        go(page, served, "/demo/sign-in")
        page.click("[data-consent-yes]")
        served.asked.clear()
        page.click("text=Be this customer")
        wait_until_filled(page)
        wait_for(page, lambda: page.inner_text("[data-made]") == "made for you")
        lists = [one for one in served.asked if "/v1/recommendations" in one]
        assert len(lists) == len({*lists}), "a list was asked for twice"
        assert list_shown(page)[0] == "Item 0"
        page.click("text=Why this? >> nth=0")
        page.wait_for_selector(".why.told")
        assert page.inner_text(".why.told").startswith("Chosen for you")
        page.click("[data-open-drawer]")
        known = page.inner_text("[data-knowledge]")
        assert REGULAR.user_id in known and "home/top" in known and "concierge/7" in known
        page.keyboard.press("Escape")
        go(page, served, "/demo/sign-in")
        browser_id = page.evaluate("concierge.ids().anonymousId")
        page.click("text=Be this customer")
        wait_until_filled(page)
        ids = page.evaluate("concierge.ids()")  # one browser of two customers would make them one at night
        assert ids["userId"] == SECOND.user_id and ids["anonymousId"] != browser_id
        go(page, served, "/demo/sign-in")
        page.click("text=Be nobody")
        wait_until_filled(page)
        assert page.evaluate("concierge.ids().userId") is None and page.complaints == []


def test_a_journey_by_keyboard_alone(browser, served):
    with visit(browser, served) as page:
        go(page, served)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        tab_to(page, "[data-consent-yes]")
        page.keyboard.press("Enter")
        wait_until_filled(page)
        tab_to(page, "[data-concierge-slot] a", back=True)
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-add]")
        tab_to(page, "[data-add]")
        page.keyboard.press("Space")
        assert page.inner_text("[data-cart-count]") == "1"
        tab_to(page, "[data-open-drawer]", back=True)
        page.keyboard.press("Enter")
        assert page.evaluate("document.querySelector('dialog').open")
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.matches('[data-open-drawer]')")
        tab_to(page, "#q", back=True)
        page.keyboard.type("item")
        page.keyboard.press("Enter")
        page.wait_for_selector("h1:has-text('Results for')")
        assert page.complaints == []


def tab_to(page, selector, *, back=False):
    """Move the focus by the keyboard until it is on such an element, which must be seen to have it."""
    for _ in range(80):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            outline = "getComputedStyle(document.activeElement).outlineStyle"
            assert page.evaluate(outline) != "none", f"{selector} does not show that it has the focus"
            return
    raise AssertionError(f"{selector} cannot be reached")


def hold_lists(served):
    """Let no list be answered until the returned event is set."""
    released = threading.Event()

    def hold(environ):
        if environ["PATH_INFO"] == "/v1/recommendations":
            released.wait(20)

    served.fault = hold
    return released


@pytest.mark.parametrize("state", ["healthy", "slow", "dead", "garbage"])
def test_the_page_is_usable_and_still(browser, served, state):
    with visit(browser, served) as page:
        go(page, served)
        page.click("[data-consent-yes]")
        wait_until_filled(page)
        released = hold_lists(served) if state == "slow" else threading.Event()
        if state == "dead":
            page.context.route("**/v1/**", lambda route: route.abort("connectionrefused"))
        if state == "garbage":
            served.fault = fail("200 OK", b"<html><h1>502</h1>")
        go(page, served)
        assert len(list_shown(page)) == 8  # at once, whatever the service does
        if state == "healthy":
            wait_until_filled(page)
        if state == "slow":
            page.wait_for_timeout(1200)  # the browser's clock: the snippet gives up after 1,000 ms
        released.set()
        page.evaluate("concierge.flush()")
        assert page.evaluate("shift") <= MOST_SHIFT
        assert (page.locator("[data-why]").count() > 0) == (state == "healthy")
        page.click("main .cards a >> nth=0")
        page.wait_for_selector("[data-add]")
        page.click("[data-add]")
        assert page.inner_text("[data-cart-count]") == "1"
        assert not [one for one in page.complaints if "Failed to load resource" not in one]
