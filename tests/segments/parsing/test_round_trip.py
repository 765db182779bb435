"""A random rule that is written and parsed decides as before, by the oracle, of random customers."""

import re

from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from segments.parsing.definitions import parse_definition
from segments.parsing.flaws import SegmentError
from segments.tree import rules
from tests.segments.oracle import decide
from tests.segments.parsing.texts import define, write
from tests.segments.parsing.written_rules import UnwritableError, write_rule
from tests.segments.strategies import cases


def parse(rule: rules.Rule) -> rules.Rule:
    """What the parser makes of a rule that is written; rules that no parser would make are passed over."""
    try:
        return parse_definition(define(write(write_rule(rule))), "some.yml").members
    except UnwritableError:
        reject()
    except SegmentError as error:
        assume(not re.fullmatch(r"some\.yml:.*leave no time between them", str(error).splitlines()[0]))
        raise


@settings(max_examples=100, deadline=None)
@given(cases(max_events=6))
def test_what_is_written_is_understood(case):
    parsed = parse(case.rule)
    assert parse(parsed) == parsed, "equal rules are equal trees"
    assert decide(parsed, case.customer, case.now, case.shop) == decide(
        case.rule, case.customer, case.now, case.shop
    )


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("{}[]:,-?&*!|>'\"%@` \n\t#abo01.~é\u202e\x00\ud800"), max_size=60))
def test_no_text_does_anything_but_be_refused(text):
    try:
        parse_definition(text, "some.yml")
    except SegmentError as error:
        assert str(error).startswith("some.yml:")
        str(error).encode()
