"""The Python client: against the real server, and against one that fails as networks do."""

import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

import pytest

from clients.python.concierge_client import Concierge, ConciergeError, Override, make_event
from serving_app.keys.store import FileKeys
from tests.serving_app.keys.made_keys import server_key
from tests.serving_app.keys.test_store import make_key
from tests.serving_app.test_server import Server

UNTIL = "2099-01-01T00:00:00Z"
LIST = '{"request_id": "r", "source": "popular", "items": [], "applied_overrides": [], "field_of_later": 1}'


@pytest.fixture(scope="module")
def concierge(written_nights, tmp_path_factory):
    home = shutil.copytree(written_nights, tmp_path_factory.mktemp("client") / "home")
    running = Server(home)
    client = Concierge(running.url, make_key(FileKeys(home), server_key("read", "events", "overrides")))
    yield client
    client.close()
    running.stop()


def test_a_shop_uses_it(concierge):
    shown = concierge.recommend(user_id="u-stranger", n=3, exclude=["item-37"], placement="home")
    first = [item.item_id for item in shown.items]
    assert len(first) == 3 and "item-37" not in first
    assert shown.items[0].title and shown.items[0].rank == 1
    assert concierge.popular(n=2, exclude=["item-37", "item-36"]).items[0].item_id == "item-35"
    assert concierge.similar("item-05", n=1).source == "similar"
    pages = [concierge.popular(n=2)]
    pages.append(concierge.popular(n=2, cursor=pages[0].next_cursor))
    assert len({item.item_id for page in pages for item in page.items}) == 4
    wanted = concierge.recommend(
        n=5, filter="price < $most", parameters={"most": 20}, mode="fill", customer_id="c_regular"
    )
    assert wanted.items and all(item.price < 20 for item in wanted.items)

    bought = make_event(
        "track",
        event="Order Completed",
        anonymous_id="browser-1",
        properties={"order_id": "o-1", "products": [{"product_id": first[0], "quantity": 1}]},
    )
    assert [one.outcome for one in concierge.send([bought])] == ["accepted"]
    assert [one.outcome for one in concierge.send([bought])] == ["duplicate"]
    assert (
        concierge.track("Product Viewed", {"product_id": "item-05"}, anonymous_id="b-2").outcome == "accepted"
    )
    assert concierge.track("No Such Event", {}, anonymous_id="b-2").outcome == "quarantined"
    assert concierge.identify("u-regular", "browser-1").outcome == "accepted"
    many = [make_event("page", anonymous_id=f"b-{number}") for number in range(1100)]
    assert {one.outcome for one in concierge.send(many)} == {"accepted"}


def test_an_operator_uses_it(concierge):
    block = {"kind": "block", "item_id": "item-37", "until": UNTIL, "author": "MK"}
    tried = concierge.create_override(**block, dry_run=True)
    assert tried.effect["stranger"]["before"][0] == "item-37"
    assert (tried.is_dry_run, tried.override_id, tried.is_in_force) == (True, None, False)
    made = concierge.create_override(**block)
    assert made.version == 1 and concierge.popular(n=1).items[0].item_id == "item-36"
    changed = concierge.change_override(made, item_id="item-36", reason="recall")
    assert (changed.version, changed.item_id, changed.author) == (2, "item-36", "MK")
    with pytest.raises(ConciergeError) as conflict:
        concierge.change_override(made, item_id="item-35")
    assert (conflict.value.status, conflict.value.kind) == (412, "override-changed")
    for number in range(4):
        concierge.create_override(kind="boost", item_id=f"item-0{number}", factor=2, until=UNTIL)
    listed = [*concierge.list_overrides(limit=2)]
    assert len(listed) == 5 and {type(one) for one in listed} == {Override}
    concierge.delete_override(made.override_id, reason="over")
    with pytest.raises(ConciergeError) as gone:
        concierge.get_override(made.override_id)
    assert (gone.value.status, gone.value.kind) == (404, "unknown-override")
    with pytest.raises(ConciergeError) as wrong:
        concierge.create_override(kind="pin", until=UNTIL)
    assert wrong.value.status == 400 and "item_id" in str(wrong.value)


class Script:
    """A server that answers as a test says, the last answer for ever; None closes the connection."""

    def __init__(self, *answers):
        self.answers, self.bodies, self.pauses, self.time = [*answers], [], [], 0.0

    def __enter__(self):
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_answer(self):
                script.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
                answer = script.answers.pop(0) if len(script.answers) > 1 else script.answers[0]
                if answer is None:
                    self.close_connection = True
                    return
                status, text, headers = answer
                self.send_response(status)
                for name, value in {"Content-Length": str(len(text)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_POST = do_PATCH = handle_one_answer  # noqa: N815

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.client = Concierge(url, timeout=2, sleep=self.sleep, clock=lambda: self.time)
        return self

    def sleep(self, seconds):
        self.pauses.append(seconds)
        self.time += seconds

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


OK = (200, LIST, {})
BUSY = (503, '{"type": "urn:concierge:problem:not-ready", "detail": "not yet"}', {"Retry-After": "5"})
PAGE = (502, "<html>", {})
EVENTS = (200, '{"events": [{"message_id": "m", "outcome": "accepted"}]}', {})


@pytest.mark.parametrize("failure", [None, PAGE, (200, "<html>", {}), (429, "", {"Retry-After": "0"})])
def test_a_list_is_asked_for_again(failure):
    with Script(failure, failure, OK) as script:
        assert script.client.popular().request_id == "r"
        assert len(script.bodies) == 3 and 0.05 <= script.pauses[0] < script.pauses[1] < 0.13


def test_a_page_does_not_wait_for_a_service_that_is_away():
    with Script(BUSY) as script, pytest.raises(ConciergeError) as error:
        script.client.popular()
    assert (error.value.status, error.value.kind, script.pauses) == (503, "not-ready", [])
    with Script(None) as script, pytest.raises(ConciergeError) as error:
        script.client.popular()
    assert (error.value.status, error.value.kind) == (0, "unreachable") and 0.5 < script.time <= 1
    script.answers = [OK]
    with pytest.raises(ConciergeError):
        script.client.popular()  # the server has ended


def test_events_wait_and_are_the_same_when_they_are_repeated():
    with Script(None, BUSY, None, EVENTS) as script:
        [outcome] = script.client.send([make_event("page", anonymous_id="b")])
    assert outcome.outcome == "accepted"
    assert len(script.bodies) == 4 and len({*script.bodies}) == 1
    assert 5 <= max(script.pauses) < 7


@pytest.mark.parametrize("failure", [None, PAGE])
def test_what_may_have_been_done_is_not_done_again(failure):
    with Script(failure, OK) as script, pytest.raises(ConciergeError):
        script.client.create_override(kind="block", item_id="a", until=UNTIL)
    assert len(script.bodies) == 1


def test_batches_are_as_large_as_the_service_takes():
    numbers = count()
    large = [make_event("page", anonymous_id="b", properties={"text": "x" * 30_000}) for _ in range(20)]
    with Script(EVENTS) as script:
        script.client.send(large)
        assert [len(body) < 512_000 for body in script.bodies] == [True, True]
        script.client.send(make_event("page", anonymous_id=f"b{next(numbers)}") for _ in range(1001))
        assert len(script.bodies) == 5
