"""What may be shown at all: each reason alone leaves an item out, and what is unknown restricts."""

from datetime import UTC, datetime
from itertools import product

import pytest

from expectations.contracts.restrictions import ITEMS, Permission, RestrictionView
from expectations.contracts.snapshot import ItemFacts
from serving_app.filters.hard_filters import NO_REQUEST, REASONS, FilterRequest, build_hard_filters
from serving_app.storage.restrictions import FailSafeView

NO = Permission(False, datetime(2026, 2, 21, tzinfo=UTC), "till")
MUG = ItemFacts("Mug", "Mugs", "Acme", 2.5, "EUR", None, True, True)
OPEN_VIEW = RestrictionView(lambda kind, name: None, lambda name: None)


def find_reason(item, request=NO_REQUEST, view=OPEN_VIEW):
    return build_hard_filters({"mug": item}.get, view, request)("mug")


def test_of_a_shop(shop):
    """Of the shop 38 is sold out and 39 not recommendable; 99 is unknown."""
    shop.restrictions.record_permission(ITEMS, ["item-07"], NO)
    with shop.restrictions.open_view() as view:
        find = build_hard_filters(shop.snapshots.get_current().read_item, view)
        assert [find(f"item-{n:02d}") for n in (6, 7, 8, 38, 39, 99)] == [
            *(None, "restricted", None),
            *("out_of_stock", "not_recommendable", "unknown_item"),
        ]


ENDED = MUG._replace(is_recommendable=False, ended_on="2026-02-01")


@pytest.mark.parametrize(
    ("item", "request_", "reason"),
    [
        pytest.param(MUG, NO_REQUEST, None, id="nothing against it"),
        pytest.param(MUG, FilterRequest(excluded={"mug"}), "excluded", id="excluded"),
        pytest.param(MUG, FilterRequest(page_item_id="mug"), "page_item", id="the page's own"),
        pytest.param(None, NO_REQUEST, "unknown_item", id="unknown"),
        pytest.param(ENDED, NO_REQUEST, "discontinued", id="ended"),
        pytest.param(MUG._replace(is_recommendable=False), NO_REQUEST, "not_recommendable", id="not on sale"),
        pytest.param(MUG._replace(is_in_stock=False), NO_REQUEST, "out_of_stock", id="sold out"),
        pytest.param(MUG, FilterRequest(is_match=lambda item_id, item: False), "filtered", id="filtered"),
    ],
)
def test_reasons(item, request_, reason):
    assert find_reason(item, request_) == reason
    assert reason is None or reason in REASONS


@pytest.mark.parametrize(
    ("allowed", "blocked", "where"),
    [
        pytest.param(None, (), {"DE", "FR", None}, id="no rule"),
        pytest.param(("DE",), (), {"DE"}, id="allowed in one"),
        pytest.param((), (), set(), id="allowed nowhere"),
        pytest.param(None, ("FR",), {"DE"}, id="blocked in one, and nobody knows where the visitor is"),
        pytest.param(("DE", "FR"), ("FR",), {"DE"}, id="both"),
    ],
)
def test_regions(allowed, blocked, where):
    item = MUG._replace(allowed_countries=allowed, blocked_countries=blocked)
    assert {
        country for country in ("DE", "FR", None) if find_reason(item, FilterRequest(country=country)) is None
    } == where


def test_a_country_may_be_written_by_its_name():
    item = MUG._replace(allowed_countries=("DE",))
    assert find_reason(item, FilterRequest(country="Germany")) is None
    assert find_reason(item, FilterRequest(country="Atlantis")) == "region"


@pytest.mark.parametrize(
    ("blocked", "hidden_from"),
    [
        pytest.param(("DE",), {"DE", "Germany", "Deutschland"}, id="words may mean the blocked code"),
        pytest.param(("deutschland",), {"DE", "Germany", "Deutschland", "FR"}, id="and blocked ones any"),
        pytest.param(("FR",), {"FR", "Deutschland"}, id="codes are told apart"),
    ],
)
def test_a_country_that_nobody_understands_restricts(blocked, hidden_from):
    item = MUG._replace(blocked_countries=blocked)
    asked = ("DE", "Germany", "Deutschland", "FR")
    assert {one for one in asked if find_reason(item, FilterRequest(country=one))} == hidden_from


@pytest.mark.parametrize(("least", "age"), product([None, 16, 18], [None, 15, 16, 18, 40]))
def test_ages(least, age):
    is_shown = find_reason(MUG._replace(min_age=least), FilterRequest(age=age)) is None
    assert is_shown == (least is None or (age is not None and age >= least))


def test_restrictions_that_cannot_be_read_leave_the_catalogue_to_decide():
    assert find_reason(MUG, view=FailSafeView()) is None
    assert find_reason(MUG._replace(is_in_stock=False), view=FailSafeView()) == "out_of_stock"
