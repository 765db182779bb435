"""A console that is really served, and a browser that looks at it as a person does."""

import threading
from contextlib import contextmanager
from pathlib import Path

from werkzeug.serving import WSGIRequestHandler, make_server

AXE = Path(__file__).resolve().parents[2] / "clients" / "node_modules" / "axe-core" / "axe.min.js"
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


class QuietHandler(WSGIRequestHandler):
    def log(self, *args):
        """Nothing: pytest shows what is logged."""


class Address(str):
    """Where an app is served, and the app."""

    app = None


@contextmanager
def serve(app):
    """The address of an app, served from a thread until the block ends."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        address = Address(f"http://127.0.0.1:{server.server_port}")
        address.app = app
        yield address
    finally:
        server.shutdown()
        thread.join()


class Visit:
    """A page of the console in a browser, and all that is wrong with what it showed: complaints, requests to
    other places, dialogs, content wider than the window, violations that axe finds.
    """

    def __init__(self, context, base):
        self.base, self.page, self.wrong = base, context.new_page(), []
        self.page.on("console", lambda said: self._note(f"console: {said.text}", said.type != "log"))
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: (self.wrong.append("a dialog"), dialog.dismiss()))
        self.page.on("request", lambda asked: self._note(f"asks {asked.url}", not asked.url.startswith(base)))

    def _note(self, text, is_wrong):
        if is_wrong:
            self.wrong.append(f"{self.page.url}: {text}")

    def open(self, path):
        """Go to a page, and look whether it fits the window."""
        answer = self.page.goto(self.base + path)
        wide = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        self._note(f"{wide} pixels too wide", wide > 0)
        return answer

    def check_accessibility(self):
        """Note what axe finds."""
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        for violation in found["violations"]:
            nodes = "; ".join(node["html"][:120] for node in violation["nodes"][:3])
            self.wrong.append(f"{self.page.url}: {violation['id']}: {nodes}")

    def press(self, *names):
        """Press keys, one after the other."""
        for name in names:
            self.page.keyboard.press(name)

    def tab_to(self, text, most=60):
        """Move the focus by Tab alone to what shows a text.

        Raises:
            AssertionError: it cannot be reached.
        """
        for _ in range(most):
            self.page.keyboard.press("Tab")
            shown = self.page.evaluate(
                "(document.activeElement.innerText || document.activeElement.value || '').trim()"
            )
            if shown == text:
                outline = self.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline != "none", f"{text} has the focus and does not show it"
                return
        raise AssertionError(f"{text} cannot be reached by Tab")


@contextmanager
def visit(browser, base, viewport=None, scheme="light", *, signs_in=True):
    """A visit that has signed in on this machine."""
    context = browser.new_context(viewport=viewport or DESK, color_scheme=scheme)
    try:
        one = Visit(context, base)
        if signs_in:
            one.open("/console/sign-in")
            one.page.get_by_role("button", name="Continue on this machine").click()
            one.page.wait_for_url("**/console/")
        yield one
    finally:
        context.close()
