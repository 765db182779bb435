"""How soon the storefront's slots are filled, and how far anything moves, with the service healthy, slow,
dead and answering garbage.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from playwright.sync_api import Browser, BrowserContext, Page, Route

# A headless browser calls itself one, and its events would count as a crawler's.
AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
SIZES = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 900}}
SLOW_MS, SETTLED_MS = 2_000, 2_500
WATCH = """
window.shift = 0;
window.filledAt = null;
new PerformanceObserver((list) => list.getEntries().forEach((entry) => { window.shift += entry.value }))
  .observe({type: 'layout-shift', buffered: true});
addEventListener('concierge:filled', () => { window.filledAt ??= performance.now() });
"""
LISTS = "**/v1/**"


class Visit(NamedTuple):
    """One page load.

    Attributes:
        usable_ms: when the page's own products could be seen and clicked, since it was asked for.
        filled_ms: when the slot was filled, after the load event; negative before it; None: never.
        shift: the sum of the layout's shifts, which is never less than CLS.
    """

    usable_ms: float
    filled_ms: float | None
    shift: float


def answer_slowly(page: Page) -> Callable[[Route], None]:
    def answer(route: Route) -> None:
        page.wait_for_timeout(SLOW_MS)
        route.continue_()

    return answer


def refuse(page: Page) -> Callable[[Route], None]:
    return lambda route: route.abort("connectionrefused")


def answer_garbage(page: Page) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=200, content_type="text/html", body="<html><h1>502")


STATES = {"healthy": None, "slow": answer_slowly, "dead": refuse, "garbage": answer_garbage}


@contextmanager
def open_context(browser: Browser, size: str) -> Iterator[BrowserContext]:
    """A browser of its own that has said yes to the shop's question."""
    context = browser.new_context(viewport=SIZES[size], user_agent=AGENT)
    context.add_init_script(WATCH)
    context.add_init_script("localStorage.setItem('shop.consent', 'true')")
    try:
        yield context
    finally:
        context.close()


def measure_visits(browser: Browser, url: str, state: str, size: str, n: int) -> list[Visit]:
    """So many loads of a page, by one visitor."""
    with open_context(browser, size) as context:
        page = context.new_page()
        page.goto(
            url, wait_until="networkidle"
        )  # the files are in the cache from now on, as on a second page
        if make := STATES[state]:
            context.route(LISTS, make(page))
        return [measure_visit(page, url, is_healthy=state == "healthy") for _ in range(n)]


def measure_visit(page: Page, url: str, *, is_healthy: bool) -> Visit:
    """One load of a page."""
    page.goto(url, wait_until="load")
    if is_healthy:
        page.wait_for_selector("[data-why]")  # of an item that came with a list
    page.wait_for_timeout(200 if is_healthy else SETTLED_MS)
    usable = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    loaded = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    filled = page.evaluate("filledAt")
    return Visit(usable, None if filled is None else filled - loaded, page.evaluate("shift"))
