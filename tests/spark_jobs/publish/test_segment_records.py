"""Live segments in a snapshot: of those who may be personalised for, all by one program."""

from types import SimpleNamespace

import pyarrow as pa
import pyarrow.dataset as pa_dataset
import pytest

from expectations.contracts import snapshot
from expectations.contracts.lake import FEAT_SEGMENT_STATES
from expectations.contracts.live_segments import NEVER, LiveRules, LiveText, pack_live_rules
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.publish.segment_records import encode_live_segments
from spark_jobs.publish.snapshot_tables import NothingToPublish

RULE = {
    "segment_id": "busy",
    "definition": "text",
    "version": "v1",
    "is_live": True,
    "fingerprint": "f1",
    "item_lists": '{"teas": ["item-1"]}',
    "order_feeds": '["sample_shop"]',
}
ANN = {"customer_id": "c_ann", "base": b"a", "fingerprint": "f1", "changes_at": 5}
BEN = {"customer_id": "c_ben", "base": b"b", "fingerprint": "f1", "changes_at": NEVER}
HELD_BACK = {"customer_id": "c_cyd", "base": b"c", "fingerprint": "f1", "changes_at": 6}


def encode(rules, states):
    """The keys and values of these rows; None: the states were never written."""
    lake = SimpleNamespace(
        read_arrow=lambda table: pa.Table.from_pylist(rules),
        exists=lambda table: states is not None,
        scan=lambda table: pa_dataset.dataset(
            pa.Table.from_pylist(states, build_arrow_schema(FEAT_SEGMENT_STATES))
        ),
    )
    customers = pa.table({"customer_id": ["c_ann", "c_ben"]})
    return dict(encode_live_segments(SimpleNamespace(lake=lake, customers=customers)))


def test_definitions_bases_and_timers():
    assert encode([RULE], [ANN, BEN, HELD_BACK]) == {
        snapshot.LIVE_RULES: pack_live_rules(
            LiveRules("f1", (LiveText("busy", "text", "v1", True),), {"teas": ("item-1",)}, ("sample_shop",))
        ),
        snapshot.get_segment_base_key("c_ann"): b"a",
        snapshot.get_segment_base_key("c_ben"): b"b",
        snapshot.get_segment_timer_key(5, "c_ann"): b"",
    }


def test_without_definitions_there_is_nothing():
    assert encode([], [ANN]) == {}


@pytest.mark.parametrize("states", [None, [ANN, BEN | {"fingerprint": "f0"}]])
def test_states_of_other_definitions_are_not_published(states):
    with pytest.raises(NothingToPublish, match="run `export` again"):
        encode([RULE], states)
