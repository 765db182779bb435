"""A file that is refused for the most part fails the step, and goes on failing it until a person
has decided.
"""

import pytest

from expectations.contracts.lake import OPS_DELIVERIES
from spark_jobs.ingest.refused_share import FileRefusals, describe_failure, find_files_over_limit
from spark_jobs.ingest.sources.online_retail import COLUMNS

WEDNESDAY, THURSDAY = "2010-12-01", "2010-12-02"
FILE = f"online_retail/lines/{WEDNESDAY}/{WEDNESDAY}.csv"


@pytest.mark.parametrize(
    ("files", "limit", "over"),
    [
        pytest.param([(20, 11)], 0.5, ["f0"], id="more than half of twenty"),
        pytest.param([(20, 10)], 0.5, [], id="half"),
        pytest.param([(19, 19)], 0.5, [], id="too few to tell"),
        pytest.param([(0, 0)], 0.5, [], id="an empty file"),
        pytest.param([(1000, 0), (20, 20)], 0.5, ["f1"], id="one of two files"),
        pytest.param([(10, 10), (10, 9)], 0.5, ["2 files of 2026-01-05"], id="a day of small files"),
        pytest.param([(20, 20)], 1.0, [], id="let through"),
        pytest.param([(1000, 1)], 0.0, ["f0"], id="a limit of nothing"),
        pytest.param([(500, 480), (20, 20)], None, [], id="public: a bot's hour, and most of its day"),
        pytest.param(
            [(500, 500), (20, 20)],
            None,
            ["2 files of 2026-01-05"],
            id="public: a day of which nothing is accepted",
        ),
        pytest.param([(20, 20)], None, ["f0"], id="public: a day of one file"),
    ],
)
def test_a_share_of_a_file_or_of_a_day(files, limit, over):
    refusals = [FileRefusals(f"f{n}", "2026-01-05", *numbers) for n, numbers in enumerate(files)]
    assert [each.name for each in find_files_over_limit(refusals, limit)] == over


def test_the_sentence_says_what_was_refused_and_what_to_do():
    over = [FileRefusals("shop/orders/2026-01-05/o.csv", "2026-01-05", 18, 18)]
    said = describe_failure("shop.orders", over, 0.5, [("not_parseable", "the header lacks order_id", 18)])
    assert "shop.orders: refused 18 of 18 records of shop/orders/2026-01-05/o.csv; allowed are 50%" in said
    public = describe_failure("shop.events", over, None, [])
    assert "; of a landing day something must be accepted. First" in public
    assert "18 not_parseable (the header lacks order_id)" in said and "CONCIERGE_REFUSED_PERCENT=100" in said


# Over 10 s: a night after each of the decisions that somebody may take.
def test_the_step_fails_until_somebody_decides_and_all_can_be_looked_at(home, as_csv, retail_line, report):
    def told(reports) -> tuple:
        lines = report(reports, "core_order_lines")
        return lines.n_received, lines.n_quarantined, lines.failure is not None

    shop = home("online_retail")
    good, bad = [retail_line(str(n)) for n in range(9)], [retail_line("x", Quantity="?")] * 11
    shop.land(FILE, as_csv(COLUMNS, good + bad))
    first = shop.night(WEDNESDAY)
    assert told(first) == (20, 11, True)
    assert "refused 11 of 20 records" in report(first, "core_order_lines").detail["failure"]
    assert (len(shop.rows("core_order_lines")), len(shop.rows("quarantine"))) == (9, 11)

    # Another attempt, and the next night with the file still there.
    shop.land(
        FILE.replace(WEDNESDAY, THURSDAY),
        as_csv(COLUMNS, [retail_line("T", InvoiceDate=f"{THURSDAY} 09:00:00")]),
    )
    assert told(shop.night(THURSDAY)) == (21, 11, True)
    # Put right: as if it had never been.
    shop.land(FILE, as_csv(COLUMNS, good))
    assert told(shop.night(THURSDAY)) == (10, 0, False)
    assert {row["order_id"] for row in shop.rows("core_order_lines")} == {*map(str, range(9)), "T"}
    assert shop.night(THURSDAY) == []

    shop.land(FILE, as_csv(COLUMNS, bad * 2))
    assert told(shop.night(THURSDAY, CONCIERGE_REFUSED_PERCENT="100")) == (22, 22, False)
    current = [
        row for row in shop.lake.read_arrow(OPS_DELIVERIES).to_pylist() if row["superseded_by"] is None
    ]
    assert len(current) == 2 and all(row["n_records"] is not None for row in current)


def test_a_refused_file_that_is_taken_away_leaves_no_row(home, as_csv, retail_line, report):
    shop, late = home("online_retail"), FILE.replace(WEDNESDAY, THURSDAY)
    shop.land(FILE, as_csv(COLUMNS, [retail_line("W")]))
    shop.night(WEDNESDAY)
    good, bad = (
        [retail_line("T", InvoiceDate=f"{THURSDAY} 09:00:00")] * 9,
        [retail_line("x", Quantity="?")] * 11,
    )
    file = shop.land(late, as_csv(COLUMNS, good + bad))
    assert report(shop.night(THURSDAY), "core_order_lines").failure
    assert len(shop.rows("core_order_lines")) == 10, (
        "the control: what was readable stands there until somebody decides"
    )

    file.unlink()
    assert report(shop.night(THURSDAY), "core_order_lines").failure is None
    assert [row["order_id"] for row in shop.rows("core_order_lines")] == ["W"]
    assert shop.night(THURSDAY) == []


def test_whoever_sends_rubbish_does_not_stop_a_night(home, as_json_lines, zipped, report):
    """One true event among two thousand of a bot, which has an hour's file to itself besides."""
    true = {
        "type": "page",
        "messageId": "m",
        "anonymousId": "a",
        "timestamp": "2026-01-05T12:00:00Z",
    }
    shop, bot = home("sample_shop"), [{"type": "page", "messageId": f"b{n}"} for n in range(1000)]
    shop.land("sample_shop/events/2026-01-05/03.jsonl.gz", zipped(as_json_lines(bot)))
    shop.land("sample_shop/events/2026-01-05/12.jsonl.gz", zipped(as_json_lines([*bot, true])))
    events = report(shop.night("2026-01-05"), "core_events")
    assert (events.n_quarantined, events.n_inserted, events.failure) == (2000, 1, None)
