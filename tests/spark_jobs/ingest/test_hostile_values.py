"""The short form of the hostile soak: extreme values in every field of three feeds, up to the border behind
`ingest`.

The long form (`make soak NAME=hostile`) takes every feed, every value and every step. Here each field gets
one value in twelve, so that each value stands in several fields of a feed, and the border's suites are what
later steps take for granted.
"""

from datetime import date

from benchmarks.soak.hostile.trials import compress_content, list_trials, write_csv_rows, write_json_lines
from expectations.contracts.lake import QUARANTINE
from expectations.contracts.reasons import REASONS
from spark_jobs.run import checks
from spark_jobs.sources.registry import load_sources

DAY = date(2026, 1, 5)
# seconds a table; the reader's and the limits' tests have them
TOO_LONG_HERE = (
    "1,000,000 characters",
    "kind: ten million",
)
ONE_IN = 12
FEEDS = {
    "sample_shop/events": "core_events",
    "sample_shop/orders": "core_order_lines",
    "sample_shop/catalogue": "core_items",
}


def chosen(feed: str) -> list:
    """One value in twelve of each field, others in the next field."""
    every = [one for one in list_trials(feed, DAY, ["item-1"]) if one.value not in TOO_LONG_HERE]
    fields = {name: place for place, name in enumerate(dict.fromkeys(one.field for one in every))}
    return [one for place, one in enumerate(every) if (place + fields[one.field]) % ONE_IN == 0]


def content(source, feed: str, some: list) -> bytes:
    """The day's file, in the feed's format."""
    declared = source.find_feed(feed.split("/")[1])
    if declared.file_pattern.endswith(".csv"):
        return ",".join(declared.columns).encode() + b"\n" + write_csv_rows(some, list(declared.columns))
    return (
        compress_content(write_json_lines(some))
        if declared.file_pattern.endswith(".gz")
        else write_json_lines(some)
    )


def test_what_is_let_in_is_what_later_steps_take(home):
    made, tried = home("sample_shop"), 0
    source = load_sources(("sample_shop",))[0]
    for feed in FEEDS:
        some = chosen(feed)
        suffix = source.find_feed(feed.split("/")[1]).file_pattern.removeprefix("*")
        made.land(f"{feed}/{DAY}/day{suffix}", content(source, feed, some))
        tried += len(some)
    reports = [
        report
        for report in made.night(str(DAY), CONCIERGE_REFUSED_PERCENT="100")
        if report.n_received is not None
    ]
    refused = sum(report.n_quarantined for report in reports)
    assert sum(report.n_received for report in reports) == tried
    assert 0 < refused < tried
    # Beside refused records it holds words of consent that are none, of records that are kept.
    assert {row["reason"] for row in made.lake.read_arrow(QUARANTINE).to_pylist()} <= set(REASONS)
    checks.raise_if_failed(checks.check_tables(made.lake, tuple(FEEDS.values())))
