"""What was told, read off the topic of transitions: for a Redis that has lost its data."""

from contextlib import suppress

from confluent_kafka import Consumer, KafkaException, TopicPartition

from expectations.contracts.transitions import decode_transition
from segments.told import OUT, Tellings, Told
from spark_jobs.land.topic import PATIENCE_SECONDS, read_chunks
from spark_jobs.settings import Settings


def read_told(settings: Settings) -> dict[str, Tellings]:
    """The newest that was told of each owner and segment, as far as the topic reaches back.

    Raises:
        KafkaException: the broker does not answer, or has no such topic.
    """
    topic, told = settings.transitions_topic, dict[str, Tellings]()
    consumer = Consumer(
        {
            "bootstrap.servers": settings.kafka_servers,
            "group.id": "concierge-told",  # none is joined
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "log_level": 0,
            **settings.kafka_properties,
        }
    )
    try:
        found = consumer.list_topics(topic, timeout=PATIENCE_SECONDS).topics[topic]
        if found.error:
            raise KafkaException(found.error)
        for number in found.partitions:
            partition = TopicPartition(topic, number)
            first, end = consumer.get_watermark_offsets(partition, timeout=PATIENCE_SECONDS)
            consumer.assign([TopicPartition(topic, number, first)])
            for lines in read_chunks(consumer, first, end):
                for line in lines:
                    add_line(told, line.line or b"")
    finally:
        consumer.close()
    return told


def add_line(told: dict[str, Tellings], line: bytes) -> None:
    """Take in a line of the topic; what is no transition says nothing."""
    with suppress(ValueError):
        one = decode_transition(line)
        of_owner = told.setdefault(one.customer_id, {})
        if one.since >= of_owner.get(one.segment_id, OUT).since:
            of_owner[one.segment_id] = Told(one.is_entered, one.since)
