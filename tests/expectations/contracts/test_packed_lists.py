"""Lists as bytes: what comes back, in how much room, and what is refused."""

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from expectations.contracts.packed_lists import STEPS, ListVocabulary

SOURCES = (("item_knn", "lightfm"), ("lightfm",), ())
DAY = "2026-02-01"
DAYS = st.dates(date(1970, 1, 1), date(2149, 1, 1)).map(date.isoformat)
EVIDENCE = st.none() | st.tuples(st.sampled_from(["a", "b", "ünknown", "d"]), DAYS)
ROWS = st.lists(
    st.tuples(
        st.text(min_size=1, max_size=5),
        st.floats(-1e6, 1e6),
        st.sampled_from(SOURCES) | st.lists(st.text(max_size=3)).map(tuple),
        EVIDENCE,
    ),
    max_size=30,
)


def there_and_back(catalogue, rows):
    """Packed with one catalogue, read with what that one is as bytes."""
    ids, scores, sources, because = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
    packed = catalogue.pack(ids, scores, sources, [(place, *one) for place, one in enumerate(because) if one])
    return ListVocabulary.of_bytes(catalogue.as_bytes()).unpack(packed), packed


@given(ROWS, st.sampled_from([0, 70_000]))
@example([("a", 5e-324, (), None), ("b", 0.0, (), None)], 0)  # no number of steps fits between these
def test_everything_comes_back(rows, n_known):
    """70,000 items known before: numbers of three bytes."""
    rows = sorted(rows, key=lambda row: -row[1])
    found, _ = there_and_back(ListVocabulary(f"item {n}" for n in range(n_known)), rows)
    assert [(one.item_id, one.sources) for one in found] == [(row[0], row[2]) for row in rows]
    assert [one.because for one in found] == [row[3] for row in rows]
    step = (rows[0][1] - rows[-1][1]) / STEPS if rows else 0.0
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    assert all(
        abs(score - row[1]) <= 1.5 * step + 1e-9 * abs(row[1]) + 1e-300
        for score, row in zip(scores, rows, strict=True)
    )
    assert len(found) == len(rows) and list(found) == [found[n] for n in range(len(rows))] == found[:]
    with pytest.raises(IndexError):
        found[len(rows)]


@pytest.mark.parametrize(
    ("n_items", "n_reasons", "most"),
    [(4_000, 0, 620), (1_000_000, 0, 720), (4_000, 60, 1000), (1_000_000, 33, 1000)],
)
def test_a_hundred_items_take_less_than_a_kilobyte(n_items, n_reasons, most):
    """The layout before took some 2,500 bytes for ids of 8 letters."""
    catalogue = ListVocabulary(f"item-{n:07}" for n in range(n_items))
    rows = [
        (
            f"item-{n_items - 1 - n:07}",
            1 - n / 100,
            SOURCES[n % 3],
            (f"item-{n % n_reasons:07}", DAY) if n_reasons else None,
        )
        for n in range(100)
    ]
    found, packed = there_and_back(catalogue, rows)
    assert len(packed) <= most
    assert [one.item_id for one in found] == [row[0] for row in rows]


def test_equal_scores_stay_equal_to_the_last_digit():
    found, _ = there_and_back(
        ListVocabulary(), [("a", 0.1 + 0.2, ("x",), None), ("b", 0.1 + 0.2, ("x",), None)]
    )
    assert [one.score for one in found] == [0.1 + 0.2, 0.1 + 0.2]


def test_more_reasons_than_there_are_numbers_for_are_refused():
    with pytest.raises(ValueError, match="256 different reasons"):
        ListVocabulary().pack(["a"] * 256, [1.0] * 256, [()] * 256, [(n, f"b{n}", DAY) for n in range(256)])


def test_another_packing_is_refused():
    with pytest.raises(ValueError, match="packed in way 3"):
        ListVocabulary().unpack(b"\x03" + bytes(30))


@given(st.lists(st.integers(0, 40), unique=True, max_size=30), st.sets(st.integers(0, 60), max_size=50))
def test_the_places_of_some_items_are_found(listed, wanted):
    """Few or many, in the list or not, known to the catalogue or not."""
    items, names = [f"i{n}" for n in listed], {f"i{n}" for n in wanted}
    found, _ = there_and_back(ListVocabulary(), [(item, 0.0, (), None) for item in items])
    expected = {item: place for place, item in enumerate(items) if item in names}
    assert (found.find_places(names) if items else {}) == expected


def test_a_list_that_is_cut_off_is_refused():
    packed = ListVocabulary(["a", "b"]).pack(["a", "b"], [2.0, 1.0], [(), ()])
    with pytest.raises(ValueError, match="cut off"):
        ListVocabulary(["a", "b"], [()]).unpack(packed[:-2])
