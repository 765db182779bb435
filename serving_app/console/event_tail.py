"""The newest lines of the log of received events, whichever log the home has."""

from pathlib import Path

from expectations.contracts.home import HomePaths
from expectations.contracts.impressions import FINISHED_SUFFIX, OPEN_SUFFIX
from serving_app.console.log_reading import read_end
from serving_app.settings import Settings
from serving_app.storage.event_log import EventLog

MOST_FILES = 12  # a worker has one open, and finishes it each minute
MOST_BYTES = 128 << 10  # of each file's end: some 300 events


class FileTail:
    """Reads the ends of the newest files of an append log, those that a night has just landed among them."""

    def __init__(self, paths: HomePaths) -> None:
        self._paths = paths

    def read_newest(self, most: int) -> list[bytes]:
        """At least so many of the newest lines, where there are as many; in no certain order."""
        lines: list[bytes] = []
        for path in self._list_files()[:MOST_FILES]:
            lines += read_end(path, MOST_BYTES).split(b"\n")[:-1]
        return lines

    def _list_files(self) -> list[Path]:
        """The newest first: names of the log's own files begin with the time at which they were opened, and
        what landed came before them.
        """
        landed = sorted(self._paths.landed_events.glob("????-??-??"))[-1:]
        return [
            path
            for folder in (self._paths.event_log, *landed)
            for path in sorted(folder.glob("[!.]*"), reverse=True)
            if path.name.endswith((FINISHED_SUFFIX, OPEN_SUFFIX))
        ]


class TopicTail:
    """Reads the ends of a topic's partitions."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def read_newest(self, most: int) -> list[bytes]:
        """So many of the newest lines of each partition.

        Raises:
            LogUnavailable: the brokers do not answer.
        """
        end = self._log.find_end()
        begin = {partition: max(0, offset - most) for partition, offset in end.items()}
        return [line.line for line in self._log.read_lines(begin, most * max(len(end), 1))]


def open_tail(settings: Settings) -> FileTail | TopicTail:
    """What reads the newest events of a home. Its reading disturbs no consumer of the log."""
    if settings.events == "log":
        return FileTail(HomePaths(settings.home))
    from serving_app.storage.kafka_log import KafkaLog  # a home without Kafka needs none of its client

    return TopicTail(KafkaLog(settings.kafka_servers, settings.events_topic, settings.kafka_config))
