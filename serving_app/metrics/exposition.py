"""What `GET /metrics` answers: the counts of all workers together, and what is measured when it is asked."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from serving_app.metrics.declarations import REGISTRY
from serving_app.metrics.shared_folder import find_shared_folder, forget_dead_workers

CONTENT_TYPE = CONTENT_TYPE_LATEST


class Reading(NamedTuple):
    """What a gauge shows when it is asked; None: nothing now."""

    help: str
    read: Callable[[], float | None]


def render_metrics(readings: Mapping[str, Reading]) -> bytes:
    """Every metric in Prometheus' text format."""
    registry = CollectorRegistry()
    if folder := find_shared_folder():
        forget_dead_workers(folder)
        MultiProcessCollector(registry)
    else:
        registry.register(REGISTRY)
    registry.register(ReadingCollector(readings))
    return generate_latest(registry)


class ReadingCollector(Collector):
    """Gauges that are read when they are asked."""

    def __init__(self, readings: Mapping[str, Reading]) -> None:
        self._readings = readings

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return [GaugeMetricFamily(name, reading.help) for name, reading in self._readings.items()]

    def collect(self) -> Iterable[GaugeMetricFamily]:
        for name, reading in self._readings.items():
            value = reading.read()
            if value is not None:
                yield GaugeMetricFamily(name, reading.help, value)
