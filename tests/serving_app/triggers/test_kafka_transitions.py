"""Transitions in a topic of Kafka, by a real broker: notified in order per customer, streamed and resumed."""

from datetime import UTC, datetime

import pytest

from expectations.contracts.transitions import encode_transition
from serving_app.keys.callers import ADMIN
from serving_app.settings import Settings
from serving_app.storage.kafka_log import KafkaLog
from serving_app.triggers.attempts import Attempt, Outcome
from serving_app.triggers.endpoints import DeclaredEndpoint, Endpoint
from serving_app.triggers.notification_queue import NotificationQueue
from serving_app.triggers.notifier import Notifier
from serving_app.triggers.schemas import StreamQuery
from serving_app.triggers.service import StreamService
from serving_app.triggers.transitions_log import close_transitions, open_transitions
from tests.serving_app.triggers.event_loops import run_apart
from tests.serving_app.triggers.test_stream import ids, parse_events
from tests.serving_app.triggers.transitions import SECRET, make_transition

TOLD = [make_transition(n, f"c_{n % 5}") for n in range(40)]


@pytest.fixture
def settings(tmp_path, kafka, new_topic):
    return Settings(
        home=tmp_path, transitions="kafka", kafka_servers=kafka.servers, transitions_topic=new_topic(3)
    )


@pytest.fixture
def tell(settings):
    log = KafkaLog(settings.kafka_servers, settings.transitions_topic, patience_seconds=20)

    def tell(transitions):
        lines = [encode_transition(each) for each in transitions]
        log.append_lines(lines, keys=[each.customer_id.encode() for each in transitions])

    yield tell
    log.rotate(is_forced=True)


def test_a_topic_is_notified_of(settings, tell):
    sent, log = [], open_transitions(settings)

    async def send(notification):
        sent.append(notification)
        return Attempt(Outcome.ACCEPTED)

    def make_notifier():
        queue = NotificationQueue(settings.home / "crm.sqlite")
        declared = DeclaredEndpoint("crm", Endpoint(url="https://a.example"), (SECRET,))
        return Notifier(declared, log, queue, send, lambda: 1_000.0)

    async def go_on(notifier):
        while not await notifier.step():
            pass

    tell([make_transition(99)])
    run_apart(go_on(make_notifier()))
    assert sent == [], "it begins with what comes"
    tell(TOLD[:25])
    run_apart(go_on(make_notifier()))
    tell(TOLD[25:])
    run_apart(go_on(make_notifier()))
    close_transitions(log)
    for n in range(5):
        own = [each.transition_id for each in sent if each.customer_id == f"c_{n}"]
        assert own == [each.transition_id for each in TOLD if each.customer_id == f"c_{n}"]


def test_a_topic_is_streamed_and_resumed(settings, tell, monkeypatch):
    monkeypatch.setattr("serving_app.triggers.service.watch_caller", lambda *_: lambda: bool(ADMIN))
    service = StreamService(settings, None, lambda: datetime.now(UTC))

    def read(last):
        stream = service.open(StreamQuery(), last)
        try:
            return parse_events(b"".join(stream))[0]
        finally:
            stream.close()

    tell(TOLD)
    whole = read("0:0")
    assert sorted(ids(whole)) == sorted(each.transition_id for each in TOLD)
    for n in (0, 13, 39):
        assert sorted(ids(read(whole[n][0]))) == sorted(ids(whole[n + 1 :]))
    assert read(None) == []
