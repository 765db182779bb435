"""Fails the step when too much of a file is refused: a day that nobody could read must not stay unseen."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from spark_jobs.ingest.feed_ingest import FeedIngest

MIN_RECORDS = 20  # records; of fewer, a share says nothing
MAX_SHOWN = 3  # files


class FileRefusals(NamedTuple):
    """The number of records, and of refused ones, of one file."""

    name: str  # relative to landing/
    day: str
    n_records: int
    n_refused: int


def find_files_over_limit(files: Iterable[FileRefusals], limit: float | None) -> list[FileRefusals]:
    """The files, and the landing days of several, of which more than `limit` is refused; the worst first.

    Args:
        limit: a share; None asks of landing days alone, and finds those of which all is refused.
    """
    days: dict[str, list[FileRefusals]] = {}
    for file in files:
        days.setdefault(file.day, []).append(file)
    looked_at = []
    for day, mine in sorted(days.items()):
        whole = FileRefusals(
            f"{len(mine)} files of {day}", day, sum(f.n_records for f in mine), sum(f.n_refused for f in mine)
        )
        of_several = [whole] if limit is None else [*sorted(mine), whole]
        looked_at += of_several if len(mine) > 1 else mine
    over = [each for each in looked_at if each.n_records >= MIN_RECORDS and is_over_limit(each, limit)]
    return sorted(over, key=lambda each: -each.n_refused / each.n_records)


def is_over_limit(refusals: FileRefusals, limit: float | None) -> bool:
    """Whether more than `limit` is refused; where there is none, whether all is."""
    if limit is None:
        return refusals.n_refused == refusals.n_records
    return refusals.n_refused > limit * refusals.n_records


def describe_failure(
    feed: str, over: list[FileRefusals], limit: float | None, reasons: Iterable[tuple[str, str, int]]
) -> str:
    """The message of the failure: what was refused, why, and what can be done.

    Args:
        feed: `<source>.<entity>`.
        over: not empty.
        reasons: the most frequent reasons, with detail and number of records.
    """
    files = "; ".join(
        f"{each.n_refused:,} of {each.n_records:,} records of {each.name}" for each in over[:MAX_SHOWN]
    )
    more = f"; and {len(over) - MAX_SHOWN} more" if len(over) > MAX_SHOWN else ""
    allowed = "of a landing day something must be accepted" if limit is None else f"allowed are {limit:.0%}"
    first = ", ".join(f"{n:,} {reason} ({detail})" for reason, detail, n in reasons)
    return (
        f"{feed}: refused {files}{more}; {allowed}. First reasons: {first}. `make quarantine` shows them. Put"
        " the file right under its name, or take it away, and run the night again;"
        " CONCIERGE_REFUSED_PERCENT=100 for one run lets it through"
    )


def find_failure(ingest: "FeedIngest", percent: int | None) -> str | None:
    """The message of a step that has to fail after a feed's ingest; None when it has not.

    Args:
        percent: the most of a file that may be refused; None for the feed's own limit.
    """
    if ingest.feed.is_prechecked:
        return None
    own_limit = None if ingest.feed.is_public else ingest.feed.max_refused_share
    limit = own_limit if percent is None else percent / 100
    n_records, n_refused = ingest.counts.by_delivery, ingest.counts.refused_by_delivery
    over = find_files_over_limit(
        (
            FileRefusals(
                each.file.name,
                str(each.file.day),
                n_records.get(each.delivery_id, 0),
                n_refused.get(each.delivery_id, 0),
            )
            for each in ingest.deliveries
        ),
        limit,
    )
    if not over:
        return None
    refused = ingest.typed.where("reason is not null and _row_no = 1").groupBy("reason", "detail").count()
    first = refused.orderBy(F.desc("count"), "reason", "detail").limit(MAX_SHOWN).collect()
    return describe_failure(
        f"{ingest.source.name}.{ingest.feed.entity}", over, limit, [tuple(row) for row in first]
    )
