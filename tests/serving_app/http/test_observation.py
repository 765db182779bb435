"""What is noted of a request, in its answer and in the logs; and what is not."""

import io
import json
import logging
import os
import threading
import time

import pytest

from serving_app.app import create_app
from serving_app.http.access_log import AccessLog, JsonFormatter
from serving_app.http.observation import describe_request

SECRET = "somebody@shop.example"


class Lines(list):
    """An access log that keeps its lines."""

    write = list.append


@pytest.fixture
def lines(shop):
    lines = Lines()
    app = create_app(shop.settings, shop.stores, clock=shop.clock, access_log=lines)
    shop.client = app.test_client()
    return lines


@pytest.mark.parametrize(
    ("sent", "is_kept"),
    [
        ("b66374c8-1980-491b-9fa7-f780507963eb", True),
        ("a", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("", False),
        (SECRET, False),
        ("a b", False),
        ("../../etc", False),
        ("é", False),
        ('a"}', False),
    ],
)
def test_the_id_of_a_request(shop, lines, sent, is_kept):
    answer = shop.client.get("/v1/popular", headers={"X-Request-Id": sent})
    given = answer.headers["X-Request-Id"]
    assert (given == sent) is is_kept and lines[-1]["request_id"] == given
    assert is_kept or (len(given) == 16 and int(given, 16) >= 0)


@pytest.mark.parametrize(
    ("method", "path", "status", "route"),
    [
        ("GET", "/v1/recommendations?user_id=" + SECRET, 200, "/v1/recommendations"),
        ("GET", "/v1/customers/" + SECRET, 404, "/v1/customers/<customer_id>"),
        ("GET", "/" + SECRET, 404, "unmatched"),
        ("POST", "/v1/popular?" + SECRET, 405, "unmatched"),
        ("GET", "/v1/popular?n=" + SECRET, 400, "/v1/popular"),
        ("HEAD", "/healthz", 200, "/healthz"),
    ],
)
def test_a_line_names_the_route_and_nothing_that_was_sent(shop, lines, method, path, status, route):
    shop.client.open(path, method=method, headers={"User-Agent": SECRET, "Referer": SECRET})
    [line] = lines
    assert (line["method"], line["status"], line["route"]) == (method, status, route)
    assert line["ms"] >= 0 and line["at"] == shop.clock()
    assert SECRET not in str(line)


def test_an_unforeseen_error_has_its_line_and_its_id(shop, lines, monkeypatch, caplog):
    def break_down():
        raise RuntimeError(SECRET)

    monkeypatch.setattr(shop.snapshots, "get_current", break_down)
    assert shop.client.get("/v1/popular", headers={"X-Request-Id": "r-1"}).status_code == 500
    assert (lines[0]["status"], lines[0]["request_id"]) == (500, "r-1")


def test_log_lines_name_the_request_that_they_belong_to(shop, lines):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter(describe_request))
    logger = logging.getLogger("test-of-the-format")
    logger.addHandler(handler)
    with shop.app.test_request_context():
        logger.error("outside of a request %s", "yet")

    @shop.app.before_request
    def log():
        logger.error('a "line"\nwith its end')

    shop.client = shop.app.test_client()
    shop.client.get("/healthz", headers={"X-Request-Id": "r-2"})
    try:
        raise ValueError("broken")
    except ValueError:
        logger.exception("failed")
    first, second, third = (json.loads(line) for line in stream.getvalue().splitlines())
    assert "request_id" not in first and first["message"] == "outside of a request yet"
    assert (second["request_id"], second["message"]) == ("r-2", 'a "line"\nwith its end')
    assert "ValueError: broken" in third["exception"] and third["level"] == "ERROR"


def test_every_answer_forbids_sniffing_and_keeps_out_of_shared_caches(shop):
    """What is popular may be kept by its client and asked again about; nothing else may be kept."""
    assert shop.client.get("/v1/popular").headers["Cache-Control"] == "private, no-cache"
    for path in ("/v1/recommendations", "/v1/popular?n=0", "/v1/overrides", "/nothing", "/readyz"):
        headers = shop.client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "private, no-store"


def test_lines_are_written_by_a_thread_and_the_rest_at_the_end():
    reader, writer = os.pipe()
    log = AccessLog(writer)
    for number in range(1000):
        log.write({"n": number})
    log.close()
    os.close(writer)
    with os.fdopen(reader) as lines:
        assert [json.loads(line)["n"] for line in lines] == list(range(1000))


def test_a_reader_that_does_not_read_stops_nobody(monkeypatch):
    monkeypatch.setattr("serving_app.http.access_log.MOST_WAITING", 5_000)
    reader, writer = os.pipe()
    log = AccessLog(writer)
    started_at = time.perf_counter()
    for number in range(20_000):
        log.write({"n": number, "text": "x" * 100})
    log.close(patience_seconds=0.1)
    assert time.perf_counter() - started_at < 2
    received = []
    taker = threading.Thread(target=lambda: received.append(drain(reader)), daemon=True)
    taker.start()
    log._thread.join(10)
    os.close(writer)
    taker.join(10)
    lines = [json.loads(line) for line in received[0].splitlines()]
    n_dropped = sum(line.get("dropped_lines", 0) for line in lines)
    assert n_dropped > 0 and len([line for line in lines if "n" in line]) + n_dropped == 20_000


def drain(descriptor):
    with os.fdopen(descriptor, "rb") as pipe:
        return pipe.read()


def test_a_log_that_cannot_be_written_stops_nobody():
    reader, writer = os.pipe()
    os.close(reader)
    log = AccessLog(writer)
    log.write({"n": 1})
    log.close()
    os.close(writer)
    assert log._n_dropped == 1
