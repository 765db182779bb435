"""From the ids of a request to a customer: each kind of id, and whoever may not be answered by name."""

from datetime import UTC, datetime

import pytest

from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.restrictions import CONSENTS, ERASURES, Permission
from serving_app.visitors.schemas import VisitorIds
from serving_app.visitors.service import VisitorResolver
from tests.serving_app.conftest import FORMER, KEY, NEWCOMER, REGULAR, SOURCE

NO = Permission(False, datetime(2026, 2, 21, tzinfo=UTC), "page")


@pytest.fixture
def resolver(shop):
    return VisitorResolver(shop.restrictions, (SOURCE,), KEY)


@pytest.mark.parametrize(
    ("ids", "customer_id"),
    [
        ({"customer_id": REGULAR}, REGULAR),
        ({"customer_id": FORMER}, REGULAR),
        ({"user_id": "u-regular"}, REGULAR),
        ({"anonymous_id": "cookie-newcomer"}, NEWCOMER),
        ({"user_id": "cookie-newcomer"}, None),
        ({"customer_id": "c_nobody"}, None),
        ({}, None),
    ],
)
def test_a_customer_by_each_kind_of_id(shop, resolver, ids, customer_id):
    snapshot = shop.snapshots.get_current()
    assert resolver.find_customer_id(VisitorIds(**ids), snapshot) == customer_id
    assert resolver.find_customer_id(VisitorIds(**ids), None) is None, "nothing is published"


@pytest.mark.parametrize("denied", [REGULAR, FORMER])
def test_who_said_no_is_a_stranger_by_every_id(shop, resolver, denied):
    shop.restrictions.record_permission(CONSENTS, [denied], NO)
    snapshot = shop.snapshots.get_current()
    assert resolver.find_customer_id(VisitorIds(customer_id=denied), snapshot) is None
    assert resolver.resolve_customer_id(denied, snapshot) is None
    assert resolver.resolve_customer_id(NEWCOMER, snapshot) == NEWCOMER


def test_a_visitor_has_keys_known_or_not(shop, resolver):
    """The state of a browser lies under its own identifier, whether a night has seen it or not."""
    snapshot = shop.snapshots.get_current()
    unknown = hash_identifier(KEY, "anonymous_id", SOURCE, "never-seen")
    for ids, keys in (
        ({"user_id": "u-regular"}, ((shop.ids["u-regular"],), REGULAR)),
        ({"anonymous_id": "cookie-newcomer"}, ((shop.ids["cookie-newcomer"],), NEWCOMER)),
        ({"customer_id": FORMER}, ((), REGULAR)),
        ({"anonymous_id": "never-seen"}, ((unknown,), None)),
        ({"customer_id": "c_nobody"}, ((), None)),
        ({}, ((), None)),
    ):
        assert resolver.find_keys(VisitorIds(**ids), snapshot) == keys


@pytest.mark.parametrize("kind", [CONSENTS, ERASURES])
def test_who_may_not_be_answered_by_name_has_no_keys(shop, resolver, kind):
    snapshot = shop.snapshots.get_current()
    unknown = hash_identifier(KEY, "anonymous_id", SOURCE, "never-seen")
    shop.restrictions.record_permission(kind, [REGULAR, unknown], NO)
    for ids in ({"user_id": "u-regular"}, {"customer_id": FORMER}, {"anonymous_id": "never-seen"}):
        assert resolver.find_keys(VisitorIds(**ids), snapshot) == ((), None)
    assert resolver.find_keys(VisitorIds(anonymous_id="cookie-newcomer"), snapshot).customer_id == NEWCOMER
