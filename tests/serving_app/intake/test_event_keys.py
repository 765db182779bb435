"""One visitor's events have one key, which shows nobody's id."""

from dataclasses import replace

from expectations.contracts.identifiers import hash_identifier
from serving_app.intake.event_keys import make_key_finder
from serving_app.stores import open_stores
from tests.serving_app.conftest import KEY, SOURCE
from tests.serving_app.intake.sent_events import bought, judge, send, viewed

FIND_KEY = make_key_finder(KEY)


def find_keys(*messages):
    return [FIND_KEY(event).decode() for event in judge(*messages)]


def test_a_browsers_key_and_a_users():
    browser = hash_identifier(KEY, "anonymous_id", SOURCE, "b-1")
    user = hash_identifier(KEY, "user_id", SOURCE, "u-1")
    assert find_keys(viewed("m-1"), viewed("m-2"), bought("m-3")) == [browser, browser, user]
    assert find_keys(viewed("m-4", anonymousId=..., userId="u-1")) == [user]


def test_an_event_of_nobody_has_none():
    assert find_keys(viewed(anonymousId=...), viewed(anonymousId="\ud800")) == ["", ""]


class OnePlace:
    """A log that notes what it is given."""

    def __init__(self):
        self.keys = []

    def append_lines(self, lines, day=None, keys=None):
        self.keys.append(keys)

    def describe_problem(self):
        return ""


def test_intake_hands_keys_to_a_log_that_has_partitions(shop):
    log = OnePlace()
    shop.use_stores(events=log)
    send(shop, viewed("m-1"))
    shop.settings = replace(shop.settings, events="kafka")
    shop.use_stores(events=log)
    send(shop, viewed("m-2"), bought("m-3"))
    assert log.keys == [None, [key.encode() for key in find_keys(viewed("m-2"), bought("m-3"))]]


def test_a_home_set_to_kafka_needs_no_broker_to_open(shop, clock):
    settings = replace(shop.settings, events="kafka", kafka_servers="127.0.0.1:1")
    log = open_stores(settings, clock).events
    assert (type(log).__name__, log.describe_problem()) == ("SpooledLog", "")
