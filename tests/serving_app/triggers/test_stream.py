"""`GET /v1/stream`: a client that goes on by Last-Event-ID sees each wanted transition once, in order."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.contracts.transitions import encode_transition
from serving_app.keys.api_key import ApiKey, format_key, hash_secret, make_secret
from serving_app.keys.store import MemoryKeys
from serving_app.storage.event_log import LogLine, LogUnavailable
from serving_app.triggers.schemas import StreamQuery
from serving_app.triggers.stream import HEARTBEAT_SECONDS, MOST_STREAMS, parse_event_id, stream_events
from tests.serving_app.triggers.transitions import MemoryLog, make_transition

FIELD = re.compile(rb"^(id|event|data|retry):? ?(.*)$")


def parse_events(body):
    """The events of a stream as a browser would: id, type, data."""
    events, last_id = [], None
    for block in body.split(b"\n\n"):
        fields = dict(match.groups() for line in block.split(b"\n") if (match := FIELD.match(line)))
        last_id = fields.get(b"id", last_id)
        if b"data" in fields:
            events.append((last_id.decode(), fields[b"event"].decode(), orjson.loads(fields[b"data"])))
    return events, last_id and last_id.decode()


def ids(events):
    return [data["transition_id"] for _, _, data in events]


def tell(shop, *transitions):
    shop.stores.transitions.append_lines([encode_transition(each) for each in transitions])


def read(shop, path="/v1/stream", last="0:0"):
    """What a stream sends of what is there; `Settings` without the environment keep none open for more."""
    answer = shop.client.get(path, headers={"Last-Event-ID": last} if last else {})
    assert answer.status_code == 200
    return parse_events(answer.data)


def test_a_stream_goes_on_behind_the_last_event(shop):
    transitions = [make_transition(n, f"c_{n % 2}", is_entered=n < 3) for n in range(6)]
    tell(shop, *transitions[:4])
    events, last = read(shop)
    assert ids(events) == [each.transition_id for each in transitions[:4]]
    assert [kind for _, kind, _ in events] == ["segment.entered"] * 3 + ["segment.left"]
    assert read(shop, last=last)[0] == []
    shop.stores.transitions.rotate(is_forced=True)
    shop.clock.move(seconds=1)
    tell(shop, *transitions[4:])
    assert ids(read(shop, last=last)[0]) == [each.transition_id for each in transitions[4:]]
    assert ids(read(shop, last=events[1][0])[0]) == [each.transition_id for each in transitions[2:]]


def test_without_an_id_it_begins_with_what_comes(shop):
    tell(shop, make_transition(1))
    assert read(shop, last=None)[0] == []


def test_only_what_is_asked_for_is_sent(shop):
    tell(
        shop,
        make_transition(1),
        make_transition(2, segment="lapsed"),
        make_transition(3, "c_2"),
        make_transition(4, "c_2", "new"),
    )

    def read_names(query):
        return [(e["customer_id"], e["segment_id"]) for _, _, e in read(shop, f"/v1/stream?{query}")[0]]

    assert read_names("segment=lapsed,new") == [("c_1", "lapsed"), ("c_2", "new")]
    assert read_names("customer_id=c_2") == [("c_2", "vip"), ("c_2", "new")]
    assert read_names("customer_id=c_2&segment=vip") == [("c_2", "vip")]


@pytest.mark.parametrize("last", ["7", "a:b", "../x:1", "p:-1", "x" * 300 + ":1", "p:" + "9" * 30])
def test_an_id_that_is_none_is_refused(shop, last):
    answer = shop.client.get("/v1/stream", headers={"Last-Event-ID": last})
    assert answer.status_code == 400 and last not in answer.json["detail"]


def test_a_mistyped_name_is_refused(shop):
    assert shop.client.get("/v1/stream?segments=vip").status_code == 400


def test_headers_keep_it_from_being_held_back(shop):
    answer = shop.client.get("/v1/stream", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert "Content-Encoding" not in answer.headers and "no-store" in answer.headers["Cache-Control"]


def test_a_worker_has_so_many_and_gives_their_places_back(shop):
    shop.settings = replace(shop.settings, open_stream_seconds=900)
    shop.use_stores()
    tell(shop, make_transition(1))
    opened = [shop.client.get("/v1/stream", headers={"Last-Event-ID": "0:0"}) for _ in range(MOST_STREAMS)]
    refused = shop.client.get("/v1/stream")
    assert refused.status_code == 503 and "too-many-streams" in refused.json["type"]
    assert shop.client.head("/v1/stream").status_code == 200, "HEAD needs none"
    assert b"retry" in next(opened[0].response)
    opened.pop().close()
    again = shop.client.get("/v1/stream")
    assert again.status_code == 200
    for each in (*opened, again):
        each.close()


def test_it_ends_with_its_key(shop, monkeypatch):
    monkeypatch.setattr("serving_app.triggers.stream.POLL_SECONDS", 0)
    key_id, secret = make_secret()
    key = ApiKey(key_id, "wall", hash_secret(secret), ("stream",), datetime(2026, 1, 1, tzinfo=UTC))
    keys = MemoryKeys([key])
    shop.settings = replace(shop.settings, open_stream_seconds=900)
    shop.use_stores(keys=keys)
    tell(shop, make_transition(1))
    headers = {"Authorization": f"Bearer {format_key(key_id, secret)}", "Last-Event-ID": "0:0"}
    stream = shop.client.get("/v1/stream", headers=headers).response
    assert [b"retry" in next(stream), b"c_1" in next(stream)] == [True, True]
    keys.keys[:] = [replace(key, revoked_at=shop.clock())]
    assert list(stream) == []
    assert shop.client.get("/v1/stream", headers=headers).status_code == 401


def test_another_scope_does_not_open_it(shop):
    key_id, secret = make_secret()
    scopes = ("read", "events", "profiles", "segments", "metrics")
    key = ApiKey(key_id, "other", hash_secret(secret), scopes, datetime(2026, 1, 1, tzinfo=UTC))
    shop.use_stores(keys=MemoryKeys([key]))
    headers = {"Authorization": f"Bearer {format_key(key_id, secret)}"}
    assert shop.client.get("/v1/stream", headers=headers).status_code == 403


class Moments:
    """A clock that `pause` moves, until its end."""

    def __init__(self, until, on_pause=lambda: None):
        self.now, self.until, self.on_pause = 0.0, until, on_pause

    def pause(self, seconds):
        self.now += seconds
        self.on_pause()
        return self.now < self.until


def test_silence_is_broken_by_heartbeats_that_carry_the_place():
    log = MemoryLog()
    moments = Moments(3 * HEARTBEAT_SECONDS + 1, lambda: log.tell(make_transition(1, "c_2")))
    query = StreamQuery(customer_id="c_1")
    sent = list(stream_events(log, {}, query, moments.pause, lambda: moments.now))
    assert len(sent) == 1 + 3
    events, last = parse_events(b"".join(sent))
    assert events == [] and int(last.split(":")[1]) > 200


def test_a_log_that_cannot_be_read_ends_it():
    class Broken(MemoryLog):
        def read_lines(self, position, most):
            raise LogUnavailable("away")

    assert list(stream_events(Broken(), {}, StreamQuery(), lambda _: True, lambda: 0.0)) == [
        b"retry: 2000\n\n"
    ]


def test_a_line_that_is_none_is_passed_over():
    log = MemoryLog()
    log.append_lines([b"{}"])
    log.tell(make_transition(1))
    sent = b"".join(stream_events(log, {}, StreamQuery(), Moments(0).pause, lambda: 0.0))
    assert len(parse_events(sent)[0]) == 1


class Files(MemoryLog):
    """A log of files, as an append log has them: partitions in order of their names."""

    def __init__(self, sizes):
        super().__init__()
        self.files = {f"f{n:02d}": size for n, size in enumerate(sizes)}

    def read_lines(self, position, most):
        number = iter(range(10_000))
        lines = [
            (encode_transition(make_transition(next(number))), name, n + 1)
            for name, size in self.files.items()
            for n in range(size)
        ]
        return [LogLine(*each) for each in lines if each[2] > position.get(each[1], 0)][:most]

    def find_end(self):
        return dict(self.files)


@given(st.lists(st.integers(0, 5), max_size=6), st.data())
def test_resuming_anywhere_leaves_nothing_out_and_repeats_nothing(sizes, data):
    log = Files(sizes)
    whole, _ = parse_events(b"".join(stream_events(log, {}, StreamQuery(), Moments(0).pause, lambda: 0.0)))
    assert len(whole) == sum(sizes)
    if whole:
        n = data.draw(st.integers(0, len(whole) - 1))
        position = parse_event_id(whole[n][0], log.find_end())
        rest = stream_events(log, position, StreamQuery(), Moments(0).pause, lambda: 0.0)
        assert parse_events(b"".join(rest))[0] == whole[n + 1 :]
