"""Pages of customers, overrides and reviews in Chromium: the journeys of a marketer by mouse and by keyboard
alone, every state at a phone's and a desk's width, light and dark, hostile words wherever words are shown.
"""

from contextlib import contextmanager

import pytest

from expectations.contracts import snapshot as contract
from serving_app.live.events import CART
from serving_app.storage.snapshots import Snapshot
from tests.serving_app.conftest import NEWCOMER, REGULAR, Clock, Shop, pairs
from tests.serving_app.console.browsing import DESK, PHONE, serve, visit
from tests.serving_app.live.events import make_event
from tests.serving_app.overrides.test_views import shown
from tests.serving_app.timelines.timeline_warehouse import write_timelines

HOSTILE = "<script>window.hit=1</script><img src=x onerror=window.hit=2>\"'{{7*7}}"
PAGE = f"/console/customers/{REGULAR}"
LOOKS = [("light", DESK), ("dark", PHONE)]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The small shop with a warehouse and an item of a hostile name, and where it is served."""
    shop = Shop(tmp_path_factory.mktemp("people"), Clock())
    write_timelines(shop.home)
    item = contract.ItemFacts(HOSTILE, HOSTILE, HOSTILE, 2.5, "EUR", None, True, True)
    named = {**dict(pairs()), contract.get_item_key("item-31"): contract.pack_record(item)}
    shop.snapshots.publish(Snapshot.from_pairs("night-1", named.items()))
    shop.live.record([make_event(CART, "item-31", user="u-regular", quantity=2)])
    with serve(shop.app) as address:
        yield shop, address


@pytest.fixture(autouse=True)
def end_overrides(served):
    """Each test begins without overrides; the audit log goes on."""
    yield
    for override in served[0].overrides.read_all():
        assert served[0].client.delete(f"/v1/overrides/{override.override_id}").status_code == 204


@contextmanager
def look_at(browser, served, viewport=DESK, scheme="light"):
    """A visit at whose end nothing was wrong."""
    with visit(browser, served[1], viewport, scheme) as one:
        one.page.set_default_timeout(10_000)
        yield one
        assert one.page.evaluate("window.hit") is None
        assert not one.wrong


def is_shown(shop, **visitor):
    return "item-30" in shown(shop, placement="home", n=3, **visitor)


def fill_in(page, kind="Pin: at a place of the list"):
    """A pin of an item for the champions until Friday, by mouse."""
    page.get_by_label("It does").select_option(kind)
    page.get_by_label("Find an item").press_sequentially("item-30")
    page.get_by_role("radio", name="Item 30").check()
    page.get_by_label("Segment").select_option("champions")
    page.get_by_label("Placement").fill("home")
    page.get_by_label("Ends").fill("2026-02-27T18:00")
    page.get_by_label("Why").fill(HOSTILE)


@pytest.mark.parametrize(("scheme", "viewport"), LOOKS, ids=["light-desk", "dark-phone"])
def test_every_page_and_state(browser, node_clients, served, scheme, viewport):
    with look_at(browser, served, viewport, scheme) as one:
        page = one.page
        one.open("/console/overrides/new")
        fill_in(page)
        page.get_by_role("button", name="Preview").click()
        page.get_by_role("heading", name="What it would do").wait_for()
        one.check_accessibility()
        page.get_by_label("Ends").fill("2026-02-20T18:00")
        page.get_by_role("button", name="Preview").click()
        page.get_by_text("until must lie in the future").wait_for()
        one.check_accessibility()
        page.get_by_label("Ends").fill("2026-02-27T18:00")
        page.get_by_role("button", name="Save").click()
        page.get_by_role("heading", name="Pin Item 30 at place 1").wait_for()
        one.check_accessibility()
        for path in ("", "/audit", "?text=nothing", "/new?item_id=item-31&customer_id=c_regular"):
            one.open(f"/console/overrides{path}")
            one.check_accessibility()
        one.open(PAGE)
        page.locator("#list table").first.wait_for()
        page.get_by_text("Was shown 2 items at home").wait_for()
        page.get_by_label("Item", exact=False).last.fill("item-31")
        page.locator("form", has_text="words of its title").get_by_role("button").click()
        page.locator("#why-not li").first.wait_for()
        one.check_accessibility()
        for path in ("/console/customers", f"{PAGE}/timeline?kind=list", "/console/reviews"):
            one.open(path)
            for summary in page.locator("summary").all():
                summary.click()
            page.wait_for_load_state("networkidle")
            one.check_accessibility()


def test_a_marketers_journey_by_mouse(browser, served):
    """A pin for a segment until Friday, seen by a member and by nobody else; undone; both in the audit."""
    shop, _ = served
    with look_at(browser, served) as one:
        page = one.page
        page.get_by_role("link", name="Overrides").click()
        page.get_by_role("link", name="New override").click()
        page.get_by_role("button", name="Preview").click()
        assert page.evaluate("document.activeElement.id") == "f-until", "where what is needed is missing"
        fill_in(page)
        page.get_by_role("button", name="Preview").click()
        page.get_by_text("1 would see another first 10").wait_for()
        assert not is_shown(shop, customer_id=REGULAR), "a look changes nothing"
        page.get_by_role("button", name="Save").click()
        page.get_by_role("heading", name="Pin Item 30 at place 1").wait_for()
        assert [is_shown(shop, customer_id=who) for who in (REGULAR, NEWCOMER, "")] == [True, False, False]
        page.get_by_role("button", name="Undo").click()
        page.get_by_text("not there").wait_for()
        assert not is_shown(shop, customer_id=REGULAR)
        page.get_by_role("link", name="Overrides").first.click()
        page.get_by_role("link", name="Audit").click()
        rows = page.get_by_role("row").all_inner_texts()
        assert "ended" in rows[1] and "undoes" in rows[1] and "made" in rows[2]


def test_a_marketers_journey_by_keyboard(browser, served):
    shop, _ = served
    with look_at(browser, served) as one:
        page = one.page
        one.open("/console/overrides")
        one.tab_to("New override")
        one.press("Enter")
        page.wait_for_url("**/overrides/new")
        tab_to_field(one, "f-text")
        page.keyboard.type("item-30")
        page.get_by_role("radio", name="Item 30").wait_for()
        one.press("Tab", "Space")
        tab_to_field(one, "f-segment_id")
        page.keyboard.type("Cham")
        tab_to_field(one, "f-placement")
        page.keyboard.type("home")
        tab_to_field(one, "f-until")
        page.keyboard.type("02272026")
        one.press("Tab")
        page.keyboard.type("0600P")
        one.tab_to("Preview")
        one.press("Enter")
        page.get_by_text("1 would see another first 10").wait_for()
        one.tab_to("Save")
        one.press("Enter")
        page.get_by_role("heading", name="Pin Item 30 at place 1").wait_for()
        assert is_shown(shop, customer_id=REGULAR) and not is_shown(shop)
        [made] = shop.overrides.read_all()
        assert (made.segment_id, made.until.isoformat()) == ("champions", "2026-02-27T18:00:00+00:00")
        tab_to_text(one, "Undo")
        one.press("Enter")
        page.get_by_text("not there").wait_for()
        assert not is_shown(shop, customer_id=REGULAR)


def tab_to_field(one, name):
    """Move the focus by Tab alone to a field."""
    tab_until(one, f"document.activeElement.id === '{name}'")


def tab_to_text(one, text):
    """Move the focus by Tab alone to what begins with a text."""
    tab_until(one, f"(document.activeElement.innerText || '').startsWith('{text}')")


def tab_until(one, condition, most=60):
    for _ in range(most):
        one.press("Tab")
        if one.page.evaluate(condition):
            return
    raise AssertionError(f"{condition}: cannot be reached by Tab")


def test_a_customer_by_keyboard(browser, served):
    with look_at(browser, served) as one:
        page = one.page
        one.open("/console/customers")
        tab_to_field(one, "f-kind")
        page.keyboard.type("E-m")
        tab_to_field(one, "f-value")
        page.keyboard.type("ada@shop.example")
        one.press("Enter")
        page.wait_for_url(f"**{PAGE}")
        assert "ada@shop.example" not in page.content()
        page.get_by_text("Ordered 2 pieces for 31.50 EUR").wait_for()
        one.tab_to("Orders")
        one.press("Enter")
        page.locator(".timeline > li").nth(2).wait_for(state="detached")
        assert page.locator(".timeline > li").count() == 2


def test_a_review_by_keyboard(browser, served):
    with look_at(browser, served) as one:
        page = one.page
        one.open("/console/reviews")
        tab_to_text(one, "The evidence")
        one.press("Enter")
        page.get_by_text("core_people/crm/1~crm/2").wait_for()
        one.tab_to("Not the same person")
        one.press("Enter")
        page.get_by_role("cell", name="not the same person", exact=True).wait_for()
        assert page.get_by_text("One link alone holds").count() == 0
        tab_to_text(one, "Take back")
        one.press("Enter")
        page.get_by_text("One link alone holds").wait_for()
