"""A page with a dataLayer, by gtag or a tag manager; and pages with a policy, another origin and calls before
the snippet has come.
"""

from dataclasses import replace

import pytest

from serving_app.keys.store import MemoryKeys
from tests.serving_app.keys.made_keys import browser_key, make_keys
from tests.serving_app.snippet.shop_pages import make_page, make_slot, open_page, wait_for

ITEMS = "[{item_id: 'item-05', item_name: 'Mug', price: 9.5, quantity: 2}, {item_id: 'item-06'}]"
BEFORE = f"""
window.dataLayer = window.dataLayer || [];
window.gtag = function () {{ dataLayer.push(arguments) }};
gtag('js', new Date());
gtag('event', 'view_item', {{currency: 'EUR', items: {ITEMS}}});
dataLayer.push({{event: 'gtm.js'}}, {{event: 'add_to_cart', ecommerce: {{currency: 'EUR', items: {ITEMS}}}}});
"""
AFTER = f"""
dataLayer.push({{event: 'remove_from_cart', ecommerce: {{items: {ITEMS}}}}});
gtag('event', 'search', {{search_term: 'mugs'}});
gtag('event', 'view_item_list', {{item_list_id: 'summer', items: {ITEMS}}});
const bought = {{transaction_id: 'T-1', currency: 'EUR', value: 28.5, items: {ITEMS}}};
dataLayer.push({{event: 'purchase', ecommerce: bought}});
dataLayer.push({{event: 'purchase', ecommerce: bought}});
dataLayer.push({{event: 'view_cart', ecommerce: {{items: {ITEMS}}}}});
gtag('event', 'view_search_results', {{search_term: 'cups'}});
gtag('event', 'select_item', {{request_id: 'r-1', items: [{{item_id: 'item-09'}}]}});
dataLayer.push(null, 5, 'x', {{event: {{}}}}, {{event: 'view_item'}}, function () {{ this.reset() }});
"""
# As a tag manager runs a tag of custom HTML: by a script that it makes.
TAG = """
const script = document.createElement('script');
script.async = true;
script.src = '/concierge.js';
script.dataset.page = 'off';
document.head.append(script);
"""
EXPECTED = {
    ("Product Viewed", "item-05", 9.5, "EUR"),
    ("Product Viewed", "item-06", None, "EUR"),
    ("Product Added", "item-05", 9.5, "EUR"),
    ("Product Added", "item-06", None, "EUR"),
    ("Product Removed", "item-05", 9.5, None),
    ("Product Removed", "item-06", None, None),
    ("Product Clicked", "item-09", None, None),
    ("Products Searched", None, None, None),
    ("Cart Viewed", None, None, None),
    ("Product List Viewed", None, None, None),
    ("Order Completed", None, None, "EUR"),
}


def describe(event):
    properties = event["properties"]
    return (event["event"], properties.get("product_id"), properties.get("price"), properties.get("currency"))


@pytest.mark.parametrize("by_tag_manager", [False, True], ids=["in the page", "tag manager"])
def test_a_data_layer_that_is_there(served, context, by_tag_manager):
    context.add_init_script(BEFORE)
    served.pages["/empty"] = "<!doctype html><title>x</title>"
    if by_tag_manager:
        page = context.new_page()
        page.goto(f"{served.url}/empty")
        page.evaluate(TAG)
        page.wait_for_function("window.concierge?.version")
    else:
        page = open_page(context, served, make_page('data-page="off"'))
    before = page.evaluate("dataLayer.length")
    page.evaluate(AFTER)
    assert page.evaluate("dataLayer.length") == before + 14
    browser_id = page.evaluate("concierge.ids().anonymousId")
    wait_for(page, lambda: len(served.read_events(browser_id)) > len(EXPECTED))
    page.evaluate("concierge.flush()")
    events = served.read_events(browser_id)
    assert {describe(event) for event in events} == EXPECTED
    assert len(events) == len(EXPECTED) + 1  # two searches; an order that its page shows twice is one
    order = next(event for event in events if event["event"] == "Order Completed")
    assert order["messageId"] == f"order-T-1-{browser_id}" and order["properties"]["order_id"] == "T-1"
    assert [product["product_id"] for product in order["properties"]["products"]] == ["item-05", "item-06"]


def test_an_order_without_a_number_is_refused_and_seen(served, context):
    """And is not the one order `undefined` of all browsers. Items that are null are none."""
    page = open_page(context, served, make_page('data-page="off"', "<script>dataLayer = []</script>"))
    page.evaluate(f"dataLayer.push({{event: 'purchase', ecommerce: {{items: {ITEMS}}}}})")
    page.evaluate("dataLayer.push({event: 'search', search_term: 'mugs', ecommerce: {items: null}})")
    browser_id = page.evaluate("concierge.ids().anonymousId")
    wait_for(page, lambda: len(served.read_events(browser_id)) == 1)
    assert served.read_events(browser_id)[0]["event"] == "Products Searched"
    flaws = [event["quarantined"]["detail"] for event in served.read_events() if "quarantined" in event]
    assert flaws == ["properties.order_id"]


def test_a_data_layer_may_be_left_alone(served, context):
    context.add_init_script(BEFORE)
    page = open_page(context, served, make_page('data-page="off" data-layer="off"'))
    page.evaluate(AFTER)
    page.evaluate("concierge.flush()")
    assert served.read_events(page.evaluate("concierge.ids().anonymousId")) == []


def test_calls_before_the_snippet_has_come(served, context):
    context.add_init_script(
        "window.concierge = window.concierge || [];"
        "concierge.push(['track', 'Product Viewed', {product_id: 'item-05'}], ['nothing']);"
        "concierge.push(['identify', 'u-regular'])"
    )
    page = open_page(context, served, make_page('data-page="off"'))
    browser_id = page.evaluate("concierge.ids().anonymousId")
    wait_for(page, lambda: len(served.read_events(browser_id)) == 2)
    assert [event["type"] for event in served.read_events(browser_id)] == ["track", "identify"]
    assert page.complaints == []


def test_a_strict_policy(served, context):
    policy = f"default-src 'none'; script-src {served.url}; connect-src {served.url}; style-src 'self'"
    page = open_page(context, served, make_page("", make_slot(), policy=policy))
    page.wait_for_selector("#slot article")
    assert page.complaints == []


def test_another_origin_with_a_browsers_key(served, context):
    origin = served.url.replace("127.0.0.1", "localhost")
    keys, (text,) = make_keys(replace(browser_key("read", "events"), origins=(origin,)))
    shop = served.shop
    shop.settings = replace(shop.settings, user_token_secrets=())
    shop.use_stores(keys=keys)
    try:
        html = make_page(f'data-key="{text}"', make_slot(), origin=served.url)
        page = open_page(context, served, html, base=origin)
        page.wait_for_selector("#slot article")
        page.evaluate("concierge.track('Product Viewed', {product_id: 'item-05'})")
        browser_id = page.evaluate("concierge.ids().anonymousId")
        wait_for(page, lambda: len(served.read_events(browser_id)) == 2)
        assert page.complaints == []
        assert not [one for one in served.asked if one.startswith("OPTIONS /v1/batch")]  # no preflight
        assert text not in str(served.read_events()) and not [one for one in served.asked if text in one]
    finally:
        shop.use_stores(keys=MemoryKeys())
