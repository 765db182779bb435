"""Each turn is told once, under one id, whatever runs again."""

from contextlib import contextmanager

import msgpack
import pytest
from confluent_kafka import KafkaError, KafkaException

from segments.told import Told
from spark_jobs.stream.notes import Kind, Note, pack_note
from spark_jobs.stream.refusals import nobody_refuses
from spark_jobs.stream.teller import TransitionTeller, TurnRow
from tests.spark_jobs.stream.told_twins import MemoryTold, MemoryTopics, PlainNight


def turn(segment: str, is_entered: bool, since: int, owner: str = "c1", reason: str = "event") -> TurnRow:
    return TurnRow(owner, segment, is_entered, since, reason, since)


def said(members: dict[str, int], since: int, closed: str = "", owner: str = "c1") -> TurnRow:
    return TurnRow(owner, "", False, since, "", since, "said", msgpack.packb((members, closed)))


def make_teller(topics=None, kept=None, night=None, open_refused=nobody_refuses, is_telling=True):
    names, night = ("transitions", "notes"), night or PlainNight()
    teller = TransitionTeller(topics or MemoryTopics(), names, kept or MemoryTold(), night, open_refused)
    teller.is_telling = is_telling
    return teller


def describe(told):
    return [(one.segment_id, one.is_entered, one.since, one.reason) for one in told]


def test_turns_are_told_once_in_order_and_never_again():
    topics = MemoryTopics()
    teller = make_teller(topics)
    turns = [turn("fan", True, 15, "c2"), turn("cart", True, 10), turn("cart", False, 20)]
    told = teller.tell(turns, told_at=99)
    assert [(one.customer_id, one.segment_id, one.is_entered, one.since, one.version) for one in told] == [
        ("c1", "cart", True, 10, "v1"),
        ("c1", "cart", False, 20, "v1"),
        ("c2", "fan", True, 15, ""),
    ]
    assert topics.read() == told
    assert [key for _, key, _ in topics.lines] == ["c1", "c1", "c2"]
    assert teller.tell(turns, told_at=100) == [], "a batch that runs again"
    assert teller.n_told == 3


def test_what_the_broker_did_not_take_is_not_remembered_as_told():
    topics, kept = MemoryTopics(n_left=1), MemoryTold()
    teller = make_teller(topics, kept)
    with pytest.raises(TimeoutError):
        teller.tell([turn("cart", True, 10)], told_at=99)
    assert kept.told == {}
    topics.n_left = 0
    teller.tell([turn("cart", True, 10)], told_at=100)
    first, second = topics.read()
    assert first.transition_id == second.transition_id


def test_what_the_broker_refuses_is_not_remembered_as_told():
    topics, kept = MemoryTopics(refusal=KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)), MemoryTold()
    with pytest.raises(KafkaException):
        make_teller(topics, kept).tell([turn("cart", True, 10)], told_at=99)
    assert kept.told == {}


def test_more_than_the_client_lets_wait_are_told_all_the_same():
    topics = MemoryTopics(most_waiting=2)
    turns = [turn("cart", True, 10, f"c{n}") for n in range(5)]
    told = make_teller(topics).tell(turns, told_at=99)
    assert topics.read() == told and len(told) == 5


def test_turns_lie_behind_what_was_told_of_their_segment():
    kept = MemoryTold({"c1": {"cart": Told(True, 50)}})
    assert describe(make_teller(kept=kept).tell([turn("cart", False, 40)], 99)) == [
        ("cart", False, 51, "event")
    ]
    kept = MemoryTold({"c1": {"cart": Told(True, 50)}})
    again = [turn("cart", False, 9), turn("cart", True, 50)]
    later = [*again, turn("cart", False, 60), turn("cart", True, 60), turn("cart", False, 70)]
    teller = make_teller(kept=kept)
    assert teller.tell(again, 99) == []
    assert [one.since for one in teller.tell(later, 99)] == [60, 61, 70]


def test_who_does_not_tell_yet_remembers_of_whom_something_turned():
    kept, topics = MemoryTold(), MemoryTopics()
    teller = make_teller(topics, kept, is_telling=False)
    note = pack_note(Note("night-1", Kind.FORGET, "c9", 7))
    rows = [
        turn("cart", True, 10),
        said({}, 11, owner="c2"),
        TurnRow("c9", "", False, 0, "", 7, "note", note),
    ]
    assert teller.tell(rows, 99) == []
    assert kept.told == {} and kept.list_touched("night-1") == ["c1", "c2"]
    assert [one.owner for one in topics.read_notes()] == ["c9"], "states that do not tell have notes too"
    teller.is_telling = True
    teller.end()
    assert teller.tell(rows, 99) == [] and topics.read() == [], "a batch that outlives its query"


def test_what_is_so_is_compared_with_what_was_told():
    """Told: in `cart`, and in `big`. The night: in `fan` and `big`, not in `cart`."""
    kept = MemoryTold({"c1": {"cart": Told(True, 50), "big": Told(True, 9)}})
    night = PlainNight({"c1": {"fan": 700, "big": 9}}, left={"cart": 600})
    teller = make_teller(kept=kept, night=night)
    assert describe(teller.tell([said({"fan": 700}, 2_000)], 99)) == [
        ("fan", True, 700, "night"),
        ("cart", False, 600, "night"),
    ]
    assert teller.tell([said({"fan": 700}, 2_100)], 99) == []
    assert describe(teller.tell([said({"cart": 1_500}, 2_200)], 99)) == [
        ("cart", True, 1_500, "event"),
        ("fan", False, 2_200, "event"),
    ]
    assert describe(teller.tell([said({}, 2_300, "forgotten")], 99)) == [
        ("big", False, 2_300, "event"),
        ("cart", False, 2_300, "event"),
    ]


def test_who_turned_behind_the_question_stays_so():
    """What turned them had happened before they were asked."""
    kept = MemoryTold({"c1": {"cart": Told(True, 50)}})
    rows = [said({"cart": 50}, 2_000), turn("cart", False, 1_900)]
    assert describe(make_teller(kept=kept).tell(rows, 99)) == [("cart", False, 1_900, "event")]


def test_who_has_refused_enters_nothing():
    @contextmanager
    def open_refused():
        yield lambda ids: ids == ["c1"]

    kept = MemoryTold({"c1": {"fan": Told(True, 5)}})
    teller = make_teller(kept=kept, open_refused=open_refused)
    told = teller.tell([turn("cart", True, 10), turn("fan", False, 11), turn("cart", True, 10, "c2")], 99)
    assert [(one.customer_id, one.segment_id) for one in told] == [("c1", "fan"), ("c2", "cart")]
