"""The console in Chromium: every page at a phone's and a desk's width, light and dark, by keyboard alone,
with hostile text wherever text is shown. Nothing runs, nothing is asked of another place, and axe finds
nothing.
"""

import pytest

from serving_app.console.model_service import ModelService
from serving_app.console.rollback_program import RollbackAnswer
from tests.serving_app.console.browsing import DESK, PHONE, visit
from tests.serving_app.console.hostile_home import HOSTILE

PAGES = (
    "/console/",
    "/console/nights/night-2",
    "/console/models",
    "/console/events",
    "/console/quarantine",
    "/console/quarantine/shop/events/bad_id",
    "/console/figures",
    "/console/segments",
    "/console/customers",
    "/console/overrides",
    "/console/reviews",
    "/console/no-such-page",
)
LOOKS = [("light", DESK), ("dark", PHONE), ("dark", DESK), ("light", PHONE)]


@pytest.mark.parametrize(
    ("scheme", "viewport"), LOOKS, ids=["light-desk", "dark-phone", "dark-desk", "light-phone"]
)
def test_every_page(browser, node_clients, served_console, scheme, viewport):
    with visit(browser, served_console, viewport, scheme) as one:
        for path in PAGES:
            answer = one.open(path)
            one.check_accessibility()
            assert answer.status == (404 if path.endswith("no-such-page") else 200), path
            assert one.page.evaluate("window.hit") is None, path
            assert "60481729" not in one.page.content(), path
        wrong = [each for each in one.wrong if "404 (NOT FOUND)" not in each]
        assert not wrong


@pytest.mark.parametrize(("scheme", "viewport"), [("dark", DESK), ("light", PHONE)])
def test_the_sign_in(browser, node_clients, served_console, scheme, viewport):
    with visit(browser, served_console, viewport, scheme, signs_in=False) as one:
        one.open("/console/models")
        one.check_accessibility()
        assert one.page.url.endswith("/console/sign-in?back=/console/models")
        one.tab_to("Continue on this machine")
        one.press("Enter")
        one.page.wait_for_url(f"{served_console}/console/models")
        one.check_accessibility()
        assert not one.wrong


def test_axe_does_find_what_is_wrong(browser, node_clients, served_console):
    with visit(browser, served_console, signs_in=False) as one:
        one.page.set_content("<html lang=en><title>x</title><main><img src='data:,'><input></main>")
        one.check_accessibility()
        assert {each.rpartition(": ")[0].rpartition(": ")[2] for each in one.wrong} >= {"image-alt", "label"}


def test_last_nights_trouble_by_keyboard_in_two_steps(browser, served_console):
    """Signed in, the first page says it; its button leads to the night, with the step that was stopped."""
    with visit(browser, served_console) as one:
        assert "stopped at the border" in one.page.inner_text("main")
        one.tab_to("See the whole night")
        one.press("Enter")
        one.page.wait_for_url("**/console/nights/night-2")
        assert one.page.get_by_text("dbt: stopped at the border").count() == 1
        assert not one.wrong


def test_the_way_past_the_menu(browser, served_console):
    with visit(browser, served_console) as one:
        one.press("Tab")
        assert one.page.evaluate("document.activeElement.innerText") == "Skip to the page"
        one.press("Enter")
        assert one.page.evaluate("document.activeElement.id") == "main"


def test_new_events_appear_by_themselves(browser, served_console):
    with visit(browser, served_console, PHONE, "dark") as one:
        one.open("/console/events")
        with one.page.expect_response("**/console/events/newest") as caught:
            pass
        assert caught.value.status == 200
        one.page.wait_for_function("document.querySelector('#newest .badge').innerText == 'accepted'")
        late = one.page.locator(".late")
        assert not late.is_visible()
        one.page.evaluate(
            "document.getAnimations().forEach(each => each.finish())"
        )  # ten seconds in which none came
        assert late.is_visible()
        with one.page.expect_response("**/console/events/newest"):
            pass
        one.page.wait_for_function("getComputedStyle(document.querySelector('.late')).visibility == 'hidden'")
        assert one.page.evaluate("window.hit") is None and not one.wrong


def test_events_fit_a_desk(browser, served_console):
    with visit(browser, served_console) as one:
        one.open("/console/events")
        row = "document.querySelector('#newest tbody tr').cells"
        one.page.evaluate(f"{row}[1].textContent = 'of eighty letters '.repeat(5).slice(0, 80)")
        one.page.evaluate(f"{row}[3].firstChild.textContent = 'anonymous_id 1a2b3c4d'")
        sizes = (
            "(({scrollWidth, clientWidth}) => [scrollWidth, clientWidth])(document.querySelector('.table'))"
        )
        whole, shown = one.page.evaluate(sizes)
        assert whole <= shown


def test_a_night_is_brought_back_by_keyboard(browser, node_clients, served_console, monkeypatch):
    asked = []
    service = served_console.app.extensions["concierge"][ModelService]
    answer = RollbackAnswer(True, f"Readers see {HOSTILE}")
    monkeypatch.setattr(service, "_run", lambda *args: asked.append(args[1:]) or answer)
    with visit(browser, served_console, PHONE) as one:
        one.open("/console/models")
        one.page.get_by_label("Why").focus()
        one.page.keyboard.type("lists were odd")
        one.tab_to("Bring it back")
        one.press("Enter")
        one.page.wait_for_selector("#rolled-back .notice.good")
        assert "Shoppers see the night that you chose" in one.page.inner_text("#rolled-back")
        one.check_accessibility()
        assert asked == [("night-1", "lists were odd (by local in the console)")]
        assert one.page.evaluate("window.hit") is None and not one.wrong


def test_a_report_runs_nothing(browser, served_console):
    with visit(browser, served_console) as one:
        one.open("/console/nights/night-2/identities")
        assert one.page.inner_text("h1") == "Who"
        assert one.page.evaluate("window.hit") is None


def test_no_other_page_can_frame_it(browser, served_console):
    with visit(browser, served_console) as one:
        one.page.set_content(f"<iframe src='{served_console}/console/'></iframe>")
        frame = one.page.frames[1]
        frame.wait_for_load_state()
        assert "Nights" not in frame.content()
