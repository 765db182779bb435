"""What the night knows as bought comes back through no fallback; what its own list offers again, does."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expectations.contracts import snapshot as contract
from expectations.contracts.bought_items import pack_bought_items
from expectations.contracts.packed_lists import EPOCH
from models.steering.weights import KINDS
from serving_app.live.events import PURCHASE, VIEW
from serving_app.recommendations.request_rules import make_bought_date_finder
from serving_app.storage.snapshots import Snapshot
from tests.serving_app.conftest import NOW, REGULAR, listed, pairs
from tests.serving_app.live.events import make_event

ROUTES = ("/v1/recommendations", "/v1/popular", "/v1/items/item-05/similar")
OWN = range(12)  # items of the night's own list
TODAY = (NOW.date() - EPOCH).days
# of customers with a list of their own after one event: what is similar weighs nine times a first place
STEERING = contract.SteeringRecord("concierge/7", KINDS, 2.0, [(True, 1, 1.0, (9.0,) * 3, (0.0,) * 3, 0.0)])


def publish(shop, bought, consumables=(), repurchase_days=None, changed=()):
    """A night that knows what the regular customer bought: days ago by number of item."""
    content = {**dict(pairs()), **dict(changed)}
    vocabulary = contract.ListVocabulary.of_bytes(content[contract.CATALOGUE])
    if bought:
        rows = sorted(
            (vocabulary.find_number(f"item-{n:02d}"), TODAY - days_ago) for n, days_ago in bought.items()
        )
        content[contract.get_bought_items_key(REGULAR)] = pack_bought_items(*zip(*rows, strict=True))
    for n in consumables:
        key = contract.get_item_key(f"item-{n:02d}")
        facts = contract.unpack_record(contract.ItemFacts, content[key])
        content[key] = contract.pack_record(
            facts._replace(is_consumable=True, repurchase_days=repurchase_days)
        )
    shop.snapshots.publish(Snapshot.from_pairs("night-2", content.items()))


def get(shop, route="/v1/recommendations", **query):
    answer = shop.client.get(route, query_string={"n": 100, "customer_id": REGULAR, **query})
    assert answer.status_code == 200, answer.text
    return answer.json


def numbers(answer):
    return [int(item["item_id"].removeprefix("item-")) for item in answer["items"]]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("placement", ["home", "product", "cart"])
def test_no_fallback_brings_it_back(shop, route, placement):
    about = {"item_id": "item-05"} if route == ROUTES[0] else {}
    query = {"placement": placement, "max_per_category": 100, **about}
    publish(shop, {})
    before = numbers(get(shop, route, **query))
    assert {7, 20} <= {*before}
    publish(shop, {7: 400, 20: 3})
    gone = {20} if route == ROUTES[0] else {7, 20}  # 7 stands in the night's own list
    after = numbers(get(shop, route, **query))
    assert sorted(after) == sorted({*before} - gone)
    stranger = {"customer_id": None, "anonymous_id": "new"}
    assert {7, 20} <= {*numbers(get(shop, route, **query | stranger))}, "nobody else's list changes"


@pytest.mark.parametrize(
    ("days_ago", "repurchase_days", "is_shown"),
    [
        pytest.param(29, None, False, id="30 days where nothing else is known"),
        pytest.param(30, None, True, id="then it is due again"),
        pytest.param(6, 7.0, False, id="its own days"),
        pytest.param(7, 7.0, True, id="are over"),
    ],
)
def test_a_consumable_comes_back_when_it_is_due(shop, days_ago, repurchase_days, is_shown):
    publish(shop, {20: days_ago}, consumables=[20], repurchase_days=repurchase_days)
    assert (20 in numbers(get(shop))) is is_shown


def test_the_session_brings_only_the_nights_own_back(shop):
    shop.live.record([make_event(VIEW, "item-05", user="u-regular")])
    vocabulary = contract.ListVocabulary.of_bytes(dict(pairs())[contract.CATALOGUE])

    def list_first(own, bought):
        night = {
            contract.STEERING: contract.pack_record(STEERING),
            contract.get_customer_list_key(REGULAR): listed(vocabulary, *own),
        }
        publish(shop, bought, changed=night)
        return numbers(get(shop, n=3))

    # similar to item-05 are item-06, -07, -08, and itself, which was viewed
    assert list_first([1, 2], {}) == [6, 7, 8]
    assert list_first([1, 2], {6: 400}) == [7, 8, 1], "the session alone proposed it"
    assert 6 in list_first([1, 6], {6: 400}) and list_first([1, 6], {6: 400}) == list_first([1, 6], {})


def test_a_pin_does_not_bring_it_back(shop):
    publish(shop, {20: 400})
    body = {"kind": "pin", "item_id": "item-20", "position": 1, "until": "2026-03-01T00:00:00Z"}
    assert shop.client.post("/v1/overrides", json=body).status_code == 201
    assert 20 not in numbers(get(shop))
    assert numbers(get(shop, customer_id=None))[0] == 20


def test_why_not_names_it_and_when_it_is_due(shop):
    publish(shop, {20: 3, 21: 3, 11: 3}, consumables=[21])

    def ask(item_id, **query):
        query = {"item_id": item_id, "customer_id": REGULAR, **query}
        return shop.client.get("/v1/recommendations/why-not", query_string=query).json

    [bought, *_] = ask("item-20", n=30)["obstacles"]
    assert (bought["stage"], bought["reason"]) == ("live", "bought") and "never due again" in bought["change"]
    [bought, *_] = ask("item-21", n=30)["obstacles"]
    assert bought["reason"] == "bought" and "until 2026-03-20T00:00:00Z" in bought["change"]
    below = ask("item-11")  # the twelfth of the night's own list
    assert [one["reason"] for one in below["obstacles"]] == ["below_end"]
    assert below["rank_without"] == numbers(get(shop)).index(11) + 1
    shop.live.record([make_event(PURCHASE, "item-11", user="u-regular")])
    assert ask("item-11")["obstacles"][0]["reason"] == "bought", "a purchase of today counts everywhere"


def test_the_trace_counts_it(shop):
    publish(shop, {20: 400, 21: 400})
    [live] = [one for one in get(shop, explain="true")["trace"] if one["stage"] == "live"]
    assert live["removed"] == {"bought": 4}, "each in the popular list and in the catalogue"


def test_it_is_read_only_where_the_own_list_is_too_short():
    reads = []
    content = dict(pairs())
    snapshot = Snapshot("night", lambda key: reads.append(key) or content.get(key))
    find = make_bought_date_finder(snapshot, REGULAR)
    key = contract.get_bought_items_key(REGULAR)
    assert reads.count(key) == 0
    assert (find("item-01"), find("item-02")) == (None, None)
    assert reads.count(key) == 1
    assert make_bought_date_finder(snapshot, None) is None


DAYS_AGO = st.dictionaries(st.integers(0, 39), st.integers(0, 60), max_size=25)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DAYS_AGO, st.sets(st.integers(0, 39)), st.sampled_from(ROUTES), st.sampled_from(["fill", "strict"]))
def test_whatever_was_bought(shop, bought, consumables, route, mode):
    publish(shop, {}, consumables)
    before = numbers(get(shop, route, mode=mode))
    publish(shop, bought, consumables)
    not_due = {n for n, days_ago in bought.items() if n not in consumables or days_ago < 30}
    own = {*OWN} if route == ROUTES[0] else set()
    assert numbers(get(shop, route, mode=mode)) == [n for n in before if n not in not_due - own]


def test_the_day_of_a_purchase_is_whole(shop, clock):
    publish(shop, {20: 29}, consumables=[20])
    assert 20 not in numbers(get(shop))
    clock.move(hours=12)  # midnight: the thirtieth day
    assert 20 in numbers(get(shop))
