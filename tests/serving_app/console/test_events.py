"""Events as they come in: the newest first, of any log, and of nobody by name."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.contracts.home import HomePaths
from expectations.contracts.impressions import OPEN_SUFFIX
from serving_app.console.event_records import build_events
from serving_app.console.event_tail import FileTail, TopicTail
from serving_app.storage.event_log import LogLine, LogUnavailable
from tests.serving_app.conftest import NOW

CANARY = "canary@example.org"


def hash_shortly(kind, source, value):
    return f"i_{kind}{len(value):04d}" + "0" * 20


def write_event(seconds=0, **fields):
    record = {"event": "Product Viewed", "type": "track", "anonymousId": "cookie", "source": "shop"}
    record |= {"receivedAt": (NOW + timedelta(seconds=seconds)).isoformat(), **fields}
    return json.dumps(record).encode()


def show(*lines, lag=timedelta(0), most=50):
    return build_events(lines, hash_shortly, lag, most)


def test_the_newest_come_first_by_the_clock_on_the_wall():
    shown = show(*(write_event(n, event=f"e{n}") for n in (3, 1, 2)), lag=timedelta(days=280), most=2)
    assert [event.name for event in shown] == ["e3", "e2"]
    assert shown[0].received_at == NOW + timedelta(days=280, seconds=3)


def test_what_became_of_it():
    flaw = {"reason": "bad_id", "detail": f"userId {CANARY}"}
    refused, bot, fine = show(
        write_event(3, quarantined=flaw, raw_text=CANARY),
        write_event(2, context={"isBot": True}),
        write_event(1),
    )
    assert [event.outcome for event in (refused, bot, fine)] == ["refused", "bot", "accepted"]
    assert (refused.refused_for, refused.detail) == ("bad_id", "•••")


def test_the_title_of_a_page_is_not_shown():
    (event,) = show(write_event(type="page", event=None, name="Welcome back, Jane Roe"))
    assert event.name == "page" and "Jane" not in repr(event)


def test_of_nobody_by_name():
    properties = {"email": CANARY, "product_id": "SKU-1", "note": f"call {CANARY}", "first_name": "Canary"}
    (event,) = show(write_event(userId=CANARY, properties=properties, event=f"Bought by {CANARY}"))
    assert event.visitor == "user_id user_id0"
    assert event.properties == "email=•••, product_id=SKU-1, note=•••, first_name=•••"
    assert "canary" not in repr(event).lower()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
FIELDS = st.sampled_from(
    ["event", "type", "name", "userId", "anonymousId", "properties", "quarantined", "context", "source"]
)


@given(st.dictionaries(FIELDS, JSON))
def test_a_record_of_any_shape_stops_nothing(fields):
    assert len(show(write_event(**fields), b"{", b"[1]", b'{"a": 1}')) == 1


def test_a_file_is_read_from_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr("serving_app.console.event_tail.MOST_BYTES", 40)
    paths = HomePaths(tmp_path)
    assert FileTail(paths).read_newest(5) == []
    paths.event_log.mkdir(parents=True)
    text = "".join(f'{{"n": {n}}}\n' for n in range(100)) + '{"torn'
    (paths.event_log / "20260221T1100-a.jsonl").write_text(text)
    lines = FileTail(paths).read_newest(5)
    assert lines[-1] == b'{"n": 99}' and 2 <= len(lines) <= 4


def test_files_that_have_just_landed_are_read_too_behind_those_of_the_log(tmp_path):
    paths = HomePaths(tmp_path)
    for folder, name in (
        (paths.event_log, f"20260221T1200-b{OPEN_SUFFIX}"),
        (paths.event_log, "20260221T1100-a.jsonl"),
        (paths.landed_events / "2026-02-20", "concierge.events-0.jsonl"),
        (paths.landed_events / "2026-02-19", "20260219T1100-a.jsonl"),
    ):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{name}\n")
    names = [line.decode() for line in FileTail(paths).read_newest(5)]
    assert names == [f"20260221T1200-b{OPEN_SUFFIX}", "20260221T1100-a.jsonl", "concierge.events-0.jsonl"]


class Topic:
    """A log of two partitions, of which one is longer."""

    is_away = False

    def find_end(self):
        if self.is_away:
            raise LogUnavailable("away")
        return {"0": 100, "1": 2}

    def read_lines(self, position, most):
        ends = self.find_end()
        lines = [
            LogLine(f"{partition}/{n}".encode(), partition, n + 1)
            for partition, end in ends.items()
            for n in range(position[partition], end)
        ]
        return lines[:most]


def test_of_a_topic_the_ends_of_all_partitions_are_read():
    lines = TopicTail(Topic()).read_newest(3)
    assert lines == [b"0/97", b"0/98", b"0/99", b"1/0", b"1/1"]


def test_the_page_shows_what_came_a_moment_ago(shop, sign_in):
    reader = sign_in()
    assert "No event has come yet" in reader.get("/console/events").text
    hostile = "<svg onload=alert(1)>"
    sent = {"type": "track", "event": "Product Viewed", "anonymousId": "cookie-1", "messageId": "m-1"}
    sent["properties"] = {"product_id": "item-05", "list_name": hostile}
    assert shop.client.post("/v1/track", json=sent).status_code == 200
    for path in ("/console/events", "/console/events/newest"):
        page = reader.get(path).text
        assert "Product Viewed" in page and "accepted" in page and "item-05" in page
        assert "cookie-1" not in page and hostile not in page and "&lt;svg onload" in page
    assert "<html" not in reader.get("/console/events/newest").text


def test_a_log_that_is_away_is_said_to_be(shop, sign_in, monkeypatch):
    from serving_app.console.event_service import EventTailService

    service = shop.app.extensions["concierge"][EventTailService]
    topic = Topic()
    topic.is_away = True
    monkeypatch.setattr(service, "_tail", TopicTail(topic))
    answer = sign_in().get("/console/events/newest", headers={"HX-Request": "true"})
    assert answer.status_code == 503 and "does not answer" in answer.text and "<html" not in answer.text


@pytest.mark.parametrize("scope", ["read", "metrics", "profiles"])
def test_the_pages_need_the_scope_admin(sign_in, keys, scope):
    reader = sign_in(keys[scope])
    for path in ("/console/events", "/console/events/newest", "/console/quarantine", "/console/models"):
        assert reader.get(path).status_code == 403
