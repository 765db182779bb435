"""Live segments in a snapshot: their definitions, what each customer begins with, and when that changes."""

import json
from collections.abc import Iterator

import pyarrow.compute as pc

from expectations.contracts import snapshot
from expectations.contracts.lake import FEAT_LIVE_SEGMENTS, FEAT_SEGMENT_STATES
from expectations.contracts.live_segments import NEVER, LiveRules, LiveText, pack_live_rules
from spark_jobs.publish.snapshot_tables import NothingToPublish, SnapshotTables

Pairs = Iterator[tuple[bytes, bytes]]
BATCH = 10_000  # customers held at once
OF_OTHERS = "feat_segment_states is of other definitions than feat_live_segments; run `export` again"


def encode_live_segments(sources: SnapshotTables) -> Pairs:
    """All of live segments; nothing in a home of before there were any, or where none is in force."""
    rows = sources.lake.read_arrow(FEAT_LIVE_SEGMENTS).to_pylist()
    if not rows:
        return
    texts = [LiveText(row["segment_id"], row["definition"], row["version"], row["is_live"]) for row in rows]
    lists: dict[str, tuple[str, ...]] = {}
    for row in rows:
        lists |= json.loads(row["item_lists"] or "{}")
    fingerprint = rows[0]["fingerprint"]
    feeds = tuple(json.loads(rows[0].get("order_feeds") or "[]"))
    yield snapshot.LIVE_RULES, pack_live_rules(LiveRules(fingerprint, tuple(texts), lists, feeds))
    yield from encode_bases(sources, fingerprint)


def encode_bases(sources: SnapshotTables, fingerprint: str) -> Pairs:
    """What each customer begins with, of those who may be personalised for, and their timers.

    Raises:
        NothingToPublish: one was made by another program, as where `export` ended between its two tables.
    """
    allowed = sources.customers["customer_id"].combine_chunks()
    columns = ["customer_id", "base", "changes_at"]
    if not sources.lake.exists(FEAT_SEGMENT_STATES):
        raise NothingToPublish(OF_OTHERS)
    states = sources.lake.scan(FEAT_SEGMENT_STATES)
    for batch in states.to_batches(columns=[*columns, "fingerprint"], batch_size=BATCH):
        if pc.any(pc.not_equal(batch["fingerprint"].cast("string"), fingerprint)).as_py():
            raise NothingToPublish(OF_OTHERS)
        kept = batch.filter(pc.is_in(batch["customer_id"].cast("string"), value_set=allowed))
        for customer_id, base, changes_at in zip(*(kept[name].to_pylist() for name in columns), strict=True):
            yield snapshot.get_segment_base_key(customer_id), base
            if changes_at < NEVER:
                yield snapshot.get_segment_timer_key(changes_at, customer_id), b""
