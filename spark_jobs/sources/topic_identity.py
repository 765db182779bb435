"""Whether a topic is still the one of before: Kafka gives each topic that is made an id of its own. A topic
that was deleted and made anew counts its offsets from 0 again, and once it has grown beyond those that have
landed they say nothing of that.
"""

from collections.abc import Mapping
from concurrent.futures import TimeoutError as NoAnswer

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient

PATIENCE_SECONDS = 5.0
REMADE = "{} is another topic than the one that has landed; all that it holds lands, and counts once"
NO_ID = "AAAAAAAAAAAAAAAAAAAAAA"  # 16 bytes of nothing: of a broker that knows no ids


def find_topic_id(properties: Mapping[str, str], topic: str, seconds: float = PATIENCE_SECONDS) -> str | None:
    """The id of a topic; None where the broker is away, or has no such topic, or knows no ids.

    Args:
        properties: of Kafka's clients, `bootstrap.servers` among them.
    """
    client = AdminClient({**properties, "log_level": 0})
    try:
        found = client.describe_topics(TopicCollection([topic]), request_timeout=seconds)[topic]
        topic_id = str(found.result(seconds).topic_id)
    except (KafkaException, NoAnswer):
        return None
    return None if topic_id in (NO_ID, "None") else topic_id
