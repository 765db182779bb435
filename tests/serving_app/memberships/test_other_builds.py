"""A night that another build of the code has made: nothing of it lives, and whoever asks is told so."""

import html

import pytest

from tests.serving_app.console.conftest import Reader
from tests.serving_app.intake.sent_events import send, viewed
from tests.serving_app.memberships.nights import make_snapshot, make_snapshot_of_another_build
from tests.serving_app.segments.small_warehouse import write_warehouse

SENTENCE = "the published night was made by another build of the code; the next night mends it (make night)"


@pytest.fixture
def resting_shop(shop):
    """The small shop, of whose published night no segment lives."""
    write_warehouse(shop.home)
    shop.snapshots.publish(make_snapshot_of_another_build("night-1"))
    return shop


def list_problems(shop):
    ready = shop.client.get("/readyz").json
    found = [one for one in ready["problems"] if one.startswith("segments do not live")]
    return ready["status"], found


def test_the_service_is_degraded_until_a_night_of_its_own(resting_shop):
    send(resting_shop, viewed("m-1", event="Product Added", userId="u-regular"))
    expected = [f"segments do not live, and answers are the night's: {SENTENCE}"]
    assert list_problems(resting_shop) == ("degraded", expected)
    resting_shop.snapshots.publish(make_snapshot("night-2"))
    assert list_problems(resting_shop)[1] == []


def test_a_night_without_live_definitions_is_no_problem(shop):
    assert list_problems(shop)[1] == []


@pytest.mark.parametrize("page", ["", "segments", "segments/frequent_buyers", "customers/c_regular"])
def test_the_console_says_so(resting_shop, page):
    reader = Reader(resting_shop)
    text = html.unescape(reader.get(f"/console/{page}").text)
    assert SENTENCE in text
    resting_shop.snapshots.publish(make_snapshot("night-2"))
    assert SENTENCE not in html.unescape(reader.get(f"/console/{page}").text)
