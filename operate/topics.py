"""Topics of Kafka as `operate/topics.yml` declares them."""

from pathlib import Path
from typing import NamedTuple

import yaml
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

TOPICS_FILE = Path(__file__).with_name("topics.yml")
PATIENCE_SECONDS = 20.0
DAY_MS = 24 * 60 * 60 * 1000


class Topic(NamedTuple):
    """A declared topic.

    Attributes:
        key: what a line's key is.
    """

    topic: str
    about: str
    key: str
    partitions: int
    retention_days: int


def load_topics() -> list[Topic]:
    """The declared topics."""
    return [Topic(**fields) for fields in yaml.safe_load(TOPICS_FILE.read_text())]


def make_topics(servers: str, topics: list[Topic]) -> list[str]:
    """Make the topics that are not there, and give each its retention; sentences about what differs still.

    Raises:
        KafkaException: the broker does not answer, or refuses.
    """
    admin = AdminClient({"bootstrap.servers": servers, "log_level": 0})
    replicas = min(3, len(admin.list_topics(timeout=PATIENCE_SECONDS).brokers))
    new = [NewTopic(topic.topic, topic.partitions, replicas) for topic in topics]
    for future in admin.create_topics(new, operation_timeout=PATIENCE_SECONDS).values():
        try:
            future.result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
    wanted = [
        ConfigResource(ResourceType.TOPIC, topic.topic, incremental_configs=[make_retention(topic)])
        for topic in topics
    ]
    for future in admin.incremental_alter_configs(wanted).values():
        future.result()
    there = {
        name: len(found.partitions)
        for name, found in admin.list_topics(timeout=PATIENCE_SECONDS).topics.items()
    }
    return [
        f"{topic.topic} has {there[topic.topic]} partitions, not {topic.partitions} as declared"
        for topic in topics
        if there[topic.topic] != topic.partitions
    ]


def make_retention(topic: Topic) -> ConfigEntry:
    """How long a topic keeps its lines, as the broker is told."""
    milliseconds = str(topic.retention_days * DAY_MS)
    return ConfigEntry("retention.ms", milliseconds, incremental_operation=AlterConfigOpType.SET)
