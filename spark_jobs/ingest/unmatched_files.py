"""Landed files that no feed reads."""

import logging

from spark_jobs.ingest.deliveries import matches_feed
from spark_jobs.ingest.file_messages import MAX_SHOWN_FILES
from spark_jobs.run.context import TableReport
from spark_jobs.sources.declaration import Source
from spark_jobs.sources.landed_files import LandedFile

logger = logging.getLogger(__name__)


def report_unmatched_files(sources: list[Source], files: list[LandedFile]) -> list[TableReport]:
    """One report a source whose files match no feed's pattern, logged as a warning.

    Nobody reads such files, so a mistyped name would cost a day unseen.
    """
    reports = []
    for source in sources:
        of_source = [file for file in files if file.source == source.name]
        names = [
            file.name
            for file in of_source
            if not any(matches_feed(source, feed, file) for feed in source.feeds)
        ]
        if names:
            patterns = ", ".join(f"{feed.entity}/<day>/{feed.file_pattern}" for feed in source.feeds)
            file_list = ", ".join(names[:MAX_SHOWN_FILES]) + (", …" if len(names) > MAX_SHOWN_FILES else "")
            logger.warning(
                f"{source.name}: {len(names)} landed files match none of {patterns} and are not read:"
                f" {file_list}"
            )
            detail = {
                "source": source.name,
                "n_unclaimed_files": len(names),
                "unclaimed_files": names[:MAX_SHOWN_FILES],
            }
            reports.append(TableReport(table_name=f"landing/{source.name}", detail=detail))
    return reports
