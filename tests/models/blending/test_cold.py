"""Who and what is new: lists that are never empty, whose sources grow with what is known; items that compete
from the start.
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from models.blending.blend_lists import build_personal_lists
from models.listing.lists import decode_source_names
from models.recommenders import build_blend
from models.training_data import Customers

CONFIGURATION = {
    "parts": {
        "content": {},
        "item_knn": {},
        "lightfm": {"components": 6, "epochs": 12},
        "recent_popularity": {},
    },
    "ranker": {"windows": 2, "rounds": 10, "leaves": 7},
}
# nobody touched them; the first resembles what even customers buy, the second what odd ones do
NEW = (
    30,
    31,
)


@pytest.fixture(scope="module")
def grown(shop):
    """The shop with two items that arrived tonight."""
    features = sparse.vstack([shop.item_features, sparse.identity(2, format="csr")]).tocsr()
    return replace(
        shop,
        behaviour=replace(shop.behaviour, n_items=32),
        item_features=features,
        price=np.append(shop.price, [2.0, 2.0]).astype(np.float32),
        category=np.append(shop.category, [0, 1]).astype(np.int32),
    )


@pytest.fixture(scope="module")
def blend(grown):
    return build_blend(CONFIGURATION).fit(grown, 1)


def somebody(grown, n_events, parity):
    """A customer the model never saw, of the attribute of even or odd customers, after so many purchases of
    that half.
    """
    known = grown.behaviour.select_customers(np.array([parity])).where(slice(None))
    kept = np.arange(len(known)) < n_events
    features = sparse.csr_matrix(([1.0], ([0], [parity])), shape=(1, 2))
    return Customers(np.array([-1], np.int32), known.where(kept), features)


@pytest.mark.parametrize("n_events", [0, 1, 3, 10])
def test_somebody_new_has_a_full_list_that_says_what_made_it(grown, blend, n_events):
    everything = np.ones(32, bool)
    found = build_personal_lists(blend, somebody(grown, n_events, 1), everything, everything, n=10)
    assert (found.items >= 0).all(), "never empty, never short"
    sources = {name for mask in found.sources[0] for name in decode_source_names(int(mask), found.names)}
    assert {"lightfm", "recent_popularity"} & sources
    assert ({"content", "item_knn"} <= sources) == (n_events > 0), (
        "neighbours have nothing to say before the first event"
    )


def test_attributes_alone_tell_more_than_popularity(grown, blend):
    """Customers of even number buy even items: who has their attribute is shown those, popularity cannot know
    it.
    """
    everything = np.ones(32, bool)
    for parity in (0, 1):
        found = build_personal_lists(blend, somebody(grown, 0, parity), everything, everything, n=8)
        assert np.mean(found.items[0] % 2 == parity) >= 0.75
    counts = build_blend({"parts": {}, "weights": {"recent_popularity": 1.0}}).fit(grown, 1)
    listed = build_personal_lists(counts, somebody(grown, 0, 0), everything, everything, n=8).items[0]
    assert 0.2 < np.mean(listed % 2 == 0) < 0.8  # negative control


def test_a_new_item_competes_for_whom_it_suits_from_its_first_night(grown, blend):
    at, scores = blend.score_candidates(Customers.from_training(grown, np.arange(60)))
    for item, parity in zip(NEW, (0, 1), strict=True):
        who = at.row[at.item == item]
        assert np.isin(np.arange(parity, 60, 2), who).all(), (
            "everybody of its taste has it among their candidates"
        )
        named = {
            name for mask in at.sources[at.item == item] for name in decode_source_names(int(mask), at.names)
        }
        assert {"content", "lightfm"} <= named and "item_knn" not in named
    assert np.isfinite(scores).all()
