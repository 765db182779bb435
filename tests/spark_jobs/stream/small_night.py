"""A published night for streamed memberships: two definitions, one customer with a past, one item."""

from datetime import date
from pathlib import Path

from expectations.contracts import snapshot as contract
from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.live_segments import (
    NEVER,
    LiveRules,
    LiveText,
    SegmentBase,
    pack_live_rules,
    pack_segment_base,
)
from segments.calendar import ShopCalendar
from segments.evaluation.measures import Context
from segments.events import Event
from segments.shop_days import find_end_of_day
from spark_jobs.publish.snapshot_writer import write_snapshot
from tests.segments.live_programs import FRESH_CART, make_live_program

TEA_FANS = """
segment_id: tea_fans
name: Tea fans
kind: rule
description: Viewed tea three times within a day.
members: {count: view, where: {brand: Assam}, within: 24 hours, op: ">=", value: 3}
"""
TEXTS = {"fresh_cart": FRESH_CART, "tea_fans": TEA_FANS}
ZONE = "Europe/London"
ABSORBED = date(2026, 1, 4)  # a Sunday
CUSTOMER = "c_regular"


def write_night(
    folder: Path, identity_key: str, history: tuple[Event, ...] = (), texts: dict[str, str] = TEXTS
) -> Path:
    """The snapshot's folder.

    Args:
        history: of the customer, up to the absorbed day.
    """
    live = make_live_program(texts, ZONE)
    end = find_end_of_day(ShopCalendar(ZONE), ABSORBED)
    state = live.program.build_state(history, end)
    members = live.program.decide(state, end, Context(CUSTOMER, {})) & live.live
    base = SegmentBase(
        live.packer.pack(state), members=dict.fromkeys(sorted(members), end), changes_at=state.changes_at
    )
    meta = contract.SnapshotMeta(
        contract.LAYOUT, "night", str(ABSORBED), "", "", "", {}, time_zone=ZONE, absorbed_date=str(ABSORBED)
    )
    rows = tuple(LiveText(name, text, f"v-{name}", True) for name, text in texts.items())
    tea = contract.ItemFacts("Tea", None, "Assam", 3.0, "GBP", None, True, True, ("Drinks", "Tea"))
    user = hash_identifier(identity_key, "user_id", "online_retail", "u1")
    values = {
        contract.META: contract.pack_record(meta),
        contract.LIVE_RULES: pack_live_rules(LiveRules(live.fingerprint, rows, {})),
        contract.get_segment_base_key(CUSTOMER): pack_segment_base(base),
        contract.get_identifier_key(user): CUSTOMER.encode(),
        contract.get_item_key("tea"): contract.pack_record(tea),
    }
    if base.changes_at < NEVER:
        values[contract.get_segment_timer_key(base.changes_at, CUSTOMER)] = b""
    write_snapshot(folder, values.items())
    return folder
