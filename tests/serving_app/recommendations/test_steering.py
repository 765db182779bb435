"""A visitor's live events steer a list by what a snapshot holds."""

import gc
import weakref
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from expectations.contracts import snapshot as contract
from models.factor_space import FactorSpace
from models.training_data import KIND_WEIGHTS, KINDS
from serving_app.live.state import RecentEvent
from serving_app.recommendations.steering import steer_candidates
from serving_app.storage.snapshots import Snapshot

NOW = datetime(2026, 2, 21, 12, tzinfo=UTC)
POPULAR = contract.get_audience_list_key(contract.POPULAR)
ONE_VIEW = (False, 1, 1.0, (0.5, 1.0, 1.0), (0.25, 1.0, 1.0), 0.0)


def build_snapshot(cohorts=(ONE_VIEW,), kinds=KINDS, trust=None, with_record=True):
    """Six items; e-f are similar to a, and sessions go on with d after a; `popular` is a-d."""
    vocabulary = contract.ListVocabulary()

    def pack(ids, *scores):
        return vocabulary.pack(
            list(ids), scores or [1 - n / 10 for n in range(len(ids))], [("m",)] * len(ids)
        )

    pairs = {
        contract.META: contract.pack_record(
            contract.SnapshotMeta(contract.LAYOUT, "n", "2026-02-20", "2026-02-21T03:00:00Z", "m/1", "c", {})
        ),
        POPULAR: pack("abcd"),
        contract.get_similar_list_key("a"): pack("ef", 0.8, 0.4),
        contract.get_next_list_key("a"): pack("de", 0.3, 0.15),
        contract.get_similar_list_key("b"): pack("f"),
    }
    if with_record:
        pairs[contract.STEERING] = contract.pack_record(
            contract.SteeringRecord("m/1", tuple(kinds), 1.0, tuple(cohorts))
        )
    if trust is not None:
        factors = np.eye(6, 3, dtype="<f2") + np.eye(6, 3, -5, dtype="<f2")  # f lies where a lies
        gram = factors.astype("<f8").T @ factors.astype("<f8")
        pairs[contract.FOLD_IN] = contract.pack_record(
            contract.FoldInFactors(
                "m/1",
                tuple("abcdef"),
                3,
                factors.tobytes(),
                gram.tobytes(),
                10.0,
                1.0,
                45.0,
                tuple(zip(KINDS, KIND_WEIGHTS.tolist(), strict=True)),
                ((10, trust),),
            )
        )
    pairs[contract.CATALOGUE] = vocabulary.as_bytes()
    return Snapshot.from_pairs("night-1", pairs.items())


def did(item_id, event_type="view", minutes_ago=1):
    return RecentEvent(item_id, event_type, NOW - timedelta(minutes=minutes_ago))


def steer(snapshot, *events, is_personal=False, base=None):
    base = snapshot.read_list(POPULAR) if base is None else base
    return steer_candidates(base, is_personal, events, snapshot, NOW)


def test_a_view_brings_what_is_similar_and_what_follows():
    event = did("a")
    rows = list(steer(build_snapshot(), event))
    place = [1 - np.log(1 + n) / np.log(5) for n in range(4)]
    expected = {
        "a": place[0],
        "b": place[1],
        "c": place[2],
        "d": place[3] + 0.25 * 0.3,
        "e": 0.5 + 0.25 * 0.15,
        "f": 0.5 * 0.5,
    }
    assert {row.item_id: row.score for row in rows} == pytest.approx(expected, abs=1e-4)
    assert [row.item_id for row in rows] == sorted(expected, key=lambda item: -expected[item])
    because = {row.item_id: row.because for row in rows}
    assert because == {"a": None, "b": None, "c": None, "d": event, "e": event, "f": event}
    assert {row.item_id for row in rows if row.base is None} == {"e", "f"}
    assert steer(build_snapshot(), event).list_item_ids() == [row.item_id for row in rows]
    assert next(row for row in rows if row.item_id == "b").base.item_id == "b"


def test_what_was_just_viewed_is_not_what_the_session_proposes():
    """c and e were viewed; e is similar to a, which was viewed too, and stands in no other list."""
    cohort = (False, 5, 1.0, (9.0, 9.0, 9.0), (9.0, 9.0, 9.0), 0.0)
    rows = list(steer(build_snapshot([cohort]), did("e", minutes_ago=9), did("c"), did("a")))
    assert [row.item_id for row in rows] == ["f", "d", "a", "b", "c"]
    places = {n: round(1 - np.log(1 + n) / np.log(5), 6) for n in range(4)}
    assert {row.item_id: (row.score, row.because) for row in rows[2:]} == {
        item_id: (pytest.approx(places[n], abs=1e-6), None) for n, item_id in enumerate("abc")
    }


def test_the_newest_event_for_an_item_is_its_evidence():
    cohort = (False, 2, 0.0, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), 0.0)
    older, newer = did("a", minutes_ago=9), did("b", minutes_ago=2)
    rows = steer(build_snapshot([cohort]), older, newer)
    # f: half of a's best, half faded, beside all of b's best
    assert [(row.item_id, row.because) for row in rows[:2]] == [("f", newer), ("e", older)]
    assert rows[0].score == pytest.approx(1.0 + 0.5 * 0.5, abs=1e-4)


def test_an_item_viewed_and_then_carted_is_one_event_of_the_stronger_kind():
    once = [(row.item_id, row.score) for row in steer(build_snapshot(), did("a", "cart"))]
    both = [
        (row.item_id, row.score) for row in steer(build_snapshot(), did("a", minutes_ago=5), did("a", "cart"))
    ]
    assert once == both


@pytest.mark.parametrize(
    ("snapshot", "events", "is_personal"),
    [
        pytest.param({}, [], False, id="nothing was done"),
        pytest.param({}, [did("nobody-lists-it")], False, id="an item that no list knows"),
        pytest.param({}, [did("a", "search")], False, id="an event that does not steer"),
        pytest.param({}, [did("a"), did("b")], False, id="the gate refused two events"),
        pytest.param({}, [did("a")], True, id="the gate refused lists of their own"),
        pytest.param({"with_record": False}, [did("a")], False, id="nothing was learned"),
        pytest.param({"kinds": ("view", "buy")}, [did("a")], False, id="weights of other kinds"),
    ],
)
def test_the_list_stays_as_it_is(snapshot, events, is_personal):
    assert steer(build_snapshot(**snapshot), *events, is_personal=is_personal) is None


def test_factors_place_a_visitor_among_the_candidates():
    cohort = (False, 1, 1.0, (0.5, 0.0, 0.0), (0.0, 0.0, 0.0), 10.0)
    snapshot = build_snapshot([cohort], trust=0.5)
    rows = {row.item_id: row.score for row in steer(snapshot, did("a", minutes_ago=0))}
    record = snapshot.read_fold_in()
    space = FactorSpace.read(record.factors, record.gram, 10.0, 1.0, 45.0, KIND_WEIGHTS)
    scores = space.score(space.fold_in(np.array([0]), np.array([0.2])))
    assert rows["f"] == pytest.approx(0.5 * 0.5 + 10.0 * 0.5 * scores[5], abs=1e-4) and scores[5] > 0.1
    assert rows["a"] == 1.0, "what they just viewed has its place in the list, and no more"
    assert rows["b"] == pytest.approx(1 - np.log(2) / np.log(5), abs=1e-4)


def test_a_list_of_rows_is_steered_like_a_packed_one():
    snapshot = build_snapshot()
    base = snapshot.read_list(POPULAR)
    stranger = contract.ListItem("unlisted", 2.0, ("m",))
    packed, rows = (steer(snapshot, did("a"), base=one) for one in (base, [stranger, *base]))
    assert [row.item_id for row in packed] == [row.item_id for row in rows]


def test_a_snapshot_that_is_served_no_longer_is_closed_without_the_collector():
    """Which a worker seldom runs over all that it has; until then the file would stay open."""
    gc.disable()
    try:
        snapshot = build_snapshot(trust=0.5)
        steer(snapshot, did("a"))
        before = weakref.ref(snapshot)
        snapshot = build_snapshot()
        steer(snapshot, did("a"))  # takes the place of the one before
        assert before() is None
    finally:
        gc.enable()
