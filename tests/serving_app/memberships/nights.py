"""Snapshots with live segments, made of whole histories by the program itself: the oracle of the tests."""

from datetime import date
from functools import cache

from expectations.contracts import snapshot as contract
from expectations.contracts.live_segments import (
    NEVER,
    LiveRules,
    LiveText,
    SegmentBase,
    pack_live_rules,
    pack_segment_base,
    unpack_live_rules,
)
from segments.calendar import ShopCalendar
from segments.evaluation.measures import Context
from segments.shop_days import find_end_of_day
from serving_app.storage.snapshots import Snapshot
from tests.segments.live_programs import FRESH_CART, make_live_program
from tests.serving_app.conftest import NEWCOMER, REGULAR, pairs

BUSY = """
segment_id: busy
name: Busy
kind: rule
description: Viewed three times within a day.
members: {count: view, within: 24 hours, op: ">=", value: 3}
"""
BUYER = """
segment_id: buyer
name: Buyer
kind: rule
description: Bought two pieces or more, ever.
members: {sum: quantity, of: purchase, op: ">=", value: 2}
"""
TEXTS = {"fresh_cart": FRESH_CART, "busy": BUSY, "buyer": BUYER}


def make_program():
    """The definitions, compiled."""
    return compile_texts(tuple(TEXTS.items()))


@cache
def compile_texts(texts):
    return make_live_program(dict(texts))


def decide(history, owner, now):
    """The live segments of a whole history at a moment."""
    live = make_program()
    state = live.program.build_state(history)
    return live.program.decide(state, now, Context(owner, {})) & live.live


def make_base(history, owner, end):
    """What live segments begin with, of a whole history."""
    live = make_program()
    state = live.program.build_state(history, end)
    members = live.program.decide(state, end, Context(owner, {})) & live.live
    packed = live.packer.pack(state) if history else b""
    return SegmentBase(
        state=packed, members=dict.fromkeys(sorted(members), end), changes_at=min(state.changes_at, NEVER)
    )


@cache
def read_pairs():
    return tuple(pairs())


def make_snapshot(name, histories=None, absorbed="2026-02-20", others=None, unmeasured=(), identifiers=None):
    """The small shop's snapshot with live segments.

    Args:
        histories: events by customer, up to the absorbed day.
        others: by customer, the segments that the night alone knows, in place of the small shop's.
        unmeasured: customers who said no to analytics.
        identifiers: customers by identifier, beside the small shop's.
    """
    live, histories = make_program(), histories or {}
    end = find_end_of_day(ShopCalendar("UTC"), date.fromisoformat(absorbed))
    values = dict(read_pairs())
    meta = contract.unpack_record(contract.SnapshotMeta, values[contract.META])
    values[contract.META] = contract.pack_record(meta._replace(run_id=name, absorbed_date=absorbed))
    texts = tuple(LiveText(each, text, f"v-{each}", True) for each, text in TEXTS.items())
    values[contract.LIVE_RULES] = pack_live_rules(LiveRules(live.fingerprint, texts, {}))
    for customer in {REGULAR, NEWCOMER, *histories, *(identifiers or {}).values()} - {None}:
        packed = values.get(contract.get_customer_key(customer))
        profile = contract.CustomerSlice("Spain", (), None, 0, None, False)
        if packed:
            profile = contract.unpack_record(contract.CustomerSlice, packed)
        base = make_base(histories.get(customer, ()), customer, end)
        ids = tuple((others or {}).get(customer, profile.segment_ids))
        base = base._replace(others=dict.fromkeys(ids, end))
        values[contract.get_customer_key(customer)] = contract.pack_record(
            profile._replace(segment_ids=(*ids, *sorted(base.members)))
        )
        if customer in unmeasured:
            continue
        values[contract.get_segment_base_key(customer)] = pack_segment_base(base)
        if base.changes_at < NEVER:
            values[contract.get_segment_timer_key(base.changes_at, customer)] = b""
    for identifier, customer in (identifiers or {}).items():
        values[contract.get_identifier_key(identifier)] = customer.encode()
    return Snapshot.from_pairs(name, values.items())


def make_snapshot_of_another_build(name):
    """The small shop's snapshot, whose packed states are of definitions compiled otherwise."""
    made = make_snapshot(name)
    values = {key: made._get(key) for key in made._iterate_keys(b"")}
    rules = unpack_live_rules(values[contract.LIVE_RULES])
    values[contract.LIVE_RULES] = pack_live_rules(rules._replace(fingerprint="another"))
    return Snapshot.from_pairs(name, values.items())
