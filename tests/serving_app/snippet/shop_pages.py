"""A service that is really served, and pages of a shop that load the snippet from it in a real browser."""

import threading
import time
from contextlib import contextmanager

from werkzeug.serving import WSGIRequestHandler, make_server

from tests.serving_app.intake.sent_events import read_event_log

LINK = '<a data-c-href="/p/{item_id}" data-c-text="{title}"></a>'
CARD = f'<template><article class="card">{LINK}</article></template>'
STYLE = "body{margin:0} .slot{min-height:200px} .card{height:40px} p{margin:0}"


class Quiet(WSGIRequestHandler):
    def log(self, *_):
        pass


class Served:
    """A shop's service on a port of its own.

    Attributes:
        pages: HTML by path, of the shop's own.
        fault: called with each request's environ; what it returns, if anything, is the answer.
        asked: paths with queries, in the order they came.
    """

    def __init__(self, shop):
        self.shop, self.pages, self.fault, self.asked = shop, {}, None, []
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True, request_handler=Quiet)
        self.port = self._server.port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, environ, start_response):
        path = environ["PATH_INFO"]
        self.asked.append(f"{environ['REQUEST_METHOD']} {path}?{environ['QUERY_STRING']}")
        if path in self.pages:
            start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
            return [self.pages[path].encode()]
        if self.fault and path.startswith("/v1/"):
            answer = self.fault(environ)
            if answer is not None:
                status, body, headers = answer
                environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
                start_response(status, [*(headers or [("Content-Type", "text/html")])])
                return [body]
        return self.shop.app(environ, start_response)

    def read_events(self, anonymous_id=None):
        """The records of the event log, of one browser or of all."""
        records = read_event_log(self.shop.home)
        return [each for each in records if anonymous_id in (None, each.get("anonymousId"))]


def fail(status="500 Internal Server Error", body=b"", *headers):
    """A fault: each request is answered so."""
    return lambda environ: (status, body, headers)


def make_page(script="", body="", *, origin="", policy=""):
    """The HTML of a page of the shop that loads the snippet with these attributes. Where they do not say how
    long it waits for a list it waits long: other tests may keep the machine busy.
    """
    script += "" if "data-timeout" in script else ' data-timeout="20000"'
    head = f'<meta http-equiv="Content-Security-Policy" content="{policy}">' if policy else ""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Shop</title>{head}'
        f'<link rel="stylesheet" href="/shop.css"><body>{body}'
        f'<script async src="{origin}/concierge.js" {script}></script></body></html>'
    )


def make_slot(attributes='data-concierge-slot="home/top" data-n="3"', held="<p>what the shop had</p>"):
    return f'<section class="slot" id="slot" {attributes}>{CARD}{held}</section><p id="below">below</p>'


@contextmanager
def open_shop(browser, served, **options):
    """A browser of its own: with no storage and no cookie of another's."""
    context = browser.new_context(viewport={"width": 800, "height": 700}, **options)
    context.route("**/shop.css", lambda route: route.fulfill(content_type="text/css", body=STYLE))
    context.route("**/favicon.ico", lambda route: route.fulfill(status=204))
    try:
        yield context
    finally:
        context.close()


def open_page(context, served, html, path="/home", base=None):
    """A tab that shows this page; `complaints` collects what its console says."""
    page = context.new_page()
    page.complaints = []
    page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    base = base or served.url
    served.pages[path] = html
    page.goto(f"{base}{path}", wait_until="load")
    page.wait_for_function("window.concierge?.version")
    return page


def wait_for(page, condition, seconds=10):
    """Wait until something of the service is so; the page's own events go on meanwhile."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come about"
        page.wait_for_timeout(10)


def list_stored(page):
    """What the snippet keeps in the browser, by name."""
    return page.evaluate(
        "Object.fromEntries(Object.entries(localStorage).filter(([name]) => name.startsWith('concierge.')))"
    )


def count_waiting(page):
    """How many events wait in the browser."""
    return sum(name.startswith("concierge.event.") for name in list_stored(page))
