"""A marketer builds "in the cart and not bought in ten minutes" at the console, publishes it, and watches a
shopper of the demo shop enter and leave it; axe looks at every page on the way.
"""

import pytest

from tests.serving_app.conftest import Clock, Shop
from tests.serving_app.console.browsing import DESK, PHONE, visit
from tests.serving_app.demo.conftest import open_demo
from tests.serving_app.demo.test_storefront import go, wait_until_filled
from tests.serving_app.demo.test_storefront import visit as visit_shop
from tests.serving_app.memberships.conftest import keep
from tests.serving_app.memberships.nights import make_snapshot
from tests.serving_app.segments.small_warehouse import write_warehouse
from tests.serving_app.snippet.shop_pages import Served, wait_for


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    shop = Shop(tmp_path_factory.mktemp("segments"), Clock())
    write_warehouse(shop.home)
    shop.snapshots.publish(make_snapshot("night-1"))
    keep(shop)
    served = Served(open_demo(shop))
    yield served
    served.stop()


def build(one, name):
    """From the list to a published segment, and to its page; by the buttons' names."""
    page = one.page
    page.get_by_role("link", name="Segments").click()
    page.get_by_role("link", name="New segment").click()
    one.check_accessibility()
    page.get_by_label("Definition").evaluate("area => area.style.height = '20rem'")  # as dragging sets it
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("once published it counts with the next answer").wait_for()
    page.get_by_text(f'name: "{name}"').wait_for()
    one.check_accessibility()
    page.get_by_role("button", name="Save draft").click()
    page.get_by_text("It needs nobody's approval").wait_for()
    one.check_accessibility()
    page.get_by_role("button", name="Publish").click()
    page.get_by_role("link", name="Look at it").click()
    page.get_by_text("Nobody has come or gone").wait_for()
    one.check_accessibility()


def test_a_segment_is_built_published_and_entered_and_left(browser, node_clients, served):
    with visit(browser, served.url, DESK) as one, visit_shop(browser, served) as shopper:
        build(one, "Hesitant now")
        now = one.page.locator("#now")
        assert "0 customers" in now.inner_text() and "0 visitors" in now.inner_text()
        go(shopper, served)
        shopper.click("[data-consent-yes]")
        wait_until_filled(shopper)
        shopper.click("[data-concierge-slot] a >> nth=0")
        shopper.wait_for_selector("[data-add]")
        shopper.click("[data-add]")
        now.get_by_text("1 visitor", exact=False).wait_for()
        keep(served.shop)
        now.get_by_text("a visitor by what they did").wait_for()
        served.shop.clock.move(seconds=1)
        shopper.click("text=Cart")
        shopper.click("[data-buy]")
        shopper.wait_for_url("**/demo/thanks")
        now.get_by_text("0 visitors", exact=False).wait_for()
        keep(served.shop)
        wait_for(one.page, lambda: now.locator(".badge").all_inner_texts() == ["out", "in"])
        assert not one.wrong and shopper.complaints == []


def test_by_keyboard_on_a_dark_phone_with_a_mistake_on_the_way(browser, node_clients, served):
    with visit(browser, served.url, PHONE, "dark") as one:
        page = one.page
        one.open("/console/segment-builder")
        page.get_by_label("Definition").fill(
            "segment_id: odd\nname: Odd\nkind: rule\ndescription: D\nmembers: {count: viw}\n"
        )
        one.tab_to("Preview")
        one.press("Enter")
        page.get_by_text("did you mean 'view'").wait_for()
        one.check_accessibility()
        one.open("/console/segment-builder")
        page.get_by_label("Name").fill("Undecided now")
        one.tab_to("Write the definition")
        one.press("Enter")
        page.get_by_text("segment_id: undecided_now").wait_for()
        one.tab_to("Save draft")
        one.press("Enter")
        page.get_by_text("It needs nobody's approval").wait_for()
        one.check_accessibility()
        one.tab_to("Publish")
        one.press("Enter")
        page.get_by_text("Undecided now is published").wait_for()
        one.tab_to("Look at it")
        one.press("Enter")
        page.get_by_text("Nobody has come or gone").wait_for()
        page.get_by_label("Id").last.fill("u-regular")
        one.press("Enter")
        page.get_by_text("Not in Undecided now").wait_for()
        one.check_accessibility()
        one.open("/console/segments/champions")
        one.check_accessibility()
        assert not one.wrong
