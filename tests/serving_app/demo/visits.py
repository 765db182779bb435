"""Visits to the demo shop in a real browser."""

from contextlib import contextmanager

from tests.serving_app.snippet.shop_pages import wait_for
from tests.serving_app.snippet.test_slots import MEASURE_SHIFTS

PHONE, DESK = (390, 844), (1280, 900)


@contextmanager
def visit(browser, served, size=DESK, scheme="light"):
    """A page of a browser of its own; what it complains of and asks elsewhere is collected."""
    width, height = size
    viewport = {"width": width, "height": height}
    context = browser.new_context(viewport=viewport, color_scheme=scheme)
    context.add_init_script(MEASURE_SHIFTS)
    page = context.new_page()
    page.complaints, page.elsewhere = [], []
    page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on(
        "request",
        lambda asked: page.elsewhere.append(asked.url) if not asked.url.startswith(served.url) else None,
    )
    try:
        yield page
    finally:
        context.close()


def go(page, served, path="/demo/"):
    page.goto(f"{served.url}{path}")
    wait_for(page, lambda: page.evaluate("window.concierge?.version"))  # a policy forbids wait_for_function
