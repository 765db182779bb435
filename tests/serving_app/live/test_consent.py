"""Of who said no nothing is stored and nothing is used."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.contracts.restrictions import CONSENTS, ERASURES, Permission
from serving_app.live.backends import EXPOSURES, STATES
from serving_app.live.consent import NO_WORDS, ConsentWords
from serving_app.live.state import EMPTY_STATE, VisitorKeys
from serving_app.storage.restrictions import FailSafeView
from tests.serving_app.live.events import NOON, make_event
from tests.serving_app.live.visits import list_items, read


def view(shop, item_id, minute=0, **fields):
    shop.live.record([make_event("view", item_id, minute=minute, **{"browser": "her-phone"} | fields)])


def list_stored(shop):
    """Keys of everything that is stored of behaviour."""
    return [key for key in shop.database.values if key[:2] in (STATES, EXPOSURES)]


def test_a_no_ends_what_was_stored_and_what_comes_is_not_stored(shop):
    view(shop, "item-01")
    view(shop, "item-02", 1, has_personalization_consent=False)
    state = read(shop, anonymous_id="her-phone")
    assert (state.events, state.cart, state.has_personalization_consent) == ((), {}, False)
    view(shop, "item-03", 2)
    assert list_items(shop, anonymous_id="her-phone") == []
    assert not any(b"item-" in value for _, value in shop.database.values.values())


def test_a_yes_after_it_counts_from_then_on(shop):
    view(shop, "item-01", 0, has_personalization_consent=False)
    view(shop, "item-02", 5, has_personalization_consent=True)
    view(shop, "item-03", 6)
    view(shop, "late", 3)  # done while the no held, and arrived afterwards
    assert list_items(shop, anonymous_id="her-phone") == ["item-02", "item-03"]


def test_of_a_yes_and_a_no_at_one_time_the_no_holds(shop):
    for word in (True, False, True):
        view(shop, "item-01", 1, has_personalization_consent=word)
    assert list_items(shop, anonymous_id="her-phone") == []


def test_a_no_of_a_user_ends_what_their_browser_and_their_customer_stored(shop):
    view(shop, "item-01", browser="cookie-newcomer")
    view(shop, "item-02", 1, user="u-regular", browser=None)
    shop.live.record_exposures(VisitorKeys((), "c_regular"), ["item-09"], NOON)
    shop.live.flush()
    view(shop, "item-03", 2, user="u-regular", has_personalization_consent=False)
    assert not any(
        b"item-0" in value and b"item-01" not in value for _, value in shop.database.values.values()
    )
    assert list_items(shop, anonymous_id="cookie-newcomer") == ["item-01"]  # somebody else's


@pytest.mark.parametrize("kind", [CONSENTS, ERASURES])
def test_what_the_restrictions_forbid_is_neither_used_nor_stored(shop, kind):
    view(shop, "item-01", user="u-regular", browser=None)
    shop.restrictions.record_permission(kind, ["c_regular"], Permission(False, NOON, "web/events"))
    assert read(shop, user_id="u-regular") == EMPTY_STATE
    view(shop, "item-02", 1, user="u-regular", browser=None)
    assert list_stored(shop) == []  # what was stored before has gone with it


@pytest.mark.parametrize("kind", [CONSENTS, ERASURES])
def test_who_said_no_and_never_comes_back_is_deleted_too(shop, kind):
    view(shop, "item-01", user="u-regular", browser=None)
    view(shop, "item-02", browser="b-1")
    shop.live.record_exposures(VisitorKeys((), "c_regular"), ["item-09"], NOON)
    shop.live.flush()
    shop.live.sweep()
    assert len(list_stored(shop)) == 3
    shop.restrictions.record_permission(kind, ["c_regular"], Permission(False, NOON, "web/events"))
    shop.live.sweep()
    assert len(list_stored(shop)) == 1 and list_items(shop, anonymous_id="b-1") == ["item-02"]


def test_a_browser_reads_nothing_of_a_user_who_said_no_elsewhere(shop):
    view(shop, "item-01", user="u-regular")
    assert list_items(shop, anonymous_id="her-phone") == ["item-01"]
    shop.restrictions.record_permission(CONSENTS, ["c_regular"], Permission(False, NOON, "web/events"))
    assert list_items(shop, anonymous_id="her-phone") == []


def test_while_nobody_knows_who_said_no_nothing_is_stored_and_nothing_deleted(shop, monkeypatch):
    view(shop, "item-01")
    open_view = shop.restrictions.open_view

    class Unreadable:
        def __enter__(self):
            return FailSafeView()

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(shop.restrictions, "open_view", Unreadable)
    monkeypatch.setattr(shop.restrictions, "describe_problem", lambda: "damaged")
    view(shop, "item-02", 1)
    assert read(shop, anonymous_id="her-phone") == EMPTY_STATE
    monkeypatch.setattr(shop.restrictions, "open_view", open_view)
    assert list_items(shop, anonymous_id="her-phone") == ["item-01"]


WORDS = st.lists(st.tuples(st.booleans(), st.integers(1, 20)), max_size=12)


@given(WORDS, st.randoms())
def test_the_newest_word_holds_in_any_order(words, random):
    newest = max(words, key=lambda word: (word[1], not word[0]), default=None)
    random.shuffle(words)
    heard = NO_WORDS
    for is_granted, at in words:
        heard = heard.add(is_granted, at)
    assert heard.is_granted == (newest[0] if newest else None)
    assert heard.merge(heard) == heard == NO_WORDS.merge(heard)


@given(WORDS, WORDS)
def test_words_of_two_records_are_one_visitors(one, other):
    def hear(words) -> ConsentWords:
        heard = NO_WORDS
        for is_granted, at in words:
            heard = heard.add(is_granted, at)
        return heard

    merged = hear(one).merge(hear(other))
    assert merged.is_granted == hear(one + other).is_granted and merged.no_at == hear(one + other).no_at
