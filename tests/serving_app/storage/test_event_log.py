"""What every log of events does, wherever it stores its lines: one suite of tests for all."""

import uuid
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from serving_app.storage.append_log import AppendLog
from serving_app.storage.event_log import START, move_position
from serving_app.storage.kafka_log import KafkaLog
from serving_app.storage.kinesis_log import KinesisLog
from serving_app.storage.pubsub_log import PubSubLog
from serving_app.storage.spool import Spool
from serving_app.storage.spooled_log import SpooledLog


@pytest.fixture
def append_log(tmp_path, clock):
    names = count(1)
    return lambda: AppendLog(tmp_path, clock, lambda: f"worker-{next(names):02d}", title="the event log")


@pytest.fixture
def kafka_log(kafka, new_topic):
    topic = new_topic()
    return lambda: KafkaLog(kafka.servers, topic, patience_seconds=20)


@pytest.fixture
def spooled_log(append_log, tmp_path):
    spool = Spool(tmp_path / "spool", most_bytes=1000)
    return lambda: SpooledLog(append_log(), spool, "a log elsewhere", try_every_seconds=0)


@pytest.fixture(scope="module")
def kinesis():
    """A client of Kinesis, as which moto answers."""
    import boto3  # a second each, which workers without these tests should not pay
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_KINESIS", "http://{}:{}".format(*server.get_host_and_port()))
        patch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        patch.setenv("AWS_ACCESS_KEY_ID", "moto")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "moto")
        yield boto3.client("kinesis")
    server.stop()


@pytest.fixture
def kinesis_log(kinesis, tmp_path):
    stream = f"events-{uuid.uuid4().hex}"
    kinesis.create_stream(StreamName=stream, ShardCount=2)
    return lambda: KinesisLog(stream, tmp_path, patience_seconds=20)


@pytest.fixture
def pubsub_log():
    from tests.serving_app.storage.pubsub_server import running_pubsub

    with running_pubsub() as (pubsub, host):

        def open_log():
            pubsub.end_deadlines()
            return PubSubLog("projects/p/topics/events", "projects/p/subscriptions/events", 20, host)

        yield open_log


REPLAYABLE = ["append_log", "kafka_log", "spooled_log", "kinesis_log"]


@pytest.fixture(params=[*REPLAYABLE, "pubsub_log"])
def open_log(request):
    """Opens the log of a test, as a new process would each time."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def log(open_log):
    return open_log()


def read_all(log, position=START, most=100):
    """Every line behind a position, in the order in which they are read, and the position behind them."""
    lines = []
    while found := log.read_lines(position, most):
        assert len(found) <= most
        lines += [each.line for each in found]
        position = move_position(position, found)
    return lines, position


def write(log, *lines):
    log.append_lines(list(lines), keys=[b"visitor"] * len(lines))


def test_lines_are_read_as_they_were_written(log):
    lines = [b'{"n":1}', '{"n":"grün"}'.encode(), b'{"n":3}']
    assert read_all(log) == ([], START)
    write(log, *lines[:2])
    write(log, *lines[2:])
    assert read_all(log)[0] == lines


def test_each_line_is_read_once_however_few_are_wanted_at_a_time(log):
    lines = [b'{"n":%d}' % n for n in range(6)]
    write(log, *lines)
    for most in (7, 2, 1):
        found, position = read_all(log, most=most)
        assert found == lines
    write(log, b'{"n":6}')
    assert read_all(log, position, most)[0] == [b'{"n":6}']


def test_lines_of_one_key_stay_in_order(log):
    visitors = [f"visitor-{n % 5}".encode() for n in range(50)]
    lines = [b'{"n":%d}' % n for n in range(50)]
    for start in range(0, 50, 10):
        log.append_lines(lines[start : start + 10], keys=visitors[start : start + 10])
    found, _ = read_all(log, most=7)
    assert sorted(found) == sorted(lines)
    for visitor in set(visitors):
        own = [line for line, key in zip(lines, visitors, strict=True) if key == visitor]
        assert [line for line in found if line in own] == own


def test_what_was_not_committed_is_read_again(log, open_log):
    write(log, b'{"n":1}', b'{"n":2}')
    position = log.get_position("the only one")
    log.commit_position("the only one", move_position(position, log.read_lines(position, 1)))
    read_all(log, log.get_position("the only one"))
    again = open_log()
    assert read_all(again, again.get_position("the only one"))[0] == [b'{"n":2}']


@pytest.mark.parametrize("open_log", REPLAYABLE, indirect=True)
def test_a_consumer_goes_on_where_it_left_off_and_reads_again_what_it_had_not_committed(log, open_log):
    write(log, b'{"n":1}', b'{"n":2}')
    assert log.get_position("webhook:shop/1") == START
    first = log.read_lines(START, 1)
    log.commit_position("webhook:shop/1", move_position(START, first))
    log.read_lines(log.get_position("webhook:shop/1"), 1)
    again = open_log()
    assert read_all(again, again.get_position("webhook:shop/1"))[0] == [b'{"n":2}']
    assert read_all(again, again.get_position("another"))[0] == [b'{"n":1}', b'{"n":2}']


@pytest.mark.parametrize("open_log", REPLAYABLE, indirect=True)
def test_who_begins_at_the_end_reads_what_comes_from_then_on(log):
    write(log, b'{"n":1}')
    end = log.find_end()
    assert read_all(log, end)[0] == []
    write(log, b'{"n":2}')
    assert read_all(log, end)[0] == [b'{"n":2}']


def test_a_log_that_can_be_written_reports_no_problem(log):
    write(log, b'{"n":1}')
    log.rotate()
    assert log.describe_problem() == ""
    log.rotate(is_forced=True)
    assert read_all(log)[0] == [b'{"n":1}']


def test_kafka_knows_what_was_written_since_a_moment(kafka_log):
    log, now = kafka_log(), datetime.now(UTC)
    write(log, b"1")
    assert read_all(log, log.find_position(now - timedelta(hours=1)))[0] == [b"1"]
    assert read_all(log, log.find_position(now + timedelta(hours=1)))[0] == []
