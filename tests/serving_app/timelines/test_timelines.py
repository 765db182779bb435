"""A customer's timeline: of the night and since, paged, and of nobody who may not be named."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from expectations.contracts.home import HomePaths
from expectations.contracts.restrictions import CONSENTS, ERASURES, Permission
from expectations.contracts.transitions import EPOCH, Transition, encode_transition
from serving_app.live.events import CART, VIEW
from tests.serving_app.conftest import FORMER, NEWCOMER, NOW, REGULAR
from tests.serving_app.live.events import make_event
from tests.serving_app.overrides.test_views import create
from tests.serving_app.segments.test_drafts import HESITANT
from tests.serving_app.timelines.timeline_warehouse import SENTENCES, write_lake, write_timelines


@pytest.fixture
def timelines(shop):
    write_timelines(shop.home)
    return shop


def read(shop, customer_id=REGULAR, **query):
    answer = shop.client.get(f"/v1/customers/{customer_id}/timeline", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json


def list_sentences(answer):
    return [entry["sentence"] for entry in answer["entries"]]


def write_lines(folder, *lines, name="20260221T110000-a.jsonl.open"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"".join(line + b"\n" for line in lines))


def test_what_the_night_knows_stands_newest_first(timelines):
    answer = read(timelines)
    assert list_sentences(answer) == SENTENCES
    assert (answer["customer_id"], answer["day"], answer["unread"]) == (REGULAR, "2026-02-20", [])
    times = [entry["at"] for entry in answer["entries"]]
    assert times == sorted(times, reverse=True) and not any(e["is_since_night"] for e in answer["entries"])
    by_what = {entry["what"]: entry for entry in answer["entries"]}
    assert by_what["entered"]["at"] == "2026-02-03T23:59:59.999999Z", "what holds by the end of a day"
    assert [by_what["view"][name] for name in ("request_id", "item_id")] == ["r-1", "item-05"]
    assert read(timelines, FORMER) == answer, "an id of any age"


@pytest.mark.parametrize("limit", [1, 2, 5, 14, 15])
def test_pages_neither_repeat_nor_skip(timelines, limit):
    sentences, query = [], {}
    while query is not None:
        answer = read(timelines, limit=limit, **query)
        assert len(answer["entries"]) <= limit
        sentences += list_sentences(answer)
        query = {"cursor": answer["next_cursor"]} if answer["next_cursor"] else None
    assert sentences == SENTENCES


def test_kinds_are_asked_for_by_name(timelines):
    assert list_sentences(read(timelines, kinds="order,consent")) == [
        SENTENCES[place] for place in (0, 1, 12, 13)
    ]


def test_what_happened_since_stands_before_the_night(timelines):
    timelines.live.record([make_event(CART, "item-07", user="u-regular", minute=-30, quantity=3)])
    clicked = timelines.client.get(f"/v1/recommendations?customer_id={REGULAR}&n=3").json
    ignored = timelines.client.get(f"/v1/recommendations?customer_id={REGULAR}&n=2&placement=home").json
    timelines.client.get(f"/v1/recommendations?customer_id={NEWCOMER}")
    item_id = clicked["items"][1]["item_id"]
    properties = {"product_id": item_id, "request_id": clicked["request_id"]}
    sent = {"type": "track", "event": "Product Clicked", "userId": "u-regular", "properties": properties}
    event = {**sent, "messageId": "click-1", "timestamp": NOW.isoformat()}
    sent = timelines.client.post("/v1/batch", json={"batch": [event]})
    assert sent.json["n_accepted"] == 1, sent.text
    answer = read(timelines, kinds="list,event", limit=4)
    assert {*list_sentences(answer)} == {
        f"Clicked Item {int(item_id[-2:])}",
        "Was shown 3 items at recommendations; clicked 1",
        "Was shown 2 items at home; clicked none",
        "Put Item 7 into the cart, 3 pieces",
    }
    assert answer["entries"][-1]["what"] == "cart" and answer["unread"] == []
    lists = {entry["request_id"]: entry for entry in answer["entries"] if entry["kind"] == "list"}
    assert lists[clicked["request_id"]]["clicked"] == [item_id]
    assert lists[ignored["request_id"]]["items"] == [item["item_id"] for item in ignored["items"]]


def test_turns_of_segments_to_the_moment(timelines):
    def turn(segment_id, at, *, is_entered=True, whose=REGULAR):
        since = (at - EPOCH) // timedelta(microseconds=1)
        return encode_transition(Transition(whose, segment_id, is_entered, since, since, "event"))

    day = datetime(2026, 2, 3, 14, tzinfo=UTC)
    night_ends_at = datetime(2026, 2, 21, tzinfo=UTC)
    turns = [
        turn("champions", day),  # of which the night knows the day alone
        turn("champions", day + timedelta(hours=1), is_entered=False),
        turn("champions", day + timedelta(hours=2)),
        turn("fresh_cart", night_ends_at - timedelta(microseconds=1)),
        turn("fresh_cart", night_ends_at, is_entered=False),
        turn("fresh_cart", NOW, whose=NEWCOMER),
    ]
    write_lines(HomePaths(timelines.home).transitions, *turns, b'{"customer_id":"c_regular"}')
    entries = read(timelines, kinds="segment")["entries"]
    assert [(one["what"], one["segment_id"], one["at"][:16]) for one in entries] == [
        ("left", "fresh_cart", "2026-02-21T00:00"),
        ("entered", "fresh_cart", "2026-02-20T23:59"),
        ("left", "loyal", "2026-02-03T23:59"),
        ("entered", "champions", "2026-02-03T16:00"),
        ("left", "champions", "2026-02-03T15:00"),
        ("entered", "champions", "2026-02-03T14:00"),
    ]
    assert [one["is_since_night"] for one in entries] == [True, *[False] * 5]


def test_overrides_that_are_for_them(timelines, monkeypatch):
    for more in ({"customer_id": REGULAR}, {"segment_id": "champions"}, {}, {"customer_id": NEWCOMER}):
        create(timelines, kind="pin", item_id="item-05", reason="secret", **more)
        timelines.clock.move(minutes=1)
    timelines.client.delete("/v1/overrides/" + timelines.overrides.read_all()[0].override_id)
    answer = read(timelines, kinds="override")
    assert list_sentences(answer) == [
        "A pin of Item 5 for this customer was ended",
        "A pin of Item 5 for the segment Champions was made",
        "A pin of Item 5 for this customer was made",
    ]
    assert "secret" not in json.dumps(answer), "reasons are for those who may see overrides"
    assert answer["unread"] == []
    monkeypatch.setattr("serving_app.timelines.service.MOST_CHANGES", 4)
    shorter = read(timelines, kinds="override")
    assert (len(shorter["entries"]), shorter["unread"]) == (2, ["override_audit"])


def test_the_lake_says_which_overrides_had_a_say_in_landed_lists(timelines):
    def read_lists():
        entries = read(timelines, kinds="list,order")["entries"]
        return {one["request_id"]: one["applied_overrides"] for one in entries if one["kind"] == "list"}

    assert read_lists() == {"r-1": None, "r-2": None}, "without a lake nobody knows"
    write_lake(timelines.home)
    assert read_lists() == {"r-1": ["o_1", "o_2"], "r-2": []}
    [gone] = HomePaths(timelines.home).lake.rglob("served_date=2026-02-20/*.parquet")
    gone.unlink()
    assert read_lists()["r-1"] is None, "what cannot be read is not known, and the rest is answered"


def test_nobody_has_one_who_may_not_be_named(timelines):
    def ask(customer_id):
        return timelines.client.get(f"/v1/customers/{customer_id}/timeline").status_code

    assert [ask(name) for name in (REGULAR, "c_stranger", "c_nobody")] == [200, 404, 404]
    timelines.live.record([make_event(VIEW, "item-07", user="u-regular", has_personalization_consent=False)])
    assert ask(REGULAR) == 404, "a no that the restrictions may not have yet"


@pytest.mark.parametrize("kind", [CONSENTS, ERASURES])
def test_a_no_and_an_erasure_hold_at_once(timelines, kind):
    email = timelines.ids["ada@shop.example"]
    timelines.restrictions.record_permissions(kind, {email: Permission(False, NOW, "test")})
    assert timelines.client.get(f"/v1/customers/{REGULAR}/timeline").status_code == 404


def test_a_no_to_analytics_hides_behaviour(timelines):
    timelines.live.record([make_event(VIEW, "item-07", user="u-regular", has_analytics_consent=False)])
    kinds = {entry["kind"] for entry in read(timelines)["entries"]}
    assert kinds == {"order", "segment", "identity", "consent"}


def test_a_log_that_is_too_long_is_said_to_be(timelines, monkeypatch):
    answer = timelines.client.get(f"/v1/recommendations?customer_id={REGULAR}&n=3").json
    folder = HomePaths(timelines.home).decision_log
    [now] = folder.iterdir()
    older = now.read_bytes().replace(answer["request_id"].encode(), b"older")
    (folder / "20260101T000000-a.jsonl").write_bytes(older)
    monkeypatch.setattr("serving_app.storage.log_search.find_lines.__defaults__", (16 << 20, 1))
    page = read(timelines, kinds="list", limit=3)
    assert page["unread"] == ["decision_log"]
    assert [entry["request_id"] for entry in page["entries"]] == [answer["request_id"], "r-1", "r-2"]


def test_without_files_of_events_clicks_wait_for_the_night(timelines):
    timelines.settings = replace(timelines.settings, events="kinesis")
    timelines.use_stores()
    timelines.client.get(f"/v1/recommendations?customer_id={REGULAR}&n=3")
    page = read(timelines, kinds="list")
    assert page["unread"] == ["event_log"] and page["entries"][0]["clicked"] is None
    assert "known after the night" in page["entries"][0]["sentence"]


@pytest.mark.parametrize("query", [{"cursor": "x"}, {"cursor": "YWJj"}, {"kinds": "visit"}, {"limit": 0}])
def test_what_is_not_understood(timelines, query):
    assert timelines.client.get(f"/v1/customers/{REGULAR}/timeline", query_string=query).status_code == 400


def test_without_a_warehouse_it_waits(shop):
    answer = shop.client.get(f"/v1/customers/{REGULAR}/timeline")
    assert (answer.status_code, answer.json["type"]) == (503, "urn:concierge:problem:not-ready")


def test_an_older_night_that_lacks_a_column_is_not_ready(timelines):
    with duckdb.connect(str(HomePaths(timelines.home).warehouse_file)) as warehouse:
        warehouse.execute("alter table fct_segment_changes drop column reason")
    answer = timelines.client.get(f"/v1/customers/{REGULAR}/timeline")
    assert (answer.status_code, answer.json["type"]) == (503, "urn:concierge:problem:not-ready")


def test_a_segment_published_since_goes_by_its_name(timelines):
    paths, since = HomePaths(timelines.home), (NOW - EPOCH) // timedelta(microseconds=1)
    turn = Transition(REGULAR, "hesitant", True, since, since, "event")
    write_lines(paths.transitions, encode_transition(turn))
    assert "Entered hesitant" in list_sentences(read(timelines, kinds="segment"))[0]
    paths.segment_definitions.mkdir(parents=True)
    paths.segment_definition("hesitant").write_text(HESITANT)
    assert "Entered Hesitant" in list_sentences(read(timelines, kinds="segment"))[0]


def test_turns_that_the_stream_tells_to_a_topic_are_said_to_be_missing(timelines):
    timelines.settings = replace(timelines.settings, memberships="stream")
    timelines.use_stores()
    assert read(timelines)["unread"] == ["transitions"]
    assert read(timelines, kinds="order")["unread"] == []
