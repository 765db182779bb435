"""The log of transitions as it is read here: files that a worker of the service writes, or a topic of Kafka
that the stream writes where it decides memberships.
"""

from expectations.contracts.home import HomePaths
from serving_app.settings import Settings
from serving_app.storage.event_log import EventLog
from serving_app.storage.log_reader import LogReader

TITLE = "the log of transitions"


def open_transitions(settings: Settings) -> EventLog:
    """What CONCIERGE_TRANSITIONS names, for one thread; it is read and not written."""
    if settings.transitions == "log":
        return LogReader(HomePaths(settings.home).transitions, TITLE)
    from serving_app.storage.kafka_log import KafkaLog  # a home without Kafka needs none of its client

    return KafkaLog(settings.kafka_servers, settings.transitions_topic, settings.kafka_config)


def close_transitions(log: EventLog) -> None:
    """End the connections of a log that was opened here; files have none."""
    if not isinstance(log, LogReader):
        log.rotate(is_forced=True)
