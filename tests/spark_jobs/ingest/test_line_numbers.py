"""Lines that only their place in a file numbers: every file's count, in any order of nights."""

from pathlib import Path

import pytest

from spark_jobs.ingest.formats import read_csv_records
from spark_jobs.ingest.line_numbers import find_repeated_files
from spark_jobs.ingest.sources.online_retail import COLUMNS

WEDNESDAY, THURSDAY, FRIDAY = "2010-12-01", "2010-12-02", "2010-12-03"


def place(day: str, name: str | None = None) -> str:
    return f"online_retail/lines/{day}/{name or day}.csv"


def quantities(home) -> dict[tuple[str, int], int]:
    return {(row["order_id"], row["line_no"]): row["quantity"] for row in home.rows("core_order_lines")}


# Over 10 s: six nights in two homes.
def test_lines_of_one_order_in_two_files_all_count_in_any_order_of_nights(home, as_csv, retail_line, report):
    def lines(*said: tuple[str, object]) -> bytes:
        return as_csv(COLUMNS, [retail_line(order, Quantity=quantity) for order, quantity in said])

    files = {
        WEDNESDAY: lines(("900010", 1), ("7", 9), ("900010", "?"), ("900010", 2)),
        THURSDAY: lines(("900010", 3), ("900010", 4), ("900010", 3)),
    }
    # The second line cannot be read and keeps its number free; the same item and quantity twice are two
    # lines.
    expected = {("900010", n): quantity for n, quantity in ((1, 1), (3, 2), (4, 3), (5, 4), (6, 3))} | {
        ("7", 1): 9
    }
    nightly, backwards = home("online_retail", "nightly"), home("online_retail", "backwards")
    for shop, days in ((nightly, (WEDNESDAY, THURSDAY)), (backwards, (THURSDAY, WEDNESDAY))):
        for day in days:
            shop.land(place(day), files[day])
            told = report(shop.night(day, THURSDAY), "core_order_lines")
            assert told.n_duplicate == 0
    assert quantities(nightly) == expected
    assert nightly.core() == backwards.core()

    # The same bytes under another name are the same lines; a file put right takes the old one's place, and
    # only its.
    nightly.land(place(FRIDAY, "copy"), files[WEDNESDAY])
    told = report(nightly.night(FRIDAY), "core_order_lines")
    assert (told.n_received, told.n_duplicate, told.n_quarantined) == (4, 3, 1)
    assert quantities(nightly) == expected
    nightly.land(place(WEDNESDAY), lines(("900010", 8)))
    nightly.night(FRIDAY)
    assert quantities(nightly) == {
        ("900010", 1): 8,
        ("900010", 2): 3,
        ("900010", 3): 4,
        ("900010", 4): 3,
        # The copy is the only file that still says so.
        ("900010", 5): 1,
        ("900010", 7): 2,
        ("7", 1): 9,
    }


def test_a_file_repeats_the_first_of_the_same_bytes():
    assert find_repeated_files(
        [("2/b", "d2", "x"), ("1/a", "d1", "x"), ("3/a", "d3", "y"), ("4/a", "d4", "x")]
    ) == {"d2", "d4"}


@pytest.mark.real_data
def test_no_order_of_online_retail_spans_two_days(real_data: Path):
    """So the numbers of its lines are what they were when each file was numbered by itself."""
    days_of: dict[str, set[str]] = {}
    for file in sorted((real_data / "online_retail").glob("*.csv")):
        with file.open("rb") as opened:
            for record in read_csv_records(opened, ("InvoiceNo",)):
                days_of.setdefault(record.values[0].strip().upper(), set()).add(file.stem)
    assert len(days_of) == 25_900 and max(map(len, days_of.values())) == 1
