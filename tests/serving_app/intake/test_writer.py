"""The order of writing decides what a fault costs: nothing is known that is not logged, and what is logged is
never refused.
"""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving_app.http.problems import EventsUnwritable
from serving_app.intake.writer import ACCEPTED, DUPLICATE, QUARANTINED, EventWriter
from serving_app.storage.event_log import LogUnavailable
from tests.serving_app.intake.sent_events import judge, viewed

DAY = date(2026, 2, 21)


class Traces:
    """A log, a live store and a writer of permissions that write down who was called with what."""

    def __init__(self, is_log_full=False, is_live_away=False):
        self.calls, self.known = [], set()
        self.is_log_full, self.is_live_away = is_log_full, is_live_away

    def append_lines(self, lines, day, keys=None):
        self.calls.append(("log", len(lines), day))
        if self.is_log_full:
            raise LogUnavailable("full")

    def find_known(self, keys):
        return set() if self.is_live_away else self.known & set(keys)

    def record(self, events):
        self.calls.append(("live", [event.message_id for event in events]))
        self.known |= {event.message_id for event in events}

    def write(self, events):
        self.calls.append(("permissions", len(list(events))))


def write(traces, *messages):
    return EventWriter(traces, traces, traces).write(judge(*messages), DAY)


def test_the_log_comes_first():
    traces = Traces()
    assert write(traces, viewed("m-1"), viewed("m-2")) == [ACCEPTED, ACCEPTED]
    assert traces.calls == [("log", 2, DAY), ("live", ["m-1", "m-2"]), ("permissions", 2)]


def test_nothing_is_known_that_is_not_logged():
    traces = Traces(is_log_full=True)
    with pytest.raises(EventsUnwritable):
        write(traces, viewed("m-1"))
    assert traces.calls == [("log", 1, DAY)]


def test_repetitions_alone_write_nothing():
    traces = Traces()
    write(traces, viewed("m-1"))
    traces.calls.clear()
    assert write(traces, viewed("m-1"), viewed("m-1")) == [DUPLICATE, DUPLICATE]
    assert traces.calls == []


def test_a_live_store_that_is_away_refuses_no_event():
    traces = Traces(is_live_away=True)
    for _ in range(2):
        assert write(traces, viewed("m-1")) == [ACCEPTED], "twice in the log; the night keeps one"


def test_a_fault_of_the_live_states_costs_no_event_and_no_consent(caplog):
    traces = Traces()
    traces.record = lambda events: [event.message_id for event in events][9]
    assert write(traces, viewed("m-1")) == [ACCEPTED]
    assert traces.calls == [("log", 1, DAY), ("permissions", 1)]
    assert "IndexError in the live states" in caplog.text


def test_an_event_that_was_put_right_is_taken():
    traces = Traces()
    assert write(traces, viewed("m-1", properties={})) == [QUARANTINED]
    assert write(traces, viewed("m-1", properties={})) == [DUPLICATE]
    assert write(traces, viewed("m-1")) == [ACCEPTED]


MESSAGES = st.lists(
    st.builds(
        lambda number, is_right: viewed(f"m-{number}", event="Product Viewed" if is_right else "Unknown"),
        st.integers(0, 5),
        st.booleans(),
    ),
    max_size=12,
)


@given(st.lists(MESSAGES, max_size=4))
def test_received_is_accepted_duplicate_and_quarantined(requests):
    """Each message is logged once, whatever repeats where; and the outcomes add up."""
    traces, outcomes = Traces(), []
    for messages in requests:
        outcomes += write(traces, *messages) if messages else []
    sent = [(message["messageId"], message["event"]) for messages in requests for message in messages]
    n_logged = sum(call[1] for call in traces.calls if call[0] == "log")
    assert n_logged == len(set(sent)) == outcomes.count(ACCEPTED) + outcomes.count(QUARANTINED)
    assert outcomes.count(DUPLICATE) == len(sent) - n_logged
