"""Lands what a topic holds and no stream has landed yet, so that a night has its day whether or not a stream
runs.
"""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from spark_jobs.settings import Settings
from spark_jobs.sources.topic_identity import REMADE, find_topic_id
from spark_jobs.sources.topic_landing import TopicLanding, TopicLine

PATIENCE_SECONDS = 20.0
LINES_AT_ONCE = 20_000
# The service writes an event to the broker within a second of its receipt, or to its spool.
IN_FLIGHT = timedelta(minutes=1)
logger = logging.getLogger(__name__)


def land_topic(settings: Settings, time_zone: str, now: datetime) -> int:
    """Land what the topic of events holds now; the number of files. A broker that is away stops no night:
    what it holds comes with the next one, and live states keep it until then.
    """
    landing = TopicLanding(settings.paths, settings.events_topic, time_zone)
    landing.finish()
    properties = {"bootstrap.servers": settings.kafka_servers, **settings.kafka_properties}
    topic_id = find_topic_id(properties, landing.topic, PATIENCE_SECONDS / 4)
    if not landing.is_of(topic_id):
        logger.error(REMADE.format(landing.topic))
        landing.follow(topic_id)
    try:
        consumer = Consumer(
            {
                "group.id": "concierge-land",  # none is joined: offsets are ours
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "log_level": 0,
                **properties,
            }
        )
        try:
            n_files = land_up_to_end(consumer, landing)
        finally:
            consumer.close()
    except KafkaException as error:
        logger.warning(
            f"{landing.topic}: {error.args[0].str()}; events that the stream has not landed come with the"
            " next night"
        )
        return 0
    landing.note_whole(now - IN_FLIGHT)
    return n_files


def land_up_to_end(consumer: Consumer, landing: TopicLanding) -> int:
    """Land all lines that are there at the beginning; the number of files.

    Raises:
        KafkaException: the broker does not answer, or has no such topic, or lacks what has not landed.
    """
    topic, n_files = landing.topic, 0
    found = consumer.list_topics(topic, timeout=PATIENCE_SECONDS).topics[topic]
    if found.error:
        raise KafkaException(found.error)
    ends = {
        number: consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=PATIENCE_SECONDS)
        for number in found.partitions
    }
    positions = landing.read_positions()
    remade = {number: first for number, (first, end) in ends.items() if positions.get(number, 0) > end}
    if remade:  # what comes under offsets that have landed would never be read
        logger.error(
            f"{topic} ends before what has landed of it, so it was made anew or has lost lines; all that it"
            " holds lands again, and counts once"
        )
        landing.begin_anew(remade)
        positions = landing.read_positions()
    lost = sum(max(0, first - positions.get(number, first)) for number, (first, _) in ends.items())
    if lost:
        logger.error(f"{topic}: {lost:,} lines were deleted by its retention before they landed")
    starts = {number: max(positions.get(number, 0), first) for number, (first, _) in ends.items()}
    left = {number: end for number, (_, end) in ends.items() if starts[number] < end}
    for number in left:
        consumer.assign([TopicPartition(topic, number, starts[number])])
        for lines in read_chunks(consumer, starts[number], left[number]):
            n_files += len(landing.land(lines))
    return n_files


def read_chunks(consumer: Consumer, offset: int, end: int) -> Iterator[list[TopicLine]]:
    """The lines of the one partition that is assigned from one offset up to another, some thousand at once.

    Raises:
        KafkaException: the broker does not answer.
    """
    while offset < end:
        lines: list[TopicLine] = []
        messages = consumer.consume(min(end - offset, LINES_AT_ONCE), timeout=PATIENCE_SECONDS)
        if not messages:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        for message in messages:
            if message.error() and message.error().code() != KafkaError._PARTITION_EOF:
                raise KafkaException(message.error())
            # The last offsets may be marks of transactions, of which no line comes.
            if message.error():
                offset = end
            elif message.offset() < end:
                lines.append(make_topic_line(message))
                offset = message.offset() + 1
            else:
                offset = end
        yield lines


def make_topic_line(message: Message) -> TopicLine:
    """A message as the landing is told of it."""
    _, milliseconds = message.timestamp()
    written_at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return TopicLine(message.partition(), message.offset(), message.value(), written_at)
