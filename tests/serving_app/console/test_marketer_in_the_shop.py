"""A marketer at the console and shoppers in the demo shop, each in a browser of their own: what is pinned for
a segment until Friday is seen first by a member and by nobody else; undone, it is gone; the audit has both.
"""

from contextlib import contextmanager

import pytest

from tests.serving_app.conftest import Clock, Shop
from tests.serving_app.console.browsing import visit as visit_console
from tests.serving_app.demo.conftest import open_demo
from tests.serving_app.demo.test_storefront import go, list_shown, wait_until_filled
from tests.serving_app.demo.test_storefront import visit as visit_shop
from tests.serving_app.snippet.shop_pages import Served
from tests.serving_app.timelines.timeline_warehouse import write_timelines


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    shop = Shop(tmp_path_factory.mktemp("marketer"), Clock())
    write_timelines(shop.home)
    served = Served(open_demo(shop))
    yield served
    served.stop()


@contextmanager
def shop_as(browser, served, name):
    """A shopper on the first page, with consent: the member, or a stranger."""
    with visit_shop(browser, served) as page:
        go(page, served, "/demo/sign-in" if name == "member" else "/demo/")
        page.click("[data-consent-yes]")
        if name == "member":
            page.click("text=Be this customer")
        wait_until_filled(page)
        yield page
        assert page.complaints == []


def see_again(page, served):
    go(page, served)
    wait_until_filled(page)
    return list_shown(page)


def test_a_pin_for_a_segment_until_friday(browser, served):
    with (
        visit_console(browser, served.url) as one,
        shop_as(browser, served, "member") as member,
        shop_as(browser, served, "stranger") as stranger,
    ):
        page = one.page
        before = list_shown(stranger)
        assert "Item 12" not in [*list_shown(member), *before]
        page.get_by_role("link", name="Overrides").click()
        page.get_by_role("link", name="New override").click()
        page.get_by_label("Find an item").press_sequentially("item 12")
        page.get_by_role("radio", name="Item 12").check()
        page.get_by_label("Segment").select_option("champions")
        page.get_by_label("Placement").fill("home")
        page.get_by_label("Ends").fill("2026-02-27T18:00")
        page.get_by_role("button", name="Preview").click()
        page.get_by_text("1 would see another first 10; strangers would not.").wait_for()
        page.get_by_role("button", name="Save").click()
        page.get_by_role("heading", name="Pin Item 12 at place 1").wait_for()
        assert "2026-02-27 18:00 UTC" in page.inner_text("main")
        assert see_again(member, served)[0] == "Item 12"
        assert see_again(stranger, served) == before
        page.get_by_role("button", name="Undo").click()
        page.get_by_text("not there").wait_for()
        assert "Item 12" not in see_again(member, served)
        one.open("/console/overrides/audit")
        ended, made = page.get_by_role("row").all_inner_texts()[1:]
        assert "Pin Item 12 at place 1 for segment Champions: ended" in ended and "undoes 1" in ended
        assert "Pin Item 12 at place 1 for segment Champions: made" in made
        assert not one.wrong
