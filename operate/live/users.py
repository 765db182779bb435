"""Who of the shop's users the simulated shoppers log in as."""

from expectations.contracts.lake import CORE_IDENTIFIERS
from spark_jobs.lake.tables import Lake
from spark_jobs.settings import Settings

MOST_USERS = 200


def find_user_ids(settings: Settings) -> list[str]:
    """Users of the shop, some of whom come and log in."""
    rows = Lake(settings.lake).read_arrow(CORE_IDENTIFIERS, ["kind", "value"]).to_pylist()
    return sorted(row["value"] for row in rows if row["kind"] == "user_id")[:MOST_USERS]
