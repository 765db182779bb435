"""`make topics`: the topics of `operate/topics.yml`, made in the Kafka that the settings name.

On a cluster each has up to three copies, of which all but one must have a line before it is acknowledged.
"""

from collections.abc import Mapping
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

from expectations.contracts.setting_declarations import SETTINGS
from operate.settings import load_settings_or_exit

TOPICS_FILE = Path(__file__).with_name("topics.yml")
PATIENCE_SECONDS = 20.0
EVENTS_TOPIC = SETTINGS["CONCIERGE_EVENTS_TOPIC"].default
TRANSITIONS_TOPIC = SETTINGS["CONCIERGE_TRANSITIONS_TOPIC"].default
MEMBERSHIPS_TOPIC = SETTINGS["CONCIERGE_MEMBERSHIPS_TOPIC"].default
RETENTION, DAY_MS = "retention.ms", 24 * 60 * 60 * 1000


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


def load_topics(
    events_topic: str = EVENTS_TOPIC,
    transitions_topic: str = TRANSITIONS_TOPIC,
    memberships_topic: str = MEMBERSHIPS_TOPIC,
) -> list[Topic]:
    """The declared topics, by the names that they have in a home."""
    names = {
        EVENTS_TOPIC: events_topic,
        TRANSITIONS_TOPIC: transitions_topic,
        MEMBERSHIPS_TOPIC: memberships_topic,
    }
    topics = [Topic(**fields) for fields in yaml.safe_load(TOPICS_FILE.read_text())]
    return [one._replace(topic=names.get(one.topic, one.topic)) for one in topics]


def make_topics(servers: str, topics: list[Topic], config: Mapping[str, str] | None = None) -> list[str]:
    """Make the topics that are not there, and give each its retention; sentences about what differs still.

    Args:
        config: further properties of the client, as for TLS.

    Raises:
        KafkaException: the brokers do not answer, or refuse.
    """
    admin = AdminClient({"bootstrap.servers": servers, "log_level": 0, **(config or {})})
    replicas = min(3, len(admin.list_topics(timeout=PATIENCE_SECONDS).brokers))
    durable = {"min.insync.replicas": str(max(1, replicas - 1))}
    new = [
        NewTopic(topic.topic, topic.partitions, replicas, config={**durable, RETENTION: get_retention(topic)})
        for topic in topics
    ]
    for future in admin.create_topics(new, operation_timeout=PATIENCE_SECONDS).values():
        try:
            future.result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
    wanted = [
        ConfigResource(ResourceType.TOPIC, topic.topic, incremental_configs=[set_retention(topic)])
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
        if there.get(topic.topic, topic.partitions) != topic.partitions
    ]


def set_retention(topic: Topic) -> ConfigEntry:
    """The change of a topic that was there before."""
    return ConfigEntry(RETENTION, get_retention(topic), incremental_operation=AlterConfigOpType.SET)


def get_retention(topic: Topic) -> str:
    """How long a topic keeps its lines, in Kafka's milliseconds."""
    return str(topic.retention_days * DAY_MS)


def main() -> int:
    """Make the topics of this home; 1 where one differs from what is declared."""
    settings = load_settings_or_exit()
    topics = load_topics(settings.events_topic, settings.transitions_topic, settings.memberships_topic)
    try:
        differences = make_topics(settings.kafka_servers, topics, settings.kafka_properties)
    except KafkaException as error:
        raise SystemExit(f"Kafka at {settings.kafka_servers}: {error.args[0].str()}") from None
    print("\n".join(differences) or f"there are {', '.join(topic.topic for topic in topics)}")
    return 1 if differences else 0


if __name__ == "__main__":
    raise SystemExit(main())
