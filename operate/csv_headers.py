"""The header of a landed CSV file, by which a refused record's values are named before they are shown."""

import csv
from collections.abc import Collection
from pathlib import Path

from spark_jobs.ingest.csv_records import join_quoted_lines
from spark_jobs.ingest.formats import MAX_BYTES, decode_line, split_csv_fields
from spark_jobs.ingest.lines import read_lines


def read_csv_header(file: Path, columns: Collection[str]) -> list[str] | None:
    """The header of a landed CSV file; None when it names not all of the columns, or the file is not there
    any more.
    """
    try:
        with file.open("rb") as opened:
            first = next(join_quoted_lines(read_lines(opened, MAX_BYTES), MAX_BYTES), None)
        header = (
            [name.strip() for name in split_csv_fields(decode_line(first.line.content)[0])] if first else []
        )
    except (OSError, csv.Error):
        return None
    return header if columns and set(columns) <= set(header) else None
