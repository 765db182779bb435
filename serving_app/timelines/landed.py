"""Which overrides had a say in lists that a night has landed: the lake knows, the warehouse does not."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from expectations.contracts.lake import CORE_IMPRESSIONS
from serving_app.http.problems import NotReady, TooLargeToAnswer
from serving_app.timelines.entries import LIST, Entry
from serving_app.timelines.lake_reading import ask_tables

# The shop's day of a list, by which the lake is cut, lies within a day of that in UTC.
QUERY = """
    select request_id, applied_overrides from impressions
    where served_date between $first and $last and request_id in (select unnest($request_ids))
"""


def add_overrides(lake: Path, entries: Iterable[Entry]) -> Iterator[Entry]:
    """Entries with the overrides that had a say in their lists, as far as the lake can say now."""
    entries = [*entries]
    landed = {entry.request_id: entry for entry in entries if needs_overrides(entry)}
    found: dict[str, tuple[str, ...]] = {}
    if landed:
        days = [entry.at.date() for entry in landed.values()]
        first, last = min(days) - timedelta(days=1), max(days) + timedelta(days=1)
        parameters = {"first": first, "last": last, "request_ids": [*landed]}
        with suppress(NotReady, TooLargeToAnswer):
            rows = ask_tables(lake, {"impressions": CORE_IMPRESSIONS}, QUERY, parameters)
            found = {request_id: tuple(overrides or ()) for request_id, overrides in rows}
    for entry in entries:
        known = needs_overrides(entry) and entry.request_id in found
        yield replace(entry, applied_overrides=found[entry.request_id]) if known else entry


def needs_overrides(entry: Entry) -> bool:
    """Whether an entry is a list of which it is not known."""
    return entry.kind == LIST and entry.request_id is not None and entry.applied_overrides is None
