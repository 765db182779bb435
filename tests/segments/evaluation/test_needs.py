"""What a rule is said to need is enough to decide it."""

from dataclasses import replace

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from segments.evaluation.needs import find_needs, walk
from segments.tree.rules import InSegment, Sequence
from tests.segments.oracle import decide
from tests.segments.strategies import cases

ALWAYS = {"at", "event_id", "type"}


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_events_within_reach_and_attributes_that_are_named_are_enough(data):
    case = data.draw(cases())
    needs = find_needs(case.rule)
    nodes = list(walk(case.rule))
    assume(not needs.counters and not needs.unbounded)
    assume(not any(isinstance(node, Sequence) and node.window is None for node in nodes))
    assume(not any(isinstance(node, InSegment) for node in nodes))
    is_cart_needed = "empty_cart" in needs.attributes
    history = []
    for event in case.customer.history:
        names = needs.attributes.get(event.type)
        if names is None or (event.at < case.now - needs.reach and not is_cart_needed):
            continue
        history.append(event._replace(**{name: None for name in event._fields if name not in names | ALWAYS}))
    customer = replace(case.customer, history=tuple(history))
    assert decide(case.rule, customer, case.now, case.shop) == decide(
        case.rule, case.customer, case.now, case.shop
    )
