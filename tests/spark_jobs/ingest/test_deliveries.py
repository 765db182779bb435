"""Files that come again, changed, late or after a gap; counted by hand on Online Retail's own format."""

from expectations.contracts.lake import CORE_ORDER_LINES, OPS_DELIVERIES
from spark_jobs.tables import Lake

COLUMNS = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
WEDNESDAY, THURSDAY, FRIDAY = "2010-12-01", "2010-12-02", "2010-12-03"


def place(day: str, name: str | None = None) -> str:
    return f"online_retail/lines/{day}/{name or day}.csv"


def quantities(home) -> dict[tuple[str, int], int]:
    return {(row["order_id"], row["line_no"]): row["quantity"] for row in home.rows("core_order_lines")}


def test_a_changed_file_under_an_old_name_takes_its_place_and_says_so(home, as_csv, retail_line, report):
    shop = home("online_retail")
    shop.land(place(WEDNESDAY), as_csv(COLUMNS, [retail_line("1", Quantity=6), retail_line("1", "22752"), retail_line("2")]))
    shop.land(place(THURSDAY), as_csv(COLUMNS, [retail_line("3", InvoiceDate=f"{THURSDAY} 09:00:00")]))
    shop.night(WEDNESDAY, THURSDAY)
    before = shop.lake.version(CORE_ORDER_LINES)

    shop.land(place(WEDNESDAY), as_csv(COLUMNS, [retail_line("1", Quantity=7), retail_line("2", Quantity="many")]))
    lines = report(shop.night(FRIDAY), "core_order_lines")
    assert quantities(shop) == {("1", 1): 7, ("3", 1): 6}, "one line changed, one went, one can no longer be read"
    assert (lines.n_received, lines.n_updated, lines.n_quarantined) == (2, 1, 1)
    assert {str(day) for day in shop.lake.changed_partitions(CORE_ORDER_LINES, before)} == {WEDNESDAY}, "Thursday is as it was"
    assert [row["raw_text"].split(",")[3] for row in shop.rows("quarantine")] == ["many"]
    known = shop.lake.read_arrow(OPS_DELIVERIES).to_pylist()
    current = {row["delivery_id"] for row in known if row["superseded_by"] is None}
    assert len(known) == 3 and len(current) == 2
    assert [row["superseded_by"] in current for row in known if row["superseded_by"]] == [True]

    # The first content again, under the same name: everything is as it was at first.
    shop.land(place(WEDNESDAY), as_csv(COLUMNS, [retail_line("1", Quantity=6), retail_line("1", "22752"), retail_line("2")]))
    shop.night(FRIDAY)
    assert quantities(shop) == {("1", 1): 6, ("1", 2): 6, ("2", 1): 6, ("3", 1): 6}
    superseded = {row["delivery_id"] for row in shop.lake.read_arrow(OPS_DELIVERIES).to_pylist() if row["superseded_by"]}
    refused = [row["delivery_id"] for row in shop.rows("quarantine")]
    assert len(refused) == 1 and set(refused) <= superseded, "what was refused once is kept, and its delivery counts no more"


def test_a_skipped_night_is_found_and_a_file_again_adds_nothing(home, as_csv, retail_line):
    shop = home("online_retail")
    content = as_csv(COLUMNS, [retail_line("1"), retail_line("1"), retail_line("2", CustomerID="")])
    shop.land(place(WEDNESDAY), content)
    shop.land(place(FRIDAY), as_csv(COLUMNS, [retail_line("4", InvoiceDate=f"{FRIDAY} 09:00:00")]))
    shop.night(FRIDAY)  # nobody ever ran Wednesday's
    assert set(quantities(shop)) == {("1", 1), ("1", 2), ("2", 1), ("4", 1)}, "the same line twice in an invoice is two lines"
    versions = shop.lake.versions()
    assert shop.night(WEDNESDAY, FRIDAY) == []
    assert shop.lake.versions() == versions


def test_a_run_cut_off_before_its_manifest_is_taken_in_again_with_the_same_result(home, as_csv, retail_line, monkeypatch):
    cut, whole = home("online_retail", "cut"), home("online_retail", "whole")
    for shop in (cut, whole):
        shop.land(place(WEDNESDAY), as_csv(COLUMNS, [retail_line("1"), retail_line("x", Quantity="?")]))
    whole.night(WEDNESDAY)

    put = Lake.put_rows

    def killed(lake, rows, table):
        if table.name == "ops_deliveries":
            raise KeyboardInterrupt
        return put(lake, rows, table)

    monkeypatch.setattr(Lake, "put_rows", killed)
    try:
        cut.night(WEDNESDAY)
        raise AssertionError("the control: it was to be cut off")
    except KeyboardInterrupt:
        assert cut.rows("core_order_lines"), "the cut came after the rows"
    monkeypatch.undo()
    cut.night(WEDNESDAY)
    assert cut.core() == whole.core()
    assert cut.rows("quarantine") == whole.rows("quarantine")
