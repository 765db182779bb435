"""Opens the log of received events that a home is set to."""

from collections.abc import Callable
from datetime import datetime

from expectations.contracts.home import HomePaths
from serving_app.settings import Settings
from serving_app.storage.append_log import AppendLog
from serving_app.storage.event_log import EventLog
from serving_app.storage.spool import Spool
from serving_app.storage.spooled_log import SpooledLog


def open_event_log(
    settings: Settings, clock: Callable[[], datetime], new_name: Callable[[], str]
) -> EventLog:
    """The log of `CONCIERGE_EVENTS`; one elsewhere is bridged by the spool while it is away."""
    paths = HomePaths(settings.home)
    if settings.events == "log":
        return AppendLog(paths.event_log, clock, new_name, title="the event log")
    from serving_app.storage.kafka_log import KafkaLog  # a home without Kafka needs none of its client

    log = KafkaLog(settings.kafka_servers, settings.events_topic, settings.kafka_config)
    return SpooledLog(log, Spool(paths.spool, settings.spool_bytes), "Kafka")
