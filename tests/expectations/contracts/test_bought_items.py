"""What was bought comes back item by item with its day, and takes the bytes that are promised."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.contracts.bought_items import BoughtItems, pack_bought_items
from expectations.contracts.packed_lists import ListVocabulary

FEW = ListVocabulary([f"i{n}" for n in range(300)])
MANY = ListVocabulary([f"i{n}" for n in range(70_000)])
DAYS = st.integers(0, 65_535)


@settings(deadline=None)
@given(st.dictionaries(st.integers(0, 299), DAYS, min_size=1))
def test_every_item_has_its_day_and_no_other_item_has_one(bought):
    packed = pack_bought_items(sorted(bought), [bought[number] for number in sorted(bought)])
    assert len(packed) == 1 + 4 * len(bought)
    read = BoughtItems(packed, FEW)
    expected = {f"i{number}": date(1970, 1, 1) + timedelta(days=day) for number, day in bought.items()}
    assert len(read) == len(bought)
    assert {item_id: read.find_date(item_id) for item_id in FEW.item_ids} == {
        item_id: expected.get(item_id) for item_id in FEW.item_ids
    }
    assert read.find_date("no item of the shop") is None


def test_numbers_of_large_catalogues():
    packed = pack_bought_items([3, 65_535, 65_536, 69_999], [1, 2, 3, 20_000])
    assert len(packed) == 1 + 6 * 4
    read = BoughtItems(packed, MANY)
    found = [read.find_date(f"i{number}") for number in (3, 4, 65_535, 65_536, 65_537, 69_999)]
    assert found == [
        date(1970, 1, 2),
        None,
        date(1970, 1, 3),
        date(1970, 1, 4),
        None,
        date(2024, 10, 4),
    ]


def test_what_other_code_wrote_is_refused():
    with pytest.raises(ValueError, match="packed in way 9"):
        BoughtItems(b"\x09\x00\x00", FEW)
