"""One owner's memberships, stored between batches, are what they are without storing. No Spark."""

import random
from datetime import date

import pytest

from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.live_segments import SegmentBase
from segments.evaluation.measures import Context
from segments.events import Event
from segments.standing import NOBODY_YET, Turn, take_event
from spark_jobs.stream.event_rows import PLACED, TYPED, fit_order, own_rows
from spark_jobs.stream.night_base import NightBase
from spark_jobs.stream.notes import Kind, unpack_note
from spark_jobs.stream.owner_state import OwnerState, Received
from tests.spark_jobs.stream.small_night import CUSTOMER, write_night

SECOND = 1_000_000
MINUTE = 60 * SECOND


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> NightBase:
    folder = tmp_path_factory.mktemp("night") / "night-1"
    # A cart a minute before Monday begins in London.
    past = 1_767_571_200 * SECOND - MINUTE
    return NightBase(write_night(folder, "key", (Event(past, "past", "cart", "tea"),)))


def make_history(base: NightBase, seed: int) -> list[Received]:
    draw, received = random.Random(seed), []
    for n in range(30):
        at = base.end + draw.randrange(60) * MINUTE
        kind = draw.choice(("view", "view", "cart", "purchase"))
        event = Event(at - draw.choice((0, 0, 5 * MINUTE)), f"e{n}", kind, "tea", brand="Assam")
        received.append(Received(at, None, event))
    return sorted(received)


@pytest.mark.parametrize("seed", range(5))
def test_batches_and_storing_change_nothing(base, seed):
    """Against the service's own functions, event by event, in one go."""
    history, draw = make_history(base, seed), random.Random(seed)
    program, standing, expected = base.live.program, NOBODY_YET, []
    state = program.make_state()
    for one in sorted(history, key=lambda each: (each.received_at, *each.event[:2])):
        now = max(one.received_at, standing.decided_at)
        standing, turns = take_event(base.live, state, Context("i_new", {}), standing, one.event, now)
        expected += turns
    stored, found = None, []
    while history:
        n = draw.randint(1, 5)
        while n < len(history) and history[n].received_at == history[n - 1].received_at:
            n += 1  # what came at one moment comes in one batch
        owner = OwnerState(base, "i_new", stored)
        owner.take(history[:n])
        stored, history = owner.pack(), history[n:]
        found += owner.turns
    assert found == expected
    assert OwnerState(base, "i_new", stored).standing == standing


def test_a_customer_goes_on_from_the_night_and_leaves_with_no_event(base):
    owner = OwnerState(base, CUSTOMER, None)
    assert list(owner.standing.members) == ["fresh_cart"]
    moment = owner.due_at
    assert moment == base.end + 9 * MINUTE + 2  # ten minutes after a cart that lay a minute back
    owner.pass_time(moment + MINUTE)  # a clock that is late
    assert owner.turns == [Turn("fresh_cart", False, moment, "time")]
    assert owner.due_at is None or owner.due_at > moment + MINUTE


def test_a_no_to_analytics_ends_all_and_a_yes_begins_anew(base):
    cart = Event(base.end + MINUTE, "e1", "cart", "tea")
    owner = OwnerState(base, "i_new", None)
    owner.take([Received(base.end + MINUTE, None, cart), Received(base.end + 2 * MINUTE, False, None)])
    assert [(turn.segment_id, turn.is_entered) for turn in owner.turns] == [
        ("fresh_cart", True),
        ("fresh_cart", False),
    ]
    assert owner.is_denied and owner.due_at is None
    again = OwnerState(base, "i_new", owner.pack())
    later = Event(base.end + 3 * MINUTE, "e2", "cart", "tea")
    again.take([Received(base.end + 3 * MINUTE, None, later)])
    assert again.turns == [] and again.is_denied
    again = OwnerState(base, "i_new", again.pack())
    again.take([Received(base.end + 4 * MINUTE, True, cart)])
    assert again.turns == [] and again.is_denied, "a yes of before the no"
    again.take([Received(base.end + 4 * MINUTE, True, later)])
    assert [turn.is_entered for turn in again.turns] == [True]
    again = OwnerState(base, "i_new", again.pack())
    buy = Event(base.end + 90 * SECOND, "e3", "purchase", "tea")
    again.take([Received(base.end + 5 * MINUTE, None, buy)])
    assert len(again.state.events) == 1, "what happened before the no, and comes late"


def test_a_yes_brings_nothing_back_that_the_night_had_counted(base):
    owner = OwnerState(base, CUSTOMER, None)
    owner.take([Received(base.end + MINUTE, False, None)])
    assert [turn.is_entered for turn in owner.turns] == [False]
    again = OwnerState(base, CUSTOMER, owner.pack())
    view = Event(base.end + 2 * MINUTE, "e1", "view", "tea")
    again.take([Received(base.end + 2 * MINUTE, True, view)])  # the night's cart is three minutes old
    assert again.turns == [] and not again.is_denied


def test_a_no_is_everybodys_whom_the_event_names(base):
    user = hash_identifier("key", "user_id", "online_retail", "u1")
    row = dict.fromkeys((*TYPED, *PLACED)) | {
        "user_identifier_id": user,
        "anonymous_identifier_id": "i_browser",
        "landing_date": date(2026, 1, 5),
        "at": base.end + MINUTE,
        "received_at": base.end + 2 * MINUTE,
        "event_type": "view",
        "event_id": "e1",
    }
    no = own_rows(base, row | {"has_analytics_consent": False})
    assert [one[:4] for one in no] == [
        (owner, base.end + 2 * MINUTE, False, None) for owner in (CUSTOMER, "i_browser")
    ]
    never = own_rows(base, row | {"has_personalization_consent": False})
    assert [(one[0], unpack_note(one[-1]).kind) for one in never] == [
        (CUSTOMER, Kind.FORGET),
        ("i_browser", Kind.FORGET),
    ]
    browser, own = own_rows(base, row)
    assert (browser[0], unpack_note(browser[-1]).body) == (
        "i_browser",
        ("i_browser", CUSTOMER, row["at"], True),
    )
    assert own[0] == CUSTOMER and own[3] and own[4] is None
    (alone,) = own_rows(base, row | {"user_identifier_id": None})
    assert (alone[0], alone[4]) == ("i_browser", "i_browser")
    assert own_rows(base, row | {"landing_date": date(2026, 1, 4)}) == []


def test_who_was_never_seen_is_nobody_the_night_knows(base):
    assert base.find_customer_id("i_unknown") is None
    assert base.read_item("tea") == ("Drinks > Tea", "Assam")
    assert base.read_item("nothing") == base.read_item(None) == (None, None)
    assert list(base.list_due()) == [CUSTOMER]


@pytest.mark.parametrize(
    ("feeds", "own", "currency", "event_id", "amount"),
    [
        ((), "", "USD", "m#2", 6.0),
        ((), "EUR", "USD", "m#2", None),
        ((), "EUR", None, "m#2", None),
        (("shop",), "EUR", "EUR", "line:shop:o-1:2", 6.0),
        (("shop",), "", "USD", "line:shop:o-1:2", 6.0),
    ],
)
def test_a_purchase_is_counted_as_the_service_counts_it(
    base, monkeypatch, feeds, own, currency, event_id, amount
):
    monkeypatch.setattr(base, "order_feeds", frozenset(feeds))
    monkeypatch.setattr(base, "read_base", lambda _: SegmentBase(currency=own))
    row = {"id_source": "shop", "currency": currency}
    bought = Event(base.end + MINUTE, "m#2", "purchase", "tea", amount=6.0, order_id="o-1")
    counted = fit_order(base, CUSTOMER, row, bought)
    assert (counted.event_id, counted.amount) == (event_id, amount)
    early = fit_order(base, CUSTOMER, row, bought._replace(at=base.end))
    assert (early is None) == bool(feeds)
