"""Lists by live segments: audiences and filters go by who is in one at this moment, a stranger too."""

import pytest

from expectations.contracts import snapshot as contract
from expectations.contracts.census import CENSUS, Census
from serving_app.storage.snapshots import Snapshot
from tests.serving_app.conftest import NEWCOMER
from tests.serving_app.memberships.conftest import keep
from tests.serving_app.memberships.nights import make_snapshot
from tests.serving_app.memberships.test_fresh_cart import put_into_cart
from tests.serving_app.memberships.test_nights import iterate_pairs

KINDS = pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ({"anonymous_id": "b-1"}, {}),
        ({"anonymous_id": "cookie-newcomer"}, {"anonymousId": "cookie-newcomer"}),
    ],
    ids=["a visitor whom no night knows", "a customer of the night"],
)


@pytest.fixture
def audience_shop(shop):
    """A shop with a list of those with a fresh cart, of which nobody is by the night."""
    pairs = dict(iterate_pairs(make_snapshot("night-1", others={NEWCOMER: ()})))
    # the shop's list of the lapsed: item-20, item-21 and item-22
    of_lapsed = pairs.pop(contract.get_audience_list_key("segment:lapsed"))
    pairs[contract.get_audience_list_key("segment:fresh_cart")] = of_lapsed
    pairs[CENSUS] = Census({"mugs": 40}, {"vip": 1, "fresh_cart": 0}).as_bytes()
    shop.snapshots.publish(Snapshot.from_pairs("night-1", pairs.items()))
    keep(shop)
    return shop


def ask(shop, **query):
    answer = shop.client.get("/v1/recommendations", query_string={"n": 3, **query})
    assert answer.status_code == 200, answer.text
    return [item["item_id"] for item in answer.json["items"]]


@KINDS
def test_an_audience_is_of_this_moment(audience_shop, clock, asked, sent):
    others = ask(audience_shop, **asked)
    assert "item-20" not in others
    put_into_cart(audience_shop, **sent)
    assert ask(audience_shop, **asked)[:2] == ["item-20", "item-21"]
    clock.move(minutes=10, seconds=1)
    assert "item-20" not in ask(audience_shop, **asked)


@KINDS
def test_a_filter_is_of_this_moment(audience_shop, clock, asked, sent):
    wanted = {"filter": 'customer.segments contains "fresh_cart" and price < 30'} | asked
    assert ask(audience_shop, **wanted) == []
    put_into_cart(audience_shop, **sent)
    assert len(ask(audience_shop, **wanted)) == 3
    clock.move(minutes=10, seconds=1)
    assert ask(audience_shop, **wanted) == []


def test_a_stranger_in_a_segment_stays_a_stranger(audience_shop):
    """Of whom nothing else is known: a number of orders is null, and no order is none."""
    put_into_cart(audience_shop)
    for condition in ("customer.n_orders is not null", "customer.n_orders = 0", "customer.is_known"):
        assert ask(audience_shop, filter=condition, anonymous_id="b-1") == []
    assert len(ask(audience_shop, filter="customer.n_orders is null", anonymous_id="b-1")) == 3
