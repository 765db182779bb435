"""Where the stream decides memberships, an answer shows what it has told, and the service decides nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from segments.told import Told, pack_tellings
from serving_app.live.memory import MemoryBackend
from serving_app.live.state import LiveState
from serving_app.memberships.live_nights import LiveNights
from serving_app.memberships.readings import make_readings
from serving_app.memberships.service import make_streamed_memberships
from serving_app.memberships.told import ShopTime
from serving_app.settings import Settings, SettingsError
from serving_app.storage.memory import MemorySnapshots
from serving_app.stores import open_stores
from tests.serving_app.conftest import NOW, REGULAR
from tests.serving_app.memberships.nights import make_snapshot

BY_NIGHT = ("big_spender", "busy")


@pytest.fixture(scope="module")
def shown():
    """Of a night that has the regular in a segment that it alone knows, and in one that lives."""
    snapshots = MemorySnapshots()
    snapshots.publish(make_snapshot("night-1"))
    time = ShopTime(lambda: NOW, lambda _: timedelta(0))
    parts = make_streamed_memberships(MemoryBackend(lambda: NOW), LiveNights(snapshots, None, time), time)
    snapshot = snapshots.get_current()
    profile = snapshot.read_customer(REGULAR)._replace(segment_ids=BY_NIGHT)
    return lambda live, of=profile: parts.shown.list_segments(snapshot, REGULAR, of, live, NOW)


def told(**segments):
    return pack_tellings({name: Told(is_entered, 1) for name, is_entered in segments.items()})


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        pytest.param({}, BY_NIGHT, id="the night's, where nothing was told"),
        pytest.param({REGULAR: told(fresh_cart=True)}, ("big_spender", "fresh_cart"), id="what was told"),
        pytest.param({REGULAR: told(busy=False, other=True)}, ("big_spender",), id="of live segments alone"),
        pytest.param(
            {"i_b": told(busy=False), REGULAR: told(buyer=True)},
            ("big_spender", "buyer"),
            id="under any of their ids",
        ),
        pytest.param({REGULAR: b"rubbish"}, ("big_spender",), id="what is damaged says nothing"),
    ],
)
def test_what_was_told_is_shown(shown, live, expected):
    assert shown(LiveState(memberships=live)) == expected


def test_a_no_to_analytics_is_obeyed_before_the_stream_knows(shown):
    live = LiveState(memberships={REGULAR: told(fresh_cart=True)}, has_analytics_consent=False)
    assert shown(live) == ("big_spender",)


def test_a_stranger_has_what_was_told(shown):
    assert shown(LiveState(memberships={"i_b": told(busy=True)}), None) == ("busy",)


def test_it_is_a_setting_that_needs_redis_and_topics(tmp_path, clock):
    environ = {"CONCIERGE_HOME": str(tmp_path), "CONCIERGE_MEMBERSHIPS": "stream"}
    needed = {
        "CONCIERGE_LIVE": "redis://127.0.0.1:1/0",
        "CONCIERGE_EVENTS": "kafka",
        "CONCIERGE_TRANSITIONS": "kafka",
    }
    for name in needed:
        others = {other: value for other, value in needed.items() if other != name}
        with pytest.raises(SettingsError, match=f"CONCIERGE_MEMBERSHIPS=stream needs .*{name}"):
            Settings.from_environment(environ | others)
    settings = replace(Settings.from_environment(environ | needed), events="log")  # without a broker
    memberships = open_stores(settings, clock).memberships
    memberships.keeper.keep()
    assert {reading.read() for reading in make_readings(memberships.keeper).values()} == {None}
    assert memberships.recorder.list_keys(["i_b"]) == []
