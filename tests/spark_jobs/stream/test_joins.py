"""Two visitors who turn out to be one during the day: what was one's is the other's, once. No Spark."""

import pytest

from segments.events import Event
from spark_jobs.stream.night_base import NightBase
from spark_jobs.stream.notes import Kind, Note, pack_note, unpack_note
from spark_jobs.stream.owner_state import OwnerState, Received, Said
from tests.spark_jobs.stream.small_night import CUSTOMER, write_night

SECOND = 1_000_000
MINUTE = 60 * SECOND
USER, BROWSER = "i_user", "i_browser"


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> NightBase:
    return NightBase(write_night(tmp_path_factory.mktemp("night") / "night-1", "key"))


class Town:
    """Owners' states, and notes that go from one to another, as the topic brings them."""

    def __init__(self, base):
        self.base, self.stored, self.turns = base, {}, []

    def bring(self, owner, *received):
        """To one owner, and what they then have to say to others."""
        state = OwnerState(self.base, owner, self.stored.get(owner))
        state.take(received)
        self.stored[owner] = state.pack()
        self.turns += [(owner, *turn) for turn in state.turns]
        notes = [unpack_note(pack_note(note)) for note in state.notes]
        for note in notes:
            self.note(note)
        return notes

    def note(self, note):
        self.bring(note.owner, Received(note.received_at, None, None, None, note))

    def say(self, minute, browser=BROWSER, heir=USER, owner=None, takes_history=True):
        """Whose browser it is."""
        at = self.base.end + minute * MINUTE
        body = (browser, heir, at, takes_history)
        note = Note(self.base.tag, Kind.ALIAS, owner or browser, at, body)
        return self.bring(note.owner, Received(at, None, None, None, note))

    def do(self, minute, kind, owner=BROWSER, browser=None, consent=None):
        at = self.base.end + minute * MINUTE
        event = Event(at, f"{owner}-{minute}", kind, "tea", brand="Assam")
        return self.bring(owner, Received(at, consent, event, browser))

    def list_members(self, minute, owner):
        """Whom they are by now, asked as a night asks."""
        at = self.base.end + minute * MINUTE
        self.note(Note(self.base.tag, Kind.SETTLE, owner, at))
        said = self.turns[-1]
        assert isinstance(Said(*said[1:]), Said)
        return sorted(said[2])


@pytest.fixture
def town(base):
    return Town(base)


def test_a_browsers_memberships_become_the_users(town):
    town.do(1, "cart", browser=BROWSER)
    town.do(2, "view", owner=USER)
    town.do(3, "view", owner=USER)
    town.do(4, "view", browser=BROWSER)
    town.say(5)
    assert [(owner, name, is_in, reason) for owner, name, is_in, _, reason in town.turns] == [
        (BROWSER, "fresh_cart", True, "event"),
        (BROWSER, "fresh_cart", False, "merge"),
        (USER, "fresh_cart", True, "merge"),
        (USER, "tea_fans", True, "merge"),  # three views, of both together
    ]
    assert town.list_members(6, USER) == ["fresh_cart", "tea_fans"]
    assert town.list_members(6, BROWSER) == []
    assert town.list_members(12, USER) == ["tea_fans"]


def test_a_note_that_comes_twice_counts_once(town):
    town.do(1, "view", browser=BROWSER)
    town.do(2, "view", owner=USER)
    (note,) = town.say(3)
    town.note(note)
    assert town.list_members(4, USER) == []
    assert town.say(5) == [], "the browser's history goes once"


def test_what_is_done_in_the_browser_later_is_the_users(town):
    town.do(1, "view", browser=BROWSER)
    town.say(2)
    (note,) = town.do(3, "cart", browser=BROWSER)
    assert (note.kind, note.owner) == (Kind.EVENT, USER)
    town.note(note)
    assert [(owner, name, is_in) for owner, name, is_in, *_ in town.turns] == [(USER, "fresh_cart", True)]
    town.do(4, "purchase", browser=BROWSER)
    assert town.turns[-1][:3] == (USER, "fresh_cart", False)


def test_a_second_user_has_what_is_done_behind_their_word_alone(town):
    town.do(1, "cart", browser=BROWSER)
    town.say(2)
    town.say(5, heir="i_other")
    (note,) = town.do(6, "view", browser=BROWSER)
    assert note.owner == "i_other"
    (note,) = town.do(4, "purchase", browser=BROWSER)  # comes late
    assert note.owner == USER
    assert town.list_members(7, "i_other") == []


def test_a_customer_of_the_night_becomes_the_user_with_their_past(tmp_path):
    past = 1_767_571_200 * SECOND - MINUTE
    base = NightBase(write_night(tmp_path / "night-1", "key", (Event(past, "past", "cart", "tea"),)))
    town = Town(base)
    town.say(2, owner=CUSTOMER)
    assert [(owner, name, is_in, reason) for owner, name, is_in, _, reason in town.turns] == [
        (CUSTOMER, "fresh_cart", False, "merge"),
        (USER, "fresh_cart", True, "merge"),
    ]


def test_a_tablet_of_two_joins_nobody(town):
    town.do(1, "cart", browser=BROWSER)
    assert town.say(2, takes_history=False) == []
    assert town.list_members(3, BROWSER) == ["fresh_cart"]
    (note,) = town.do(4, "view", browser=BROWSER)
    assert note.owner == USER


def test_a_no_to_analytics_goes_along(town):
    town.do(1, "cart", owner=USER)
    town.bring(BROWSER, Received(town.base.end + 2 * MINUTE, False, None))
    town.say(3)
    assert town.list_members(4, USER) == []
    town.do(5, "cart", owner=USER)
    assert town.list_members(6, USER) == []
    town.do(7, "cart", owner=USER, consent=True)
    assert town.list_members(8, USER) == ["fresh_cart"]


def test_a_crowd_is_not_one_user(town):
    for n in range(25):
        town.do(n / 100, "cart", owner=f"b{n}", browser=f"b{n}")
        town.say(1 + n / 100, browser=f"b{n}")
    state = OwnerState(town.base, USER, town.stored[USER])
    assert len(state.state.events) == 20


def test_who_is_to_be_forgotten_has_left_until_something_may_be_counted_again(town):
    town.do(1, "cart", owner=USER)
    town.note(Note(town.base.tag, Kind.FORGET, USER, town.base.end + 2 * MINUTE))
    state = OwnerState(town.base, USER, town.stored[USER])
    assert not state.state.events and state.due_at is None
    assert town.list_members(3, USER) == []
    town.do(1.5, "cart", owner=USER)  # of before the no
    assert town.list_members(4, USER) == []
    town.do(5, "cart", owner=USER)
    assert town.list_members(6, USER) == ["fresh_cart"]
