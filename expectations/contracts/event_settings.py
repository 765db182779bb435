"""Settings of where received events go."""

import re
from pathlib import Path

from expectations.contracts.setting_values import Flaw, Setting, check_one_of, check_whole_number

SERVERS = re.compile(r"[^\s:,]+:[0-9]{1,5}(,[^\s:,]+:[0-9]{1,5})*")
TOPIC = re.compile(r"[A-Za-z0-9._-]{1,249}")


def check_servers(value: str) -> Flaw:
    """Servers with their ports, separated by commas."""
    return None if SERVERS.fullmatch(value) else "<host>:<port>, several separated by commas"


def check_topic(value: str) -> Flaw:
    """A name as Kafka allows it."""
    return None if TOPIC.fullmatch(value) else "a name of letters, digits, dots, _ and -"


def read_client_properties(path: Path) -> dict[str, str]:
    """Properties of Kafka's clients as a file has them: name=value a line, # begins a comment.

    Raises:
        ValueError: the file cannot be read, or a line is none.
    """
    try:
        lines = [line.strip() for line in path.read_text().splitlines()]
    except OSError as error:
        raise ValueError(f"CONCIERGE_KAFKA_CONFIG: {path} cannot be read: {error.strerror}") from error
    properties = {}
    for number, line in enumerate(lines, 1):
        if line and not line.startswith("#"):
            name, equals, value = line.partition("=")
            if not equals or not name.strip():  # the line may hold a password
                raise ValueError(f"CONCIERGE_KAFKA_CONFIG: line {number} of {path} is not name=value")
            properties[name.strip()] = value.strip()
    return properties


EVENT_SETTINGS = (
    Setting(
        "CONCIERGE_EVENTS",
        "log",
        "where received events are written: log, files of CONCIERGE_HOME that each night takes; or kafka",
        find_flaw=check_one_of("log", "kafka"),
    ),
    Setting(
        "CONCIERGE_EVENTS_TOPIC",
        "concierge.events",
        "topic of received events",
        find_flaw=check_topic,
    ),
    Setting(
        "CONCIERGE_KAFKA_SERVERS",
        "127.0.0.1:9092",
        "Kafka's brokers, as host:port separated by commas; `make kafka` starts one there",
        find_flaw=check_servers,
    ),
    Setting(
        "CONCIERGE_KAFKA_CONFIG",
        "",
        "file of further properties of Kafka's clients, name=value a line, such as security.protocol and"
        " sasl.password; empty: none",
    ),
    Setting(
        "CONCIERGE_SPOOL_BYTES",
        "1000000000",
        "most bytes of events that wait on disk while Kafka is away, all workers together; further events are"
        " answered 503",
        find_flaw=check_whole_number(1_000_000, 10**15),
    ),
    Setting(
        "CONCIERGE_MEMBERSHIPS",
        "service",
        "who decides live segments: service, in the request that brings an event; or stream, `make stream`,"
        " which needs Kafka and Redis",
        find_flaw=check_one_of("service", "stream"),
    ),
    Setting(
        "CONCIERGE_MEMBERSHIPS_TOPIC",
        "concierge.memberships",
        "topic of notes that the stream writes to itself: who turned out to be whom, who said no",
        find_flaw=check_topic,
    ),
    Setting(
        "CONCIERGE_STREAM_SECONDS",
        "30",
        "how often `make stream` brings what has come into the lake, in seconds; each batch with events is"
        " one landed file for each day of receipt",
        find_flaw=check_whole_number(0, 3600),
    ),
    Setting(
        "CONCIERGE_STREAM_EVENTS",
        "50000",
        "most events that `make stream` takes at once; what waits beyond that waits in Kafka",
        find_flaw=check_whole_number(100, 1_000_000),
    ),
)
