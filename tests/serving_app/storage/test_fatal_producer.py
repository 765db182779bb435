"""A producer of Kafka that met a fatal error is followed by another, whichever append finds out."""

import pytest
from confluent_kafka import KafkaError, KafkaException

from serving_app.storage.event_log import LogUnavailable
from serving_app.storage.kafka_log import KafkaLog

FATAL = KafkaError(KafkaError._FATAL, "fenced", fatal=True)


class FakeProducer:
    """Acknowledges at once, unless told otherwise."""

    made: list["FakeProducer"]

    def __init__(self, _) -> None:
        self.is_silent, self.answer, self.refusal, self.waiting = False, None, None, []
        FakeProducer.made.append(self)

    def produce(self, topic, line, key, on_delivery):
        if self.refusal:
            raise KafkaException(self.refusal)
        if self.is_silent:
            self.waiting.append(on_delivery)
        else:
            on_delivery(self.answer, None)

    def poll(self, _):
        return 0


@pytest.fixture
def log(monkeypatch):
    monkeypatch.setattr(FakeProducer, "made", [], raising=False)
    monkeypatch.setattr("confluent_kafka.Producer", FakeProducer)
    monkeypatch.setattr("serving_app.storage.kafka_log.LINES_A_SECOND", 1e9)
    log = KafkaLog("nowhere:1", "events", patience_seconds=0)
    log.append_lines([b"{}"])
    yield log
    log.rotate(is_forced=True)


def refuse(log: KafkaLog) -> None:
    with pytest.raises(LogUnavailable):
        log.append_lines([b"{}"])


def test_an_acknowledgement_that_is_a_fatal_error(log):
    FakeProducer.made[0].answer = FATAL
    refuse(log)
    log.append_lines([b"{}"])
    assert len(FakeProducer.made) == 2 and log.describe_problem() == ""


def test_a_producer_that_takes_nothing_any_more(log):
    FakeProducer.made[0].refusal = KafkaError(KafkaError._FATAL)
    refuse(log)
    log.append_lines([b"{}"])
    assert len(FakeProducer.made) == 2


def test_another_error_leaves_the_producer_with_what_is_under_way(log):
    FakeProducer.made[0].refusal = KafkaError(KafkaError._QUEUE_FULL)
    refuse(log)
    FakeProducer.made[0].refusal = None
    log.append_lines([b"{}"])
    assert len(FakeProducer.made) == 1


def test_what_a_producer_that_was_left_never_acknowledges_keeps_nothing_waiting(log):
    first = FakeProducer.made[0]
    first.is_silent = True
    refuse(log)
    refuse(log)
    assert len(first.waiting) == 1, "nothing goes behind what is overdue"
    log._leave_if_fatal(first, FATAL)  # as an append that was under way beside it
    log.append_lines([b"{}"])
    assert len(FakeProducer.made) == 2
