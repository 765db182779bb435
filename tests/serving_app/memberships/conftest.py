"""The small shop with segments that live: a fresh cart, and who viewed three items within a day."""

import pytest

from expectations.contracts import snapshot as contract
from expectations.contracts.live_segments import LiveRules, LiveText, SegmentBase, pack_live_rules
from expectations.contracts.live_segments import pack_segment_base as pack_base
from segments.calendar import ShopCalendar
from segments.evaluation.measures import Context
from segments.live import LiveDefinitions, LiveProgram
from segments.parsing.definitions import parse_definition
from serving_app.memberships.told_log import TransitionLog
from serving_app.storage.snapshots import Snapshot
from tests.serving_app.conftest import NEWCOMER, REGULAR, pairs

FRESH_CART = """
segment_id: fresh_cart
name: Fresh cart
kind: rule
description: Put something into the cart within ten minutes and has not bought since.
members: {sequence: [{event: cart}, {absent: purchase}], within: 10 minutes}
"""
BUSY = """
segment_id: busy
name: Busy
kind: rule
description: Viewed three times within a day.
members: {count: view, within: 24 hours, op: ">=", value: 3}
"""
TEXTS = {"fresh_cart": FRESH_CART, "busy": BUSY}


def make_program(texts=TEXTS):
    """The definitions, compiled."""
    rules = {name: parse_definition(text, name).members for name, text in texts.items()}
    return LiveProgram(LiveDefinitions(frozenset(rules), rules), ShopCalendar("UTC"), {})


def make_snapshot(name, histories=None, absorbed="2026-02-20", texts=TEXTS, **slices):
    """The small shop's snapshot with live segments.

    Args:
        histories: events by customer, up to the absorbed day.
        slices: fields of customers' slices, by customer.
    """
    live = make_program(texts)
    end = ShopCalendar("UTC").find_midnight(_day(absorbed) + 1) - 1
    values = dict(pairs(run_id=name, absorbed_date=absorbed))
    rows = tuple(LiveText(each, text, f"v-{each}", True) for each, text in texts.items())
    values[contract.LIVE_RULES] = pack_live_rules(LiveRules(live.fingerprint, rows, {}))
    for customer in (REGULAR, NEWCOMER):
        key = contract.get_customer_key(customer)
        profile = contract.unpack_record(contract.CustomerSlice, values[key])
        history = (histories or {}).get(customer, ())
        state = live.program.build_state(history, end)
        members = live.program.decide(state, end, Context(customer, {})) & live.live
        base = SegmentBase(
            state=live.packer.pack(state),
            members=dict.fromkeys(sorted(members), end),
            changes_at=state.changes_at,
        )
        values[contract.get_segment_base_key(customer)] = pack_base(base)
        if base.changes_at < 1 << 62:
            values[contract.get_segment_timer_key(base.changes_at, customer)] = b""
        ids = slices.get(customer, profile.segment_ids)
        values[key] = contract.pack_record(profile._replace(segment_ids=(*ids, *sorted(members))))
    return Snapshot.from_pairs(name, values.items())


def _day(text):
    from datetime import date

    return date.fromisoformat(text).toordinal()


@pytest.fixture
def live_shop(shop):
    """The shop after its first night with live segments, which was taken in silence."""
    shop.snapshots.publish(make_snapshot("night-1"))
    keep(shop)
    return shop


def keep(shop, n=6):
    """What the worker with the lead does in a second."""
    for _ in range(n):
        shop.memberships.keeper.keep()


def read_told(shop):
    """What was told, in order: customer, segment, in or out, since, reason."""
    from expectations.contracts.home import HomePaths
    from expectations.contracts.transitions import decode_transition

    log = TransitionLog(shop.stores.transitions, HomePaths(shop.home).transitions)
    return [decode_transition(line) for line in log.read_lines()]
