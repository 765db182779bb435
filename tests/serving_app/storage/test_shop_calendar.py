"""A shop with a calendar of its own: what is received now is of its today, and the next night has it."""

from datetime import UTC, date, datetime, timedelta

import orjson
import pytest

from expectations.contracts import snapshot as contract
from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.shop_clock import set_next_landing_day
from serving_app.intake.logged_events import refill_live_states
from serving_app.live.state import VisitorKeys
from serving_app.storage.impression_log import ImpressionLog
from serving_app.storage.memory import MemorySnapshots
from serving_app.storage.shop_calendar import NO_LAG, ShopCalendar
from serving_app.storage.snapshots import Snapshot
from tests.serving_app.conftest import KEY, SOURCE, pairs
from tests.serving_app.recommendations.calls import get

# The small shop's night is of 20 February. Its today, the 21st, lies 281 days before this one:
# 7 of February's, 31+30+31+30+31+31+30+31 and 29 of November's.
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
LAG = timedelta(days=281)
BROWSER = VisitorKeys((hash_identifier(KEY, "anonymous_id", SOURCE, "b-1"),))


@pytest.fixture
def months_later(shop):
    """`shop` on a day of the clock that its own calendar has not reached."""
    shop.clock.time = NOW
    calendar = ShopCalendar(shop.home, shop.snapshots)
    shop.use_stores(impressions=ImpressionLog(shop.stores.impressions.log, calendar=calendar))
    return shop


def let_shop_keep_its_own_calendar(shop):
    set_next_landing_day(shop.home, NOW.date(), date(2026, 2, 20), date(2026, 1, 5))


def view(shop, **more):
    hour_ago = (NOW - timedelta(hours=1)).isoformat()
    event = {"type": "track", "event": "Product Viewed", "messageId": "m-1", "anonymousId": "b-1", **more}
    event |= {"timestamp": hour_ago, "properties": {"product_id": "item-05"}}
    refused = event | {"messageId": "m-2", "event": "No Such Event"}
    answer = shop.client.post("/v1/batch", json={"batch": [event, refused], "sentAt": NOW.isoformat()})
    assert [one["outcome"] for one in answer.json["events"]] == ["accepted", "quarantined"]


def read_log(shop, name):
    files = [*(shop.home / "serving" / name).iterdir()]
    return [orjson.loads(line) for path in files for line in path.read_bytes().splitlines()]


def list_viewed(shop, absorbed):
    return [(event.item_id, event.occurred_at) for event in shop.live.read(BROWSER, absorbed).events]


def test_what_is_received_now_is_of_the_shops_today(months_later):
    let_shop_keep_its_own_calendar(months_later)
    view(months_later)
    get(months_later, anonymous_id="b-1")
    accepted, refused = read_log(months_later, "event_log")
    assert accepted["receivedAt"] == refused["receivedAt"] == "2026-02-21T12:00:00.000000Z"
    times = {accepted[name] for name in ("timestamp", "originalTimestamp")}
    assert times == {"2026-02-21T11:00:00.000000Z"}
    assert accepted["sentAt"] == "2026-02-21T12:00:00.000000Z"
    [impression] = read_log(months_later, "decision_log")
    assert impression["served_at"] == "2026-02-21T12:00:00.000000Z"


def test_the_night_of_that_day_absorbs_it(months_later):
    let_shop_keep_its_own_calendar(months_later)
    view(months_later)
    at_once = [("item-05", NOW - timedelta(hours=1))]
    assert list_viewed(months_later, date(2026, 2, 20)) == at_once, "live, by the clock on the wall"
    assert list_viewed(months_later, date(2026, 2, 21)) == []


def test_a_shop_that_keeps_the_clocks_time_has_no_lag(months_later):
    """However long no night has run."""
    view(months_later)
    get(months_later, anonymous_id="b-1")
    assert {one["receivedAt"] for one in read_log(months_later, "event_log")} == {
        "2026-11-29T12:00:00.000000Z"
    }
    [impression] = read_log(months_later, "decision_log")
    assert impression["served_at"] == "2026-11-29T12:00:00.000000Z"
    assert list_viewed(months_later, date(2026, 2, 21)) != []


def test_a_device_whose_clock_shows_the_first_of_all_days_is_heard(months_later):
    let_shop_keep_its_own_calendar(months_later)
    event = {"type": "track", "event": "Product Viewed", "messageId": "m-1", "anonymousId": "b-1"}
    event |= {"timestamp": "0001-01-02T00:00:00Z", "properties": {"product_id": "item-05"}}
    answer = months_later.client.post("/v1/batch", json={"batch": [event], "sentAt": "0001-01-02T01:00:00Z"})
    assert [one["outcome"] for one in answer.json["events"]] == ["accepted"]
    [record] = read_log(months_later, "event_log")
    assert record["timestamp"] == "2026-02-21T11:00:00.000000Z"


@pytest.mark.parametrize("hours", [0, 13])
def test_live_states_that_are_filled_from_the_log_are_by_the_clock(months_later, hours):
    """Whether or not a day has ended since."""
    let_shop_keep_its_own_calendar(months_later)
    view(months_later)
    before = list_viewed(months_later, date(2026, 2, 20))
    assert len(before) == 1
    months_later.database.values.clear()
    months_later.database.begun_anew = "it was cut off"
    months_later.clock.move(hours=hours)
    refill_live_states(months_later.live, months_later.snapshots, months_later.home, months_later.clock)
    assert list_viewed(months_later, date(2026, 2, 20)) == before
    assert list_viewed(months_later, date(2026, 2, 21)) == []


@pytest.mark.parametrize(
    ("landing_date", "lag"),
    [
        ("2026-02-20", LAG),
        ("2026-02-21", LAG - timedelta(days=1)),
        ("2026-11-28", NO_LAG),
        ("2026-12-05", NO_LAG),
    ],
)
def test_the_lag_follows_the_published_night(shop, landing_date, lag):
    let_shop_keep_its_own_calendar(shop)
    calendar = ShopCalendar(shop.home, shop.snapshots)
    assert calendar.find_lag(NOW) == LAG
    content = dict(pairs(run_id="night-2"))
    meta = contract.unpack_record(contract.SnapshotMeta, content[contract.META])
    content[contract.META] = contract.pack_record(meta._replace(landing_date=landing_date))
    shop.snapshots.publish(Snapshot.from_pairs("night-2", content.items()))
    assert calendar.find_lag(NOW) == lag


def test_nothing_published_has_no_lag(shop):
    let_shop_keep_its_own_calendar(shop)
    assert ShopCalendar(shop.home, MemorySnapshots()).find_lag(NOW) == NO_LAG
