"""Consent first: what is stored and sent before a yes, after it, and after a no."""

import pytest

from tests.serving_app.snippet.shop_pages import (
    count_waiting,
    list_stored,
    make_page,
    make_slot,
    open_page,
    wait_for,
)

WAITS = make_page('data-consent="wait"', make_slot())


def list_calls(served):
    return [one for one in served.asked if "/v1/" in one]


def visit(context, served):
    page = open_page(context, served, WAITS)
    page.evaluate("concierge.track('Product Viewed', {product_id: 'item-05'})")
    page.evaluate("concierge.identify('u-regular')")
    return page


def assert_nothing_is_kept(context, page):
    assert list_stored(page) == {} and context.cookies() == []
    assert page.evaluate("sessionStorage.length") == 0


def test_nothing_is_stored_or_sent_before_a_yes(served, context):
    page = visit(context, served)
    page.clock.install()
    page.clock.fast_forward("10:00")
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    assert_nothing_is_kept(context, page)
    assert list_calls(served) == []
    assert page.inner_text("#slot").strip() == "what the shop had"
    page.reload()
    assert_nothing_is_kept(context, page)
    assert list_calls(served) == []


def test_a_yes_sends_what_the_page_saw_and_holds_for_the_next_page(served, context):
    page = visit(context, served)
    page.evaluate("concierge.consent(true)")
    browser_id = page.evaluate("concierge.ids().anonymousId")
    wait_for(page, lambda: len(served.read_events(browser_id)) == 4)
    said = [event["context"].get("consent") for event in served.read_events(browser_id)]
    yes = {"categoryPreferences": {"personalization": True, "analytics": True}}
    assert said == [None, None, None, yes]  # what was tracked before it says nothing by itself
    page.evaluate("concierge.consent(true)")  # as a banner that says so on each page
    assert page.evaluate("concierge.ids().anonymousId") == browser_id
    page.wait_for_selector("#slot article")
    served.asked.clear()
    page.reload()
    page.wait_for_selector("#slot article")
    assert list_stored(page)["concierge.id"] == browser_id


def test_a_no_after_nothing_sends_nothing(served, context):
    page = visit(context, served)
    page.evaluate("concierge.consent(false)")
    page.evaluate("concierge.track('Product Viewed', {product_id: 'item-05'})")
    page.evaluate("concierge.flush()")
    assert_nothing_is_kept(context, page)
    assert list_calls(served) == []


def test_a_no_after_a_yes_erases_and_is_told(served, context):
    page = visit(context, served)
    page.evaluate("concierge.consent(true)")
    browser_id = page.evaluate("concierge.ids().anonymousId")
    wait_for(page, lambda: len(served.read_events(browser_id)) == 4)
    page.evaluate("concierge.consent(false)")
    wait_for(page, lambda: len(served.read_events(browser_id)) == 5)
    told = served.read_events(browser_id)[-1]
    assert told["context"]["consent"]["categoryPreferences"] == {"personalization": False, "analytics": False}
    assert_nothing_is_kept(context, page)
    page.evaluate("concierge.track('Product Viewed', {product_id: 'item-05'})")
    page.evaluate("concierge.flush()")
    assert len(served.read_events(browser_id)) == 5
    assert page.evaluate("concierge.ids().anonymousId") is None
    page.evaluate("concierge.consent(true)")
    assert page.evaluate("concierge.ids().anonymousId") != browser_id


def test_what_is_said_in_one_tab_holds_in_the_others(served, context):
    page, other = (open_page(context, served, WAITS, path=f"/tab-{n}") for n in range(2))
    page.evaluate("concierge.consent(true)")
    other.wait_for_function("concierge.ids().anonymousId")
    assert other.evaluate("concierge.ids()") == page.evaluate("concierge.ids()")
    page.evaluate("concierge.consent(false)")
    other.wait_for_function("!concierge.ids().anonymousId")
    other.evaluate("concierge.track('Product Viewed', {product_id: 'item-05'})")
    assert_nothing_is_kept(context, other)


def test_one_purpose_alone(served, context):
    page = open_page(context, served, WAITS)
    page.evaluate("concierge.consent({personalization: false, analytics: true})")
    browser_id = page.evaluate("concierge.ids().anonymousId")
    page.evaluate("concierge.track('Product Viewed', {product_id: 'item-05'})")
    wait_for(page, lambda: len(served.read_events(browser_id)) == 3)
    event = next(each for each in served.read_events(browser_id) if each["type"] == "track")
    assert event["context"]["consent"]["categoryPreferences"] == {"personalization": False, "analytics": True}


def test_what_is_no_clear_yes_is_a_no(served, context):
    page = visit(context, served)
    for given in ("false", "null", "undefined", "0", "''", "{}", "{analytics: 'yes'}", "'yes'"):
        page.evaluate(f"concierge.consent({given})")
        page.evaluate("concierge.flush()")
        assert_nothing_is_kept(context, page)
        page.reload()
        page.wait_for_function("window.concierge?.version")
    assert list_calls(served) == []


def test_a_page_that_does_not_wait_keeps_a_no(served, context):
    page = open_page(context, served, make_page())
    browser_id = page.evaluate("concierge.ids().anonymousId")
    wait_for(page, lambda: len(served.read_events(browser_id)) == 1 and count_waiting(page) == 0)
    with page.expect_response("**/v1/batch"):
        page.evaluate("concierge.consent(false)")
    assert list_stored(page) == {"concierge.consent": "false"}
    served.asked.clear()
    page.reload()
    page.evaluate("concierge.flush()")
    assert list_calls(served) == [] and list_stored(page) == {"concierge.consent": "false"}


@pytest.mark.parametrize("said", ["", "concierge.consent(false)"], ids=["before an answer", "after a no"])
def test_no_list_is_asked_for_without_a_yes(served, context, said):
    page = open_page(context, served, WAITS)
    page.evaluate(said or "0")
    refused = page.evaluate("concierge.list({placement: 'home/top'}).then(() => false, () => true)")
    assert refused and list_calls(served) == []
    assert_nothing_is_kept(context, page)


@pytest.mark.parametrize("script", ['data-consent="wait"', ""], ids=["waits", "does not wait"])
def test_a_page_that_comes_back_by_the_history_hears_of_a_no(served, context, script):
    """It was frozen when another one of the shop took the no, so no event told it."""
    page = open_page(context, served, make_page(script))
    page.evaluate("concierge.consent(true)")
    browser_id = page.evaluate("concierge.ids().anonymousId")
    wait_for(page, lambda: len(served.read_events(browser_id)) == 2 and count_waiting(page) == 0)
    n_before = len(served.read_events())
    kept = {} if script else {"concierge.consent": "false"}
    page.evaluate("kept => { localStorage.clear(); Object.assign(localStorage, kept) }", kept)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    page.evaluate("concierge.track('Product Viewed', {product_id: 'item-05'})")
    page.evaluate("concierge.flush()")
    assert list_stored(page) == kept and page.evaluate("concierge.ids().anonymousId") is None
    assert len(served.read_events()) == n_before
