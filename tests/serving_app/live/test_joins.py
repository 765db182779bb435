"""A browser whose user says who they are becomes theirs at once, and one of two people mixes nobody."""

from expectations.contracts import snapshot as contract
from expectations.contracts.identity_rules import load_identity_rules
from serving_app.live.joins import MOST_BROWSERS
from serving_app.live.state import EMPTY_STATE
from serving_app.storage.snapshots import Snapshot
from tests.serving_app.conftest import pairs
from tests.serving_app.live.events import make_event
from tests.serving_app.live.visits import list_items, read


def identify(shop, user, browser, minute):
    shop.live.record([make_event("identify", user=user, browser=browser, minute=minute)])


def view(shop, item_id, minute, **ids):
    shop.live.record([make_event("view", item_id, minute=minute, **ids)])


def test_what_was_done_before_the_login_is_the_users_at_once(shop):
    view(shop, "item-01", 0, browser="her-phone")
    view(shop, "item-02", 1, user="u-new")
    identify(shop, "u-new", "her-phone", 2)
    view(shop, "item-03", 3, browser="her-phone")
    for ids in ({"user_id": "u-new"}, {"anonymous_id": "her-phone"}):
        assert list_items(shop, **ids) == ["item-01", "item-02", "item-03"]


def test_any_event_with_both_ids_joins(shop):
    view(shop, "item-01", 0, browser="her-phone")
    view(shop, "item-02", 1, browser="her-phone", user="u-new")
    assert list_items(shop, user_id="u-new") == ["item-01", "item-02"]


def test_two_browsers_of_one_user_are_one_visitor(shop):
    for n, browser in enumerate(["her-phone", "laptop"]):
        view(shop, f"item-0{n}", n, browser=browser)
        identify(shop, "u-new", browser, 10 + n)
    assert list_items(shop, anonymous_id="her-phone") == ["item-00", "item-01"]


def test_an_unproven_claim_reads_nothing_and_joins_nothing(shop):
    """Intake hands over a claim without proof as an event of the browser alone."""
    view(shop, "secret", 0, user="victim")
    shop.live.record([make_event("identify", user=None, browser="attacker", minute=1)])
    view(shop, "item-01", 2, browser="attacker")
    assert list_items(shop, anonymous_id="attacker") == ["item-01"]
    assert list_items(shop, user_id="victim") == ["secret"]


def test_with_proof_the_same_claim_joins(shop):
    """What the test above would see if the claim were believed."""
    view(shop, "secret", 0, user="victim")
    shop.live.record([make_event("identify", user="victim", browser="attacker", minute=1)])
    assert list_items(shop, anonymous_id="attacker") == ["secret"]


def test_an_id_that_is_nobodys_joins_nobody(shop):
    """A broken tag sends `null` as everybody's user: each browser stays apart."""
    for n, nobody in enumerate(["null", "{{user.id}}", "undefined", "0"]):
        view(shop, f"item-{n}", n, browser=f"b-{n}", user=nobody)
        assert list_items(shop, anonymous_id=f"b-{n}") == [f"item-{n}"]
        assert list_items(shop, user_id=nobody) == []
    view(shop, "item-9", 9, browser="null", user="u-new")
    view(shop, "item-8", 9, browser="null")
    assert list_items(shop, user_id="u-new") == ["item-9"]


def test_an_id_of_a_crowd_joins_no_more(shop):
    """The night takes twenty new browsers in a week for a robot or a counter; the rules say so too."""
    assert load_identity_rules().limit_of("anonymous_id").at_most == MOST_BROWSERS == 20
    for n in range(30):
        view(shop, f"item-{n:02d}", n, browser=f"b-{n}", user="till-4")
    assert list_items(shop, user_id="till-4") == [f"item-{n:02d}" for n in range(20)]
    for n in range(20, 30):
        assert list_items(shop, anonymous_id=f"b-{n}") == [f"item-{n:02d}"]
    view(shop, "next-week", 7 * 24 * 60 + 30, browser="b-40", user="till-4")
    assert list_items(shop, user_id="till-4")[-1] == "next-week"


class TestATabletOfTwo:
    def test_the_second_user_gets_nothing_of_the_first(self, shop):
        view(shop, "hers-before", 0, browser="ipad")
        identify(shop, "u-her", "ipad", 1)
        view(shop, "hers-after", 2, browser="ipad")
        identify(shop, "u-him", "ipad", 3)
        view(shop, "his", 4, browser="ipad")
        assert list_items(shop, user_id="u-her") == ["hers-before", "hers-after"]
        assert list_items(shop, user_id="u-him") == ["his"]
        assert list_items(shop, anonymous_id="ipad") == ["his"]  # whose it was last

    def test_what_arrives_late_is_whose_tablet_it_was_then(self, shop):
        identify(shop, "u-her", "ipad", 1)
        identify(shop, "u-him", "ipad", 10)
        view(shop, "hers", 5, browser="ipad")
        view(shop, "his", 11, browser="ipad")
        assert list_items(shop, user_id="u-her") == ["hers"] and list_items(shop, user_id="u-him") == ["his"]

    def test_a_login_that_arrives_late_takes_nothing_from_the_newer_one(self, shop):
        identify(shop, "u-him", "ipad", 10)
        identify(shop, "u-her", "ipad", 1)
        view(shop, "his", 11, browser="ipad")
        assert list_items(shop, user_id="u-him") == ["his"] and list_items(shop, user_id="u-her") == []

    def test_they_take_turns(self, shop):
        for turn in range(12):
            user = ("u-her", "u-him")[turn % 2]
            identify(shop, user, "ipad", 10 * turn)
            view(shop, f"{user}-{turn}", 10 * turn + 1, browser="ipad")
        assert list_items(shop, user_id="u-her") == [f"u-her-{turn}" for turn in range(0, 12, 2)]
        assert list_items(shop, user_id="u-him") == [f"u-him-{turn}" for turn in range(1, 12, 2)]

    def test_a_browser_that_the_night_knows_as_another_customers_stays_theirs(self, shop):
        """`cookie-newcomer` belongs to a customer whom the night knows by a login."""
        profile = contract.CustomerSlice("Spain", (), "lapsed", 0, None, is_known=True)
        known = {contract.get_customer_key("c_newcomer"): contract.pack_record(profile)}
        shop.snapshots.publish(Snapshot.from_pairs("night-1", (dict(pairs()) | known).items()))
        view(shop, "hers", 0, browser="cookie-newcomer")
        identify(shop, "u-regular", "cookie-newcomer", 1)
        assert list_items(shop, user_id="u-regular") == []
        assert list_items(shop, anonymous_id="cookie-newcomer") == ["hers"]
        view(shop, "his", 2, browser="cookie-newcomer")
        assert list_items(shop, user_id="u-regular") == ["his"]
        assert list_items(shop, anonymous_id="cookie-newcomer") == ["hers"]

    def test_a_browser_that_the_night_knows_by_no_login_is_joined(self, shop):
        view(shop, "before", 0, browser="cookie-newcomer")
        identify(shop, "u-regular", "cookie-newcomer", 1)
        assert list_items(shop, user_id="u-regular") == ["before"]
        assert list_items(shop, anonymous_id="cookie-newcomer") == ["before"]


def test_a_stranger_without_an_id_has_no_state(shop):
    view(shop, "item-01", 0, browser="her-phone")
    assert read(shop) == EMPTY_STATE
