"""A log elsewhere comes and goes: every acknowledged line arrives, and first copies arrive in order."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving_app.storage.event_log import LogUnavailable
from serving_app.storage.spool import Spool
from serving_app.storage.spooled_log import LAST_LINES, MOST_AT_ONCE, SpooledLog


class Elsewhere:
    """A log that is away when a test says so.

    Attributes:
        n_lost: so many of the next appends arrive and are not acknowledged.
        on_append: called before each.
    """

    def __init__(self):
        self.lines, self.keys, self.is_away, self.n_lost = [], [], False, 0
        self.sizes, self.on_append = [], lambda: None

    def append_lines(self, lines, day=None, keys=None):
        self.sizes.append(len(lines))
        self.on_append()
        if self.is_away:
            raise LogUnavailable("away")
        self.lines += lines
        self.keys += keys
        if self.n_lost:
            self.n_lost -= 1
            raise LogUnavailable("no answer")

    def describe_problem(self):
        return ""


@pytest.fixture
def elsewhere():
    return Elsewhere()


@pytest.fixture
def log(elsewhere, tmp_path):
    return SpooledLog(elsewhere, Spool(tmp_path, 100_000), "Kafka", try_every_seconds=0)


def write(log, *numbers):
    log.append_lines([b"%d" % n for n in numbers], keys=[b"visitor"] * len(numbers))


def arrived(elsewhere):
    return [int(line) for line in elsewhere.lines]


def test_while_it_is_there_nothing_waits(log, elsewhere, tmp_path):
    write(log, 1, 2)
    assert arrived(elsewhere) == [1, 2] and elsewhere.keys == [b"visitor"] * 2
    assert log.describe_problem() == "" and [*tmp_path.iterdir()] == []


def test_an_outage_is_bridged_in_order(log, elsewhere):
    write(log, 1)
    elsewhere.is_away = True
    write(log, 2)
    write(log, 3)
    assert log.describe_problem() == "Kafka is away: 0.0 MB of events wait on disk"
    elsewhere.is_away = False
    write(log, 4)
    assert arrived(elsewhere) == [1], "what comes now waits behind what waits"
    assert log.drain() == 3
    write(log, 5)
    assert arrived(elsewhere) == [1, 2, 3, 4, 5] and elsewhere.keys == [b"visitor"] * 5
    assert log.describe_problem() == ""


def test_a_log_that_is_still_away_is_asked_with_one_line(log, elsewhere):
    elsewhere.is_away = True
    write(log, *range(10))
    elsewhere.sizes.clear()
    with pytest.raises(LogUnavailable):
        log.drain()
    assert elsewhere.sizes == [1] and arrived(elsewhere) == []


def test_many_lines_go_in_chunks_and_the_last_few_while_requests_wait(log, elsewhere, tmp_path):
    elsewhere.is_away = True
    n_lines = MOST_AT_ONCE + 2 * LAST_LINES
    write(log, *range(n_lines))
    elsewhere.is_away, elsewhere.sizes = False, []
    assert log.drain() == n_lines
    assert elsewhere.sizes == [1, MOST_AT_ONCE, 2 * LAST_LINES - 1]
    assert arrived(elsewhere) == [*range(n_lines)]


def test_lines_that_come_while_the_last_are_sent_are_sent_too(log, elsewhere, tmp_path):
    elsewhere.is_away = True
    write(log, 1)
    elsewhere.is_away, spool = False, Spool(tmp_path, 1000)
    more = iter([2, 3])

    def add():
        if len(elsewhere.sizes) == 1 and (n := next(more, None)):
            spool.append_lines([b"%d" % n], [b"visitor"], is_only_behind_others=True)

    elsewhere.sizes, elsewhere.on_append = [], add
    assert log.drain() == 2
    assert arrived(elsewhere) == [1, 2] and not spool.holds_lines()


def test_a_full_spool_refuses_and_says_so(log, elsewhere):
    elsewhere.is_away = True
    write(log, *range(5))
    with pytest.raises(LogUnavailable):
        log.append_lines([b"x" * 200_000], keys=[b""])
    assert log.describe_problem() == "Kafka is away and the spool is full: events are refused"
    elsewhere.is_away = False
    log.drain()
    assert arrived(elsewhere) == [*range(5)] and log.describe_problem() == ""


def test_an_acknowledgement_that_was_lost_doubles_and_reorders_nothing_else(log, elsewhere):
    elsewhere.n_lost = 1
    write(log, 1)
    write(log, 2)
    log.drain()
    assert arrived(elsewhere) == [1, 1, 2]


@given(st.lists(st.sampled_from("wwwadlcS"), max_size=40))
def test_first_copies_arrive_in_the_order_of_acknowledgements(tmp_path_factory, actions):
    """w: a line; a: away or back; d: what waits is sent; l: the next acknowledgement is lost; c: the worker
    is killed and another goes on; S: another worker writes.
    """
    folder, elsewhere = tmp_path_factory.mktemp("spool"), Elsewhere()

    def open_log():
        return SpooledLog(elsewhere, Spool(folder, 10**6, segment_bytes=30), "Kafka", try_every_seconds=0)

    log, other, n_written = open_log(), open_log(), 0
    for action in actions:
        if action in "wS":
            write(log if action == "w" else other, n_written)
            n_written += 1
        elif action == "a":
            elsewhere.is_away = not elsewhere.is_away
        elif action == "l":
            elsewhere.n_lost = 1
        elif action == "c":
            log = open_log()
        else:
            try_to_drain(log)
    elsewhere.is_away = elsewhere.n_lost = 0
    log.drain()
    assert [*dict.fromkeys(arrived(elsewhere))] == [*range(n_written)]


def test_lines_that_did_not_wait_behind_others_would_overtake_them(log, elsewhere, monkeypatch):
    """What the order hangs on, taken away: the tests above see it."""
    elsewhere.is_away = True
    write(log, 1)
    elsewhere.is_away = False
    with monkeypatch.context() as patch:
        patch.setattr(Spool, "holds_lines", lambda self: False)
        write(log, 2)
    log.drain()
    assert arrived(elsewhere) == [2, 1]


def try_to_drain(log):
    with suppress(LogUnavailable):
        log.drain()
