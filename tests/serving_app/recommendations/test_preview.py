"""A dry run looks at no more customers than it has time for, and at nobody who said no."""

from datetime import UTC, datetime

import pytest

from expectations.contracts import snapshot as contract
from expectations.contracts.restrictions import CONSENTS, Permission
from serving_app.overrides.preview import PreviewedChange
from serving_app.recommendations import preview
from serving_app.recommendations.placements import Placements
from serving_app.recommendations.preview import ListPreview
from serving_app.storage.snapshots import Snapshot
from serving_app.visitors.service import VisitorResolver
from tests.serving_app.conftest import NOW, listed, pairs
from tests.serving_app.overrides.calls import make_override

CUSTOMERS = [f"c_{number:02d}" for number in range(20)]


@pytest.fixture
def crowd(shop):
    """Twenty more customers; every other one is in the segment `even`, each has items 1 to 4."""
    content = dict(pairs())
    vocabulary = contract.ListVocabulary.of_bytes(content[contract.CATALOGUE])
    for number, customer_id in enumerate(CUSTOMERS):
        segments = ("even",) if number % 2 == 0 else ()
        slice_ = contract.CustomerSlice("Spain", segments, None, 1, None, True)
        content[contract.get_customer_key(customer_id)] = contract.pack_record(slice_)
        content[contract.get_customer_list_key(customer_id)] = listed(vocabulary, 1, 2, 3, 4)
    shop.snapshots.publish(Snapshot.from_pairs("night-1", content.items()))
    return shop


def compare(shop, override, seconds=lambda: 0.0):
    visitors = VisitorResolver(shop.restrictions, (), "")
    change = PreviewedChange((), (override,), None, override, NOW)
    return ListPreview(shop.stores, visitors, Placements(shop.home), seconds).compare(change)


def test_members_of_a_segment_are_found_among_all(crowd):
    effect = compare(crowd, make_override(1, NOW, segment_id="even"))
    counts = effect["n_customers_checked"], effect["n_customers_changed"], effect["is_whole"]
    assert counts == (10, 10, True)
    assert [one["customer_id"] for one in effect["examples"]] == CUSTOMERS[:10:2]


def test_it_ends_when_its_time_is_over(crowd):
    moments = iter(number / 10 for number in range(1000))
    effect = compare(crowd, make_override(1, NOW), lambda: next(moments))
    assert (effect["n_customers_checked"], effect["is_whole"]) == (5, False)


def test_it_ends_when_it_has_seen_enough(crowd, monkeypatch):
    monkeypatch.setattr(preview, "MAX_CUSTOMERS", 7)
    effect = compare(crowd, make_override(1, NOW))
    assert (effect["n_customers_checked"], effect["is_whole"]) == (7, False)


def test_who_said_no_since_is_left_out(crowd):
    said_at = datetime(2026, 2, 21, 11, tzinfo=UTC)
    crowd.restrictions.record_permission(CONSENTS, ["c_00"], Permission(False, said_at, "web"))
    effect = compare(crowd, make_override(1, NOW, segment_id="even"))
    assert effect["n_customers_checked"] == 9
    assert "c_00" not in str(effect)
