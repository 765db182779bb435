"""A definition that is published between two nights counts at once if it asks for short, live windows."""

import json
from dataclasses import asdict

import pytest

from expectations.contracts.home import HomePaths
from segments.definition_changes import PUBLISHED, DefinitionChange, hash_text
from tests.serving_app.conftest import NOW, REGULAR
from tests.serving_app.intake.sent_events import bought, send, viewed
from tests.serving_app.memberships.conftest import keep, list_turns, read_told
from tests.serving_app.memberships.nights import TEXTS, make_snapshot

HESITANT = """segment_id: hesitant
name: Hesitant
kind: rule
description: Put something into the cart in the last ten minutes and bought nothing since.
members: {sequence: [{event: cart}, {absent: purchase}], within: 10 minutes}
"""
MINUTES = 60_000_000


def publish(shop, text, segment_id="hesitant", at=NOW):
    """What whoever publishes a definition leaves in the home."""
    paths = HomePaths(shop.home)
    paths.segment_definitions.mkdir(parents=True, exist_ok=True)
    paths.segment_definition(segment_id).write_text(text)
    write_line(shop, text, segment_id, at)


def write_line(shop, text, segment_id="hesitant", at=NOW):
    """The line of the log of changes, which whoever publishes writes before the text."""
    HomePaths(shop.home).segment_definitions.mkdir(parents=True, exist_ok=True)
    change = DefinitionChange(
        at.isoformat(), segment_id, hash_text(text), None, "", "MK", "", action=PUBLISHED
    )
    with HomePaths(shop.home).segment_changes.open("a") as log:
        log.write(json.dumps(asdict(change)) + "\n")


def put_into_cart(shop, message_id="m-1", **who):
    send(shop, viewed(message_id, event="Product Added", **(who or {"userId": "u-regular"})))


def list_segments(shop):
    return set(shop.client.get(f"/v1/customers/{REGULAR}").json["segment_ids"])


def test_in_with_the_next_answer_and_out_by_time_and_by_a_purchase(live_shop, clock):
    publish(live_shop, HESITANT)
    assert list_segments(live_shop) == {"vip"}
    put_into_cart(live_shop)
    assert list_segments(live_shop) == {"vip", "fresh_cart", "hesitant"}
    clock.move(minutes=10, seconds=1)
    assert list_segments(live_shop) == {"vip"}
    keep(live_shop)
    put_into_cart(live_shop, "m-2")
    clock.move(seconds=1)
    one = [{"product_id": "item-05", "quantity": 1, "price": 3}]
    send(live_shop, bought("m-3", products=one) | {"userId": "u-regular"})
    keep(live_shop)
    assert list_segments(live_shop) == {"vip"}
    turns = [turn for turn in list_turns(live_shop) if turn[0] == "hesitant"]
    reasons = (True, "event"), (False, "time"), (True, "event"), (False, "event")
    assert turns == [("hesitant", *each) for each in reasons]
    assert {each.version for each in read_told(live_shop) if each.segment_id == "hesitant"} == {
        hash_text(HESITANT)
    }


@pytest.mark.parametrize("segment_id", ["hesitant", "left_in_cart"])
def test_a_worker_that_looks_between_the_line_and_the_text_finds_the_text(live_shop, segment_id):
    """Of one that is new, and of one that the home has no text of its own of yet."""
    text = HESITANT.replace("segment_id: hesitant", f"segment_id: {segment_id}")
    put_into_cart(live_shop)
    write_line(live_shop, text, segment_id)
    assert segment_id not in list_segments(live_shop)
    HomePaths(live_shop.home).segment_definition(segment_id).write_text(text)
    assert segment_id in list_segments(live_shop)


def test_what_came_before_it_was_published_counts(live_shop, clock):
    """In the cart at noon, published at four past: in since four past, by the definition; out at ten past."""
    put_into_cart(live_shop)
    put_into_cart(live_shop, "m-2", anonymousId="b-9")  # nobody knows them
    keep(live_shop)
    clock.move(minutes=4)
    publish(live_shop, HESITANT, at=clock())
    assert list_segments(live_shop) == {"vip", "fresh_cart", "hesitant"}
    keep(live_shop)
    clock.move(minutes=6, seconds=1)
    keep(live_shop)
    told = [each for each in read_told(live_shop) if each.segment_id == "hesitant"]
    entered = [(each.reason, each.since) for each in told if each.is_entered]
    left = [(each.reason, each.since) for each in told if not each.is_entered]
    start = int(NOW.timestamp()) * 1_000_000
    assert entered == [("definition", start + 4 * MINUTES)] * 2
    assert left == [("time", start + 10 * MINUTES + 1)] * 2


def test_what_time_has_ended_is_no_definitions_doing(live_shop, clock):
    """Told at noon, while nobody looked another definition was published, and ten minutes passed."""
    publish(live_shop, HESITANT)
    put_into_cart(live_shop)
    put_into_cart(live_shop, "m-2", anonymousId="b-9")
    keep(live_shop)
    clock.move(minutes=5)
    publish(
        live_shop,
        HESITANT.replace("hesitant", "other").replace("event: cart", "event: view"),
        "other",
        clock(),
    )
    clock.move(minutes=15)
    keep(live_shop)
    left = [each for each in read_told(live_shop) if not each.is_entered and each.segment_id == "hesitant"]
    assert [(each.reason, each.since > int(NOW.timestamp()) * 1_000_000 + 5 * MINUTES) for each in left] == [
        ("time", True)
    ] * 2


def test_another_text_of_a_live_segment_counts_in_its_place(live_shop, clock):
    """The night's is ten minutes; of the published one, with two, time has made an end already."""
    put_into_cart(live_shop)
    clock.move(minutes=5)
    keep(live_shop)
    assert list_segments(live_shop) == {"vip", "fresh_cart"}
    text = TEXTS["fresh_cart"].lstrip().replace("within: 10 minutes", "within: 2 minutes")
    publish(live_shop, text, "fresh_cart", clock())
    assert list_segments(live_shop) == {"vip"}
    keep(live_shop)
    (left,) = [each for each in read_told(live_shop) if not each.is_entered]
    assert (left.reason, left.since) == ("definition", int(clock().timestamp()) * 1_000_000)
    live_shop.snapshots.publish(make_snapshot("night-2", absorbed="2026-02-19"))
    keep(live_shop)
    assert list_segments(live_shop) == {"vip"}, "until a night has it"


def test_taken_back_the_nights_counts_again(live_shop, clock):
    put_into_cart(live_shop)
    publish(live_shop, HESITANT)
    keep(live_shop)
    publish(live_shop, HESITANT, "of_another_name")
    HomePaths(live_shop.home).segment_definition("hesitant").write_text(HESITANT + "\n# edited by hand\n")
    assert list_segments(live_shop) == {"vip", "fresh_cart"}
    keep(live_shop)
    assert list_turns(live_shop)[-1] == ("hesitant", False, "definition")


@pytest.mark.parametrize(
    ("absorbed", "hours", "expected"),
    [
        pytest.param("2026-02-20", 11, True, id="eleven hours back lie behind the night by noon"),
        pytest.param("2026-02-20", 13, False, id="thirteen hours do not yet"),
    ],
)
def test_it_waits_until_all_it_looks_at_lies_behind_the_night(live_shop, clock, absorbed, hours, expected):
    publish(live_shop, HESITANT.replace("10 minutes", f"{hours} hours"))
    put_into_cart(live_shop)
    assert ("hesitant" in list_segments(live_shop)) is expected
    clock.move(hours=2)
    assert "hesitant" in list_segments(live_shop)


def test_a_log_that_cannot_be_read_leaves_things_as_they_are(live_shop, monkeypatch, caplog):
    publish(live_shop, HESITANT)
    put_into_cart(live_shop)
    assert "hesitant" in list_segments(live_shop)

    def fail(home):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("serving_app.memberships.published_definitions.read_changes", fail)
    publish(live_shop, HESITANT.replace("10 minutes", "1 minute"))
    assert "hesitant" in list_segments(live_shop)
    assert "cannot be read: Permission denied" in caplog.text
    monkeypatch.undo()
    with HomePaths(live_shop.home).segment_changes.open("a") as log:
        log.write('{"torn')
    assert "hesitant" in list_segments(live_shop), "by the newest text, which time has not ended yet"


def test_what_the_night_must_work_out_waits(live_shop):
    publish(live_shop, HESITANT.replace(", within: 10 minutes", ""))
    put_into_cart(live_shop)
    assert list_segments(live_shop) == {"vip", "fresh_cart"}
