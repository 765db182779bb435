"""Files that come again, changed, late or after a gap; counted by hand on Online Retail's own format."""

import shutil
from dataclasses import replace

import pytest

from expectations.contracts.lake import CORE_ORDER_LINES, OPS_DELIVERIES
from spark_jobs.ingest.conservation import UnbalancedError
from spark_jobs.ingest.feed_ingest import FeedIngest
from spark_jobs.lake.tables import Lake

COLUMNS = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
WEDNESDAY, THURSDAY, FRIDAY = "2010-12-01", "2010-12-02", "2010-12-03"


def place(day: str, name: str | None = None) -> str:
    return f"online_retail/lines/{day}/{name or day}.csv"


def quantities(home) -> dict[tuple[str, int], int]:
    return {(row["order_id"], row["line_no"]): row["quantity"] for row in home.rows("core_order_lines")}


# Over 10 s when it is a session's first: its nights pay for what the JVM has not yet loaded.
def test_a_changed_file_under_an_old_name_takes_its_place_and_says_so(home, as_csv, retail_line, report):
    shop = home("online_retail")
    shop.land(
        place(WEDNESDAY),
        as_csv(COLUMNS, [retail_line("1", Quantity=6), retail_line("1", "22752"), retail_line("2")]),
    )
    shop.land(place(THURSDAY), as_csv(COLUMNS, [retail_line("3", InvoiceDate=f"{THURSDAY} 09:00:00")]))
    shop.night(WEDNESDAY, THURSDAY)
    before = shop.lake.version(CORE_ORDER_LINES)

    shop.land(
        place(WEDNESDAY), as_csv(COLUMNS, [retail_line("1", Quantity=7), retail_line("2", Quantity="many")])
    )
    lines = report(shop.night(FRIDAY), "core_order_lines")
    assert quantities(shop) == {("1", 1): 7, ("3", 1): 6}, (
        "one line changed, one went, one can no longer be read"
    )
    assert (lines.n_received, lines.n_updated, lines.n_quarantined) == (2, 1, 1)
    assert {str(day) for day in shop.lake.find_changed_days(CORE_ORDER_LINES, before)} == {WEDNESDAY}, (
        "Thursday is as it was"
    )
    assert [row["raw_text"].split(",")[3] for row in shop.rows("quarantine")] == ["many"]
    known = shop.lake.read_arrow(OPS_DELIVERIES).to_pylist()
    current = {row["delivery_id"] for row in known if row["superseded_by"] is None}
    assert len(known) == 3 and len(current) == 2
    assert [row["superseded_by"] in current for row in known if row["superseded_by"]] == [True]

    # The first content again, under the same name: everything is as it was at first.
    shop.land(
        place(WEDNESDAY),
        as_csv(COLUMNS, [retail_line("1", Quantity=6), retail_line("1", "22752"), retail_line("2")]),
    )
    shop.night(FRIDAY)
    assert quantities(shop) == {("1", 1): 6, ("1", 2): 6, ("2", 1): 6, ("3", 1): 6}
    superseded = {
        row["delivery_id"] for row in shop.lake.read_arrow(OPS_DELIVERIES).to_pylist() if row["superseded_by"]
    }
    refused = [row["delivery_id"] for row in shop.rows("quarantine")]
    assert len(refused) == 1 and set(refused) <= superseded, (
        "what was refused once is kept, and its delivery counts no more"
    )


def test_a_skipped_night_is_found_and_a_file_again_adds_nothing(home, as_csv, retail_line):
    shop = home("online_retail")
    content = as_csv(COLUMNS, [retail_line("1"), retail_line("1"), retail_line("2", CustomerID="")])
    shop.land(place(WEDNESDAY), content)
    shop.land(place(FRIDAY), as_csv(COLUMNS, [retail_line("4", InvoiceDate=f"{FRIDAY} 09:00:00")]))
    shop.night(FRIDAY)  # nobody ever ran Wednesday's
    assert set(quantities(shop)) == {("1", 1), ("1", 2), ("2", 1), ("4", 1)}, (
        "the same line twice in an invoice is two lines"
    )
    versions = shop.lake.read_versions()
    assert shop.night(WEDNESDAY, FRIDAY) == []
    assert shop.lake.read_versions() == versions


# Over 10 s: eight nights in four homes, two of them killed.
def test_a_run_that_was_cut_off_leaves_no_trace_whether_its_file_comes_again_or_put_right(
    home, as_csv, retail_line
):
    first = as_csv(COLUMNS, [retail_line("1"), retail_line("1", "22752"), retail_line("x", Quantity="?")])
    put_right = as_csv(COLUMNS, [retail_line("1", Quantity=7)])
    cut, whole, right = (
        home("online_retail", "cut"),
        home("online_retail", "whole"),
        home("online_retail", "right"),
    )
    cut.land(place(WEDNESDAY), first)
    cut.cut_off(WEDNESDAY)
    assert len(cut.rows("core_order_lines")) == 2, "the control: the cut came after the rows"

    whole.land(place(WEDNESDAY), first)
    whole.night(WEDNESDAY)
    shutil.copytree(cut.folder, cut.folder.with_name("again"))
    again = replace(
        cut,
        folder=cut.folder.with_name("again"),
        lake=Lake(cut.folder.with_name("again") / "lake", cut.lake.spark),
    )
    again.night(WEDNESDAY)
    assert again.core() == whole.core()
    assert again.rows("quarantine") == whole.rows("quarantine")

    right.land(place(WEDNESDAY), put_right)
    right.night(WEDNESDAY)
    cut.land(place(WEDNESDAY), put_right)
    lines = next(each for each in cut.night(WEDNESDAY) if each.table_name == "core_order_lines")
    assert (lines.n_received, lines.n_updated) == (1, 1)
    assert cut.core() == right.core()
    known = cut.lake.read_arrow(OPS_DELIVERIES).to_pylist()
    current = [row["delivery_id"] for row in known if row["superseded_by"] is None]
    assert [row["superseded_by"] for row in known if row["superseded_by"]] == current
    assert cut.night(WEDNESDAY) == []

    # The put right file was begun too, and the first one lies there again: no row of the other may stay.
    whole.land(place(WEDNESDAY), put_right)
    whole.cut_off(WEDNESDAY)
    assert quantities(whole) == {("1", 1): 7}
    whole.land(place(WEDNESDAY), first)
    whole.night(WEDNESDAY)
    assert whole.core() == again.core()


def test_rows_that_do_not_add_up_fail_every_attempt(home, as_csv, retail_line, monkeypatch):
    shop = home("online_retail")
    shop.land(place(WEDNESDAY), as_csv(COLUMNS, [retail_line("1"), retail_line("2")]))

    def losing_one(write):
        def write_and_lose(*arguments):
            written, n_offered = write(*arguments)
            return replace(written, n_unchanged=written.n_unchanged - 1), n_offered

        return write_and_lose

    # the second attempt rebuilds the lines, since the first may have written some
    for name in (
        "_add_records",
        "_rebuild",
    ):
        monkeypatch.setattr(FeedIngest, name, losing_one(getattr(FeedIngest, name)))
    with pytest.raises(
        UnbalancedError, match=r"core_order_lines received 2 = 2 inserted \+ 0 updated \+ -1 unchanged"
    ):
        shop.night(WEDNESDAY)
    with pytest.raises(
        UnbalancedError, match=r"core_order_lines received 2 = 0 inserted \+ 0 updated \+ 1 unchanged"
    ):
        shop.night(WEDNESDAY)
    monkeypatch.undo()
    shop.night(WEDNESDAY)
    assert set(quantities(shop)) == {("1", 1), ("2", 1)}


def test_files_are_read_whatever_their_name_and_those_of_no_feed_are_told(
    home, as_csv, retail_line, report, caplog
):
    caplog.set_level("INFO")
    shop = home("online_retail")
    names = ("_day", "export[1]", "a b%20c#1", "{x,y}*?")
    for number, name in enumerate(names):
        shop.land(place(WEDNESDAY, name), as_csv(COLUMNS, [retail_line(str(number))]))
    shop.land(place(WEDNESDAY, "header"), as_csv(COLUMNS, []))
    shop.land(
        place(WEDNESDAY, "headless"), b"\r".join(as_csv(COLUMNS, [retail_line("5")] * 2).split(b"\n")[1:])
    )
    shop.land(f"online_retail/lines/{WEDNESDAY}/lines.CSV", b"a slip of the keyboard")
    shop.land(f"online_retail/line/{WEDNESDAY}/1.csv", b"another")
    shop.land(f"another_shop/lines/{WEDNESDAY}/1.csv", b"of no source of this home")
    reports = shop.night(WEDNESDAY)
    assert set(quantities(shop)) == {(str(number), 1) for number in range(4)}
    lines = report(reports, "core_order_lines")
    assert (lines.n_received, lines.n_inserted, lines.n_quarantined) == (6, 4, 2), (
        "a line where the header should be counts"
    )
    assert lines.detail["files_without_records"] == [place(WEDNESDAY, "header")]
    slips = [f"online_retail/line/{WEDNESDAY}/1.csv", f"online_retail/lines/{WEDNESDAY}/lines.CSV"]
    detail = {"source": "online_retail", "n_unclaimed_files": 2, "unclaimed_files": slips}
    assert report(reports, "landing/online_retail").detail == detail
    assert "2 landed files match none of lines/<day>/*.csv and are not read" in caplog.text
    assert f"1 files hold no record: {place(WEDNESDAY, 'header')}" in caplog.text
