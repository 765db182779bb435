"""Each turn is told once, under one id, whatever runs again."""

from dataclasses import dataclass, field

import pytest
import redis
from confluent_kafka import KafkaError, KafkaException

from expectations.contracts.transitions import decode_transition
from spark_jobs.stream.told import RedisTold, Told, TransitionTeller, TurnRow, select_untold


def turn(segment: str, is_entered: bool, since: int, owner: str = "c1") -> TurnRow:
    return TurnRow(owner, segment, is_entered, since, "event", since)


@dataclass
class Kept:
    told: dict = field(default_factory=dict)

    def read(self, owners):
        return [dict(self.told.get(owner, {})) for owner in owners]

    def write(self, told):
        for owner, segments in told.items():
            self.told.setdefault(owner, {}).update(segments)


@dataclass
class Topic:
    lines: list = field(default_factory=list)
    n_left: int = 0
    refusal: KafkaError | None = None
    most_waiting: int = 100
    n_waiting: int = 0

    def produce(self, topic, value, key, on_delivery):
        if self.n_waiting == self.most_waiting:
            raise BufferError
        self.n_waiting += 1
        self.lines.append((topic, key, decode_transition(value)))
        on_delivery(self.refusal, None)

    def poll(self, _):
        pass

    def flush(self, _):
        self.n_waiting = 0
        return self.n_left


def test_turns_are_told_once_in_order_and_never_again():
    topic, kept = Topic(), Kept()
    teller = TransitionTeller(topic, "transitions", kept, {"cart": "v1"})
    turns = [turn("cart", False, 20), turn("cart", True, 10), turn("fan", True, 15, "c2")]
    told = teller.tell(turns, told_at=99)
    assert [(one.customer_id, one.segment_id, one.is_entered, one.since, one.version) for one in told] == [
        ("c1", "cart", True, 10, "v1"),
        ("c1", "cart", False, 20, "v1"),
        ("c2", "fan", True, 15, ""),
    ]
    assert [key for _, key, _ in topic.lines] == ["c1", "c1", "c2"]
    assert teller.tell([turn("cart", False, 20), turn("fan", True, 15, "c2")], told_at=100) == []


def test_what_the_broker_did_not_take_is_not_remembered_as_told():
    topic, kept = Topic(n_left=1), Kept()
    teller = TransitionTeller(topic, "transitions", kept, {})
    with pytest.raises(TimeoutError):
        teller.tell([turn("cart", True, 10)], told_at=99)
    assert kept.told == {}
    topic.n_left = 0
    teller.tell([turn("cart", True, 10)], told_at=100)
    assert topic.lines[0][2].transition_id == topic.lines[1][2].transition_id


def test_what_the_broker_refuses_is_not_remembered_as_told():
    topic, kept = Topic(refusal=KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)), Kept()
    with pytest.raises(KafkaException):
        TransitionTeller(topic, "transitions", kept, {}).tell([turn("cart", True, 10)], told_at=99)
    assert kept.told == {}


def test_more_than_the_client_lets_wait_are_told_all_the_same():
    topic = Topic(most_waiting=2)
    turns = [turn("cart", True, 10, f"c{n}") for n in range(5)]
    told = TransitionTeller(topic, "transitions", Kept(), {}).tell(turns, told_at=99)
    assert [one for _, _, one in topic.lines] == told and len(told) == 5


def test_a_turn_lies_behind_what_was_told_of_its_segment():
    told = {"cart": Told(True, 50)}
    assert select_untold(told, [turn("cart", False, 40)]) == [turn("cart", False, 40)._replace(since=51)]


def test_what_a_query_that_began_anew_goes_through_again_is_not_told():
    told = {"cart": Told(True, 50)}
    again = [turn("cart", False, 9), turn("cart", True, 50)]
    assert select_untold(told, again) == []
    later = [*again, turn("cart", False, 60), turn("cart", True, 60), turn("cart", False, 70)]
    assert [one.since for one in select_untold(told, later)] == [60, 61, 70]
    assert select_untold(told, again[:1]) == [again[0]._replace(since=51)], "the night knows better"


def test_redis_keeps_what_was_told(redis_port):
    store = RedisTold(f"redis://127.0.0.1:{redis_port}/0")
    store.write({"c1": {"cart": Told(True, 10), "fan": Told(True, 11)}, "c2": {"fan": Told(False, 12)}})
    store.write({"c1": {"cart": Told(False, 20)}})
    assert store.read(["c2", "nobody", "c1"]) == [
        {"fan": Told(False, 12)},
        {},
        {"cart": Told(False, 20), "fan": Told(True, 11)},
    ]


def test_redis_forgets_owners_who_are_in_no_segment(redis_port):
    uri = f"redis://127.0.0.1:{redis_port}/0"
    store, client = RedisTold(uri), redis.Redis.from_url(uri)
    store.write({"c3": {"cart": Told(True, 10), "fan": Told(False, 11)}})
    assert client.ttl("concierge:told:c3") == -1
    store.write({"c3": {"cart": Told(False, 20)}})
    assert 0 < client.ttl("concierge:told:c3") <= 30 * 86_400
    store.write({"c3": {"fan": Told(True, 30)}})
    assert client.ttl("concierge:told:c3") == -1
