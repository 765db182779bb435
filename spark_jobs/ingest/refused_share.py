"""Files of which too much is refused: a day whose lines nobody could read must not leave a night green and
silent.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from pyspark.sql import functions as F

if TYPE_CHECKING:
    from spark_jobs.ingest.feed_ingest import FeedIntake

FEWEST = 20  # records; of fewer, a share says nothing
SHOWN = 3  # files


class Refusals(NamedTuple):
    """What was refused of one file."""

    name: str  # relative to landing/
    day: str
    n_records: int
    n_refused: int


def too_many(files: Iterable[Refusals], limit: float | None) -> list[Refusals]:
    """The files, and the landing days of several, of which more than `limit` is refused; the worst first.

    Args:
        limit: a share; None asks of landing days alone, and finds those of which all is refused.
    """
    days: dict[str, list[Refusals]] = {}
    for file in files:
        days.setdefault(file.day, []).append(file)
    looked_at = []
    for day, mine in sorted(days.items()):
        whole = Refusals(
            f"{len(mine)} files of {day}", day, sum(f.n_records for f in mine), sum(f.n_refused for f in mine)
        )
        of_several = [whole] if limit is None else [*sorted(mine), whole]
        looked_at += of_several if len(mine) > 1 else mine
    over = [each for each in looked_at if each.n_records >= FEWEST and is_over(each, limit)]
    return sorted(over, key=lambda each: -each.n_refused / each.n_records)


def is_over(refusals: Refusals, limit: float | None) -> bool:
    """Whether more than that share is refused; all of it, where there is no limit."""
    if limit is None:
        return refusals.n_refused == refusals.n_records
    return refusals.n_refused > limit * refusals.n_records


def failure(
    feed: str, over: list[Refusals], limit: float | None, reasons: Iterable[tuple[str, str, int]]
) -> str:
    """Why the step fails, and what can be done.

    Args:
        feed: `<source>.<entity>`.
        over: not empty.
        reasons: the most frequent reasons, with detail and number of records.
    """
    files = "; ".join(
        f"{each.n_refused:,} of {each.n_records:,} records of {each.name}" for each in over[:SHOWN]
    )
    more = f"; and {len(over) - SHOWN} more" if len(over) > SHOWN else ""
    allowed = "of a landing day something must be accepted" if limit is None else f"allowed are {limit:.0%}"
    first = ", ".join(f"{n:,} {reason} ({detail})" for reason, detail, n in reasons)
    return (
        f"{feed}: refused {files}{more}; {allowed}. First reasons: {first}. `make quarantine` shows them. Put"
        " the file right under its name, or take it away, and run the night again;"
        " CONCIERGE_REFUSED_PERCENT=100 for one run lets it through"
    )


def find_failure(intake: "FeedIntake", percent: int | None) -> str | None:
    """Why the step has to fail after an intake; None when it has not.

    Args:
        percent: the most of a file that may be refused; None for the feed's own limit.
    """
    own_limit = None if intake.feed.is_public else intake.feed.refused_share
    limit = own_limit if percent is None else percent / 100
    n_records, n_refused = intake.counts.by_delivery, intake.counts.refused_by_delivery
    over = too_many(
        (
            Refusals(
                each.file.name,
                str(each.file.day),
                n_records.get(each.delivery_id, 0),
                n_refused.get(each.delivery_id, 0),
            )
            for each in intake.deliveries
        ),
        limit,
    )
    if not over:
        return None
    refused = intake.typed.where("reason is not null and _part = 1").groupBy("reason", "detail").count()
    first = refused.orderBy(F.desc("count"), "reason", "detail").limit(SHOWN).collect()
    return failure(f"{intake.source.name}.{intake.feed.entity}", over, limit, [tuple(row) for row in first])
