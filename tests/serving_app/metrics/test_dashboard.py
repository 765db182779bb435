"""The dashboard asks for metrics that there are, and shows each that there is."""

import json
import re
from pathlib import Path

import pytest

from serving_app.memberships import readings as memberships
from serving_app.metrics.declarations import REGISTRY
from serving_app.status import lake_readings
from serving_app.status.metrics import MetricsService
from serving_app.triggers import readings as triggers

DASHBOARD = Path(__file__).resolve().parents[3] / "operate" / "grafana" / "concierge.json"
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}


@pytest.fixture(scope="module")
def queries():
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


def get_names():
    """By each metric the names of its series."""
    names = {
        family.name: {family.name + suffix for suffix in SUFFIXES[family.type]}
        for family in REGISTRY.collect()
    }
    more = {
        **lake_readings.make_readings(Path(), None),
        **memberships.make_readings(None),
        **triggers.make_readings(Path(), None),
    }
    readings = MetricsService(None, (), Path(), None, more=more)._readings
    return {**names, **{name: {name} for name in readings}}


def test_every_name_in_a_query_exists(queries):
    asked = {name for query in queries for name in re.findall(r"\bconcierge_\w+", query)}
    assert len(asked) >= 10
    assert asked - set().union(*get_names().values()) == set()


def test_every_metric_is_shown(queries):
    text = " ".join(queries)
    assert [name for name, series in get_names().items() if not any(one in text for one in series)] == []


def test_every_label_in_a_query_exists(queries):
    labels = {label for metric in REGISTRY._names_to_collectors.values() for label in metric._labelnames}
    asked = {
        label.strip()
        for query in queries
        for one in re.findall(r"by \((.*?)\)", query)
        for label in one.split(",")
    }
    assert asked <= labels | {"le"}


def test_panels_have_places_of_their_own():
    document = json.loads(DASHBOARD.read_text())
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in document["panels"]]
    ids = [panel["id"] for panel in document["panels"]]
    assert len(set(places)) == len(places) and len(set(ids)) == len(ids)
    assert all(panel["title"] and panel["targets"] for panel in document["panels"])
