"""Messages about a feed's files, for the log and `ops_runs.detail`: names and counts, nothing personal."""

import logging
from collections.abc import Iterable, Mapping

from spark_jobs.ingest.absent_records import FullExportDay
from spark_jobs.ingest.deliveries import Delivery

logger = logging.getLogger(__name__)
MAX_SHOWN_FILES = 20  # names of files, where there may be many


def log_files(source: str, deliveries: list[Delivery], n_records: Mapping[str, int], n_deleted: int) -> dict:
    """Log files without a record and superseding files; returns both for `ops_runs`.

    Args:
        n_records: of each delivery that has any, by its id.
        n_deleted: rows that left the table.
    """
    notes = {}
    empty = [delivery.file.name for delivery in deliveries if not n_records.get(delivery.delivery_id)]
    if empty:
        notes |= {"n_files_without_records": len(empty), "files_without_records": empty[:MAX_SHOWN_FILES]}
        logger.info(f"{source}: {len(empty)} files hold no record: {', '.join(empty[:MAX_SHOWN_FILES])}")
    superseding = [delivery.file.name for delivery in deliveries if delivery.supersedes]
    if superseding:
        notes |= {"superseding_files": superseding, "deleted": n_deleted}
        logger.info(
            f"{source}: {', '.join(superseding)} came again with other content and takes the old one's place"
        )
    return notes


def log_full_exports(feed: str, days: Iterable[FullExportDay], n_ended: int) -> dict:
    """Log what full exports ended, and exports too short to end anything; returns both for `ops_runs`.

    Args:
        feed: `<source>.<entity>`.
        n_ended: things that these days' files ended.
    """
    suspicious = [day for day in days if day.is_suspicious]
    for day in suspicious[:MAX_SHOWN_FILES]:
        logger.warning(
            f"{feed}: the whole file of {day.day} names {day.n_keys:,}, the one before {day.n_before:,}:"
            " suspicious, so nothing it lacks is ended; the next one decides"
        )
    if n_ended:
        logger.info(f"{feed}: {n_ended:,} ended, because a whole file no longer names them")
    messages = [
        {"day": str(day.day), "n_keys": day.n_keys, "n_before": day.n_before}
        for day in suspicious[:MAX_SHOWN_FILES]
    ]
    return {"n_ended": n_ended} | ({"suspicious_whole_files": messages} if messages else {})
