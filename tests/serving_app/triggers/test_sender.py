"""An attempt meets real endpoints on 127.0.0.1: those that fail, hang, redirect and answer hugely, and names
and addresses that lead where nothing may be sent.
"""

import gzip
import socket
import time
from ipaddress import ip_network

import orjson
import pytest

from expectations.contracts.transitions import encode_transition
from serving_app.triggers import sender as module
from serving_app.triggers.addresses import REFUSED as NOT_PUBLIC
from serving_app.triggers.attempts import Outcome, judge_answer
from serving_app.triggers.endpoints import DeclaredEndpoint, Endpoint
from serving_app.triggers.notification_records import Notification
from serving_app.triggers.sender import HttpSender
from serving_app.triggers.signature import sign
from tests.serving_app.triggers.endpoint_server import answer_with, running_endpoint
from tests.serving_app.triggers.event_loops import run_apart
from tests.serving_app.triggers.transitions import SECRET, make_transition

LOCAL = (ip_network("127.0.0.0/8"),)
TRANSITION = make_transition(1)
AT = 1_770_000_123.75


@pytest.fixture
def endpoint():
    with running_endpoint() as server:
        yield server


def send(url, networks=LOCAL, n=1, seconds=5.0):
    """What attempts came to, one after another over one sender."""
    declared = DeclaredEndpoint("crm", Endpoint(url=url, timeout_seconds=seconds), (SECRET,))
    line = encode_transition(TRANSITION)
    notification = Notification(1, TRANSITION.transition_id, TRANSITION.customer_id, line, 0.0, 0)

    async def go():
        async with HttpSender(declared, networks, lambda: AT) as sender:
            return [await sender.send(notification) for _ in range(n)]

    attempts = run_apart(go())
    return attempts if n > 1 else attempts[0]


def test_a_notification_is_signed_and_says_what_happened(endpoint):
    assert send(endpoint.url).outcome is Outcome.ACCEPTED
    [(headers, body)] = endpoint.requests
    signed = sign(TRANSITION.transition_id, int(AT), body, (SECRET,))
    assert signed == {name: headers[name] for name in signed}
    assert orjson.loads(body) == {
        "type": "segment.entered",
        "timestamp": "2026-02-02T02:41:00.000000+00:00",
        "data": orjson.loads(encode_transition(TRANSITION)),
    }


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.ACCEPTED),
        (299, Outcome.ACCEPTED),
        (302, Outcome.FAILED),
        (400, Outcome.REFUSED),
        (404, Outcome.REFUSED),
        (410, Outcome.REFUSED),
        (408, Outcome.FAILED),
        (429, Outcome.FAILED),
        (500, Outcome.FAILED),
    ],
)
def test_a_status_decides(status, outcome):
    assert judge_answer(status).outcome is outcome


@pytest.mark.parametrize(
    ("wish", "seconds"), [("7", 7.0), ("99999999", 3_600.0), ("-5", 0.0), ("soon", 0.0), ("", 0.0)]
)
def test_a_wish_to_wait_is_bounded(wish, seconds):
    assert judge_answer(503, wish).retry_after == seconds


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(endpoint, status):
    with running_endpoint() as inside:
        endpoint.answer = answer_with(status, [("Location", inside.url)])
        attempt = send(endpoint.url)
        assert (attempt.outcome, attempt.reason) == (Outcome.FAILED, f"status {status}")
        assert inside.requests == []
        assert send(inside.url).outcome is Outcome.ACCEPTED, "the negative control"


def test_an_endpoint_that_hangs_costs_its_time(endpoint):
    endpoint.answer = endpoint.hang
    started = time.monotonic()
    attempt = send(endpoint.url, seconds=0.1)
    assert (attempt.outcome, attempt.reason) == (Outcome.FAILED, "no answer within 0.1 s")
    assert time.monotonic() - started < 5


def test_one_that_drips_does_too(endpoint):
    def drip(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not endpoint.release.wait(0.01):
            handler.wfile.write(b"X-More: 1\r\n")

    endpoint.answer = drip
    assert send(endpoint.url, seconds=0.1).reason == "no answer within 0.1 s"


def test_a_huge_answer_is_not_read(endpoint):
    n_written, is_closed = [], []

    def endless(handler):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        try:
            while not endpoint.release.is_set():
                handler.wfile.write(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
                n_written.append(65_536)
        except OSError:
            is_closed.append(True)
            endpoint.release.set()
        handler.close_connection = True

    endpoint.answer = endless
    assert send(endpoint.url).outcome is Outcome.ACCEPTED
    assert endpoint.release.wait(10) and is_closed
    assert sum(n_written) < 16 << 20, "what sockets hold, and no more"


def test_a_compressed_answer_stays_compressed(endpoint):
    bomb = gzip.compress(bytes(10 << 20))
    endpoint.answer = answer_with(200, [("Content-Encoding", "gzip")], bomb)
    assert send(endpoint.url).outcome is Outcome.ACCEPTED


def test_an_answer_that_stops_in_its_middle_has_a_status_all_the_same(endpoint, monkeypatch):
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.05)

    def stop(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        endpoint.hang(handler)

    endpoint.answer = stop
    assert send(endpoint.url).outcome is Outcome.ACCEPTED


@pytest.mark.parametrize(
    "said", [b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", b"what?\r\n\r\n", b""]
)
def test_what_is_no_answer_is_a_failure(endpoint, said):
    def answer(handler):
        handler.wfile.write(said)
        handler.close_connection = True

    endpoint.answer = answer
    assert send(endpoint.url).outcome is Outcome.FAILED


def test_a_short_answer_leaves_the_connection_to_the_next(endpoint):
    ports = set()

    def answer(handler):
        ports.add(handler.client_address[1])
        answer_with(200, [("Set-Cookie", "a=b")], b"thank you")(handler)

    endpoint.answer = answer
    assert {each.outcome for each in send(endpoint.url, n=5)} == {Outcome.ACCEPTED}
    assert len(ports) == 1
    assert not any("Cookie" in headers for headers, _ in endpoint.requests)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "127.1"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_this_machine_is_not_reached_by_any_of_its_names(endpoint, scheme, host):
    attempt = send(f"{scheme}://{host}:{endpoint.port}/hook", networks=())
    assert attempt.outcome is Outcome.FAILED
    assert attempt.reason == NOT_PUBLIC or host in ("2130706433", "127.1")
    assert endpoint.requests == []


@pytest.fixture
def names(monkeypatch):
    """What a name leads to, an answer for each look-up; the last one stays."""
    answers, genuine = [], socket.getaddrinfo

    def look_up(host, port, *args, **named):
        if host != "hooks.shop.example":
            return genuine(host, port, *args, **named)
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return answers


def test_a_name_that_leads_inside_later_is_refused_then(endpoint, names):
    """The first connection is to an address that is allowed; the next look-up leads to one that is not."""
    endpoint.answer = answer_with(200, [("Connection", "close")])
    names += [["127.0.0.1"], ["127.0.0.2"]]
    url = f"http://hooks.shop.example:{endpoint.port}/hook"
    attempts = send(url, networks=(ip_network("127.0.0.1"),), n=3)
    assert [each.outcome for each in attempts] == [Outcome.ACCEPTED, Outcome.FAILED, Outcome.FAILED]
    assert attempts[1].reason == NOT_PUBLIC
    assert len(endpoint.requests) == 1


def test_of_several_addresses_only_those_that_are_allowed_are_tried(endpoint, names):
    names.append(["127.0.0.2", "10.0.0.1", "169.254.169.254", "127.0.0.1"])
    url = f"http://hooks.shop.example:{endpoint.port}/hook"
    assert send(url, networks=(ip_network("127.0.0.1"),)).outcome is Outcome.ACCEPTED
    assert send(url, networks=(ip_network("127.0.0.3"),)).outcome is Outcome.FAILED


def test_a_name_that_leads_nowhere_is_a_failure(names):
    names.append([])
    assert send("http://hooks.shop.example/hook").outcome is Outcome.FAILED


def test_proxies_of_the_environment_are_not_asked(endpoint, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{endpoint.port}")
    assert send("http://127.0.0.9:9/hook", networks=LOCAL, seconds=2).outcome is Outcome.FAILED
    assert endpoint.requests == []


def test_an_endpoint_without_tls_is_none_over_tls(endpoint):
    attempt = send(endpoint.url.replace("http:", "https:"))
    assert (attempt.outcome, endpoint.requests) == (Outcome.FAILED, [])


def test_nothing_of_an_answer_is_in_a_reason(endpoint):
    endpoint.answer = answer_with(500, [("X-Secret", "s3cret")], b"s3cret")
    assert send(endpoint.url).reason == "status 500"
