"""What a snapshot holds of live segments, of histories by customer: what `publish` would have written."""

from collections.abc import Iterator, Mapping, Sequence

from expectations.contracts import snapshot
from expectations.contracts.live_segments import (
    NEVER,
    LiveRules,
    LiveText,
    SegmentBase,
    pack_live_rules,
    pack_segment_base,
)
from segments.evaluation.measures import Context
from segments.events import Event
from segments.live import LiveDefinitions, LiveProgram, select_live
from segments.parsing.definitions import load_segments, parse_definition
from segments.to_sql import DEFINITIONS

BLINK = """
segment_id: blink
name: Blink
kind: rule
description: Put something into the cart within two seconds.
members: {count: cart, within: 2 seconds, op: ">=", value: 1}
"""


def find_members(live: LiveProgram, customer_id: str, history: Sequence[Event], now: int) -> frozenset[str]:
    """The live segments of a customer at a moment, by their whole history."""
    state = live.program.build_state(history)
    return live.program.decide(state, now, Context(customer_id, {})) & live.live


def list_live_pairs(
    live: LiveProgram,
    definitions: LiveDefinitions,
    texts: Mapping[str, str],
    histories: Mapping[str, Sequence[Event]],
    end: int,
) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of the definitions, and of each customer's base as of a moment.

    Args:
        texts: of the definitions, by segment.
    """
    rows = tuple(LiveText(name, text, "bench", name in definitions.live) for name, text in texts.items())
    yield snapshot.LIVE_RULES, pack_live_rules(LiveRules(live.fingerprint, rows, {}))
    for customer_id, history in histories.items():
        state = live.program.build_state(history, end)
        members = live.program.decide(state, end, Context(customer_id, {})) & live.live
        since, changes_at = dict.fromkeys(sorted(members), end), min(state.changes_at, NEVER)
        base = SegmentBase(state=live.packer.pack(state), members=since, changes_at=changes_at)
        yield snapshot.get_segment_base_key(customer_id), pack_segment_base(base)
        if changes_at < NEVER:
            yield snapshot.get_segment_timer_key(changes_at, customer_id), b""


def read_texts() -> tuple[dict[str, str], LiveDefinitions]:
    """The texts of the definitions that live, and the one that blinks."""
    shipped = select_live(load_segments(DEFINITIONS))
    texts = {name: (DEFINITIONS / f"{name}.yml").read_text() for name in shipped.rules} | {"blink": BLINK}
    rules = {**shipped.rules, "blink": parse_definition(BLINK, "blink.yml").members}
    return texts, LiveDefinitions(shipped.live | {"blink"}, rules)
