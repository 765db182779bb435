"""Migrates consents of a home that an earlier version made to today's columns.

`core_consents` had one row a moment, all from person records, without `feed` and `consented_date`. Both are
in its key now. Left empty they would fail the border check behind ingest in every run, and a no that no
record repeats would be lost with its row.
"""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import pyarrow as pa

from expectations.contracts.lake import CORE_CONSENTS
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.tables import Lake

PEOPLE_ENTITY = "people"  # the only feed whose consents earlier versions read


def migrate_consents(lake: Lake, time_zones: Mapping[str, str]) -> int:
    """Give each consent of an earlier version its feed and date, and keep the day's newest of each key.

    Args:
        time_zones: by source.

    Returns:
        How many there were.
    """
    # By the statistics of its files, of which a shop soon has hundreds: none is opened where none is earlier.
    if not lake.read_matching(CORE_CONSENTS, ["feed"], {"feed": None}).num_rows:
        return 0
    consents = lake.read_arrow(CORE_CONSENTS).to_pylist()
    earlier = [row for row in consents if row["feed"] is None]
    for row in earlier:
        zone = ZoneInfo(time_zones.get(row["source"], "UTC"))
        row |= {"feed": PEOPLE_ENTITY, "consented_date": row["consented_at"].astimezone(zone).date()}
    consents.sort(key=lambda row: row["first_received"], reverse=True)
    consents.sort(key=lambda row: row["consented_at"])  # of equally new ones the first received comes last
    newest = {tuple(row[name] for name in CORE_CONSENTS.key): row for row in consents}
    rows = pa.Table.from_pylist(list(newest.values()), build_arrow_schema(CORE_CONSENTS))
    lake.overwrite(rows.to_reader(), CORE_CONSENTS, schema_mode="overwrite")
    return len(earlier)
