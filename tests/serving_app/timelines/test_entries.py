"""Pages of entries against sorting all of them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving_app.http.problems import BadRequest
from serving_app.timelines.entries import KINDS, Entry, Page, Place, decode_place, encode_place, merge_entries

BEGIN = datetime(2026, 2, 1, tzinfo=UTC)
ENTRIES = st.builds(
    lambda minute, kind, key: Entry(BEGIN + timedelta(minutes=minute), kind, key, "did"),
    st.integers(0, 5),
    st.sampled_from(KINDS),
    st.sampled_from(["a", "b c", ""]),
)


def read_source(entries, page):
    """The newest wanted entries of a source: as many as a page holds and one more."""
    wanted = sorted(filter(page.wants, entries), key=lambda entry: entry.place, reverse=True)
    return wanted[: page.limit + 1]


@settings(max_examples=100)
@given(st.lists(ENTRIES, max_size=20), st.lists(ENTRIES, max_size=20), st.integers(1, 6))
def test_pages_hold_everything_once_and_in_order(first, second, limit):
    page, places = Page(limit), []
    while page:
        sources = [
            read_source(list({e.place: e for e in entries}.values()), page) for entries in (first, second)
        ]
        entries, after = merge_entries(page, *sources)
        places += [entry.place for entry in entries]
        assert after is None or decode_place(encode_place(after)) == after
        page = Page(limit, before=after) if after else None
    assert places == sorted({entry.place for entry in first + second}, reverse=True)


@pytest.mark.parametrize("cursor", ["", "x", "4pyT", encode_place(Place(BEGIN, "visit", "a")), "MjAyNg"])
def test_a_cursor_that_no_page_gave(cursor):
    with pytest.raises(BadRequest):
        decode_place(cursor)
