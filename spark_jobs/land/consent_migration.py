"""Words of consent from a home that an earlier version made, brought into today's layout.

`core_consents` had a row a moment, all from person records, without `feed` and `consented_date`. Both are in
its key now: left empty they would stop every night at the border behind ingest, and a no that no record
repeats would be lost with its row.
"""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import pyarrow as pa

from expectations.contracts.lake import CORE_CONSENTS
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.tables import Lake

PEOPLE_ENTITY = "people"  # the only kind of file that was listened to


def migrate_consents(lake: Lake, zones: Mapping[str, str]) -> int:
    """Give each word of an earlier version its feed and day, the day's newest of a kind alone; how many there
    were.

    Args:
        zones: each source's time zone.
    """
    if not lake.exists(CORE_CONSENTS) or not lake.read_arrow(CORE_CONSENTS, ["feed"])["feed"].null_count:
        return 0
    words = lake.read_arrow(CORE_CONSENTS).to_pylist()
    earlier = [word for word in words if word["feed"] is None]
    for word in earlier:
        zone = ZoneInfo(zones.get(word["source"], "UTC"))
        word |= {"feed": PEOPLE_ENTITY, "consented_date": word["consented_at"].astimezone(zone).date()}
    words.sort(key=lambda word: word["first_received"], reverse=True)
    words.sort(key=lambda word: word["consented_at"])  # of equally new ones the first received comes last
    newest = {tuple(word[name] for name in CORE_CONSENTS.key): word for word in words}
    rows = pa.Table.from_pylist(list(newest.values()), build_arrow_schema(CORE_CONSENTS))
    lake.overwrite(rows.to_reader(), CORE_CONSENTS, schema_mode="overwrite")
    return len(earlier)
