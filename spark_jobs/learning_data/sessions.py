"""Sessions of consenting customers, as learning and scoring read them: events with items, on the shop's
clock.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from models.steering.sessions import Sessions, group_sessions
from models.training_data import KINDS
from spark_jobs.learning_data.behaviour import filter_consented

SESSION_DAYS = 90  # newest days: what sessions go on with changes with the season
# Of more, those of a share of the customers are read, by a hash of theirs: 100 MB on the driver.
MOST_EVENTS = 2_000_000
SHARES = 1_000_000


def read_session_events(
    interactions: DataFrame, customers: DataFrame, until: int, most: int = MOST_EVENTS
) -> pa.Table:
    """The newest events with items: `customer_id`, `item_id`, `kind` (of `KINDS`), `second`.

    Args:
        interactions: `fct_interactions`, on the shop's clock.
        customers: `feat_customers`: nobody else's events are read.
        until: the first day that is not read, counted from 1970-01-01.
    """
    kind = F.array_position(F.array(*[F.lit(name) for name in KINDS]), F.col("interaction_type")) - 1
    day = F.unix_date(F.to_date("occurred_at"))
    recent = filter_consented(interactions, customers).where(
        F.col("interaction_type").isin(*KINDS) & (day >= until - SESSION_DAYS) & (day < until)
    )
    n = recent.count()
    if n > most:
        share = F.pmod(F.xxhash64("customer_id"), F.lit(SHARES))
        recent = recent.where(share < F.lit(int(SHARES * most / n)))
    return recent.select(
        "customer_id",
        "item_id",
        kind.cast("int").alias("kind"),
        F.unix_timestamp("occurred_at").alias("second"),
    ).toArrow()


def number_sessions(
    events: pa.Table, item_ids: np.ndarray, customer_ids: np.ndarray | None = None
) -> Sessions:
    """The sessions of events; events with other items or customers are left out.

    Args:
        item_ids, customer_ids: bytes arrays: the id at each number. Without customers they are numbered as
            they come.
    """
    item = pc.index_in(events["item_id"], value_set=decode_ids(item_ids))
    if customer_ids is None:
        customer = events["customer_id"].combine_chunks().dictionary_encode().indices
    else:
        customer = pc.index_in(events["customer_id"], value_set=decode_ids(customer_ids))
    item, customer = (pc.fill_null(one, -1).to_numpy(zero_copy_only=False) for one in (item, customer))
    known = (item >= 0) & (customer >= 0)
    columns = (customer, item, *(events[name].to_numpy() for name in ("kind", "second")))
    return group_sessions(*(one[known].astype(np.int64) for one in columns), len(item_ids))


def decode_ids(ids: np.ndarray) -> pa.Array:
    """Ids as text, of a bytes array."""
    return pa.array([one.decode() for one in ids.tolist()], pa.string())
