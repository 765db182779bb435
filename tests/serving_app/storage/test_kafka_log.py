"""What the client of Kafka reports late, as an error or not at all: lines that are not durable are told."""

import pytest
from confluent_kafka import KafkaError

from serving_app.storage.event_log import LogUnavailable
from serving_app.storage.kafka_log import KafkaLog


class Client:
    """A producer whose reports a test gives by hand.

    Attributes:
        reports: of lines that are under way, called with an error or None.
        error: reported at once; False: nothing is.
    """

    def __init__(self, error=None):
        self.sent, self.reports, self.error, self.is_full = [], [], error, False

    def produce(self, topic, line, key, on_delivery):
        if self.is_full:
            raise BufferError("Local: Queue full")
        self.sent.append((topic, key, line))
        if self.error is False:
            self.reports.append(on_delivery)
        else:
            on_delivery(self.error, None)


def refuse(is_fatal=False) -> KafkaError:
    """An error as the client reports it."""
    return KafkaError(
        KafkaError.TOPIC_AUTHORIZATION_FAILED, "Broker: Topic authorization failed", fatal=is_fatal
    )


@pytest.fixture
def log(monkeypatch):
    log = KafkaLog("nowhere:1", "events", patience_seconds=0)
    monkeypatch.setattr(log, "_get_producer", lambda: log._producer)
    return log


def test_lines_go_with_their_keys_and_without_where_they_have_none(log):
    log._producer = Client()
    log.append_lines([b"1", b"2"], keys=[b"a", b""])
    assert log._producer.sent == [("events", b"a", b"1"), ("events", None, b"2")]
    assert log.describe_problem() == ""


def test_while_lines_are_under_way_none_is_sent_behind_them(log):
    log._producer = client = Client(error=False)
    with pytest.raises(LogUnavailable, match="not acknowledged"):
        log.append_lines([b"1", b"2"])
    client.error = None
    client.reports[0](None, None)
    with pytest.raises(LogUnavailable, match="earlier lines"):
        log.append_lines([b"3"])
    assert len(client.sent) == 2 and log.describe_problem() == "earlier lines are not acknowledged"
    client.reports[1](None, None)
    log.append_lines([b"3"])
    assert len(client.sent) == 3 and log.describe_problem() == ""


@pytest.mark.parametrize("is_fatal", [False, True])
def test_lines_that_are_refused_are_told_and_a_broken_client_is_given_up(log, is_fatal):
    log._producer = client = Client(refuse(is_fatal))
    with pytest.raises(LogUnavailable, match="authorization failed"):
        log.append_lines([b"1"])
    assert "authorization failed" in log.describe_problem()
    assert log._producer is (None if is_fatal else client)


def test_a_client_that_is_full_is_told(log):
    log._producer = Client()
    log._producer.is_full = True
    with pytest.raises(LogUnavailable, match="Queue full"):
        log.append_lines([b"1"])
