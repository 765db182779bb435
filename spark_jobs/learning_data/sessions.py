"""Sessions of consenting customers, as learning and scoring read them: events with items, on the shop's
clock.
"""

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.steering.sessions import Sessions, group_sessions
from spark_jobs.lake.queries import run_query
from spark_jobs.learning_data.item_order import hash_text

SESSION_DAYS = 90  # newest days: what sessions go on with changes with the season
# Of more, those of a share of the customers are read, by a hash of theirs: 100 MB on the driver.
MOST_EVENTS = 2_000_000
SHARES = 1_000_000


def read_session_events(con: duckdb.DuckDBPyConnection, until: int, most: int = MOST_EVENTS) -> pa.Table:
    """The newest events with items: `customer_id`, `item_id`, `kind` (of `KINDS`), `second`.

    Args:
        con: of `open_learning_data`; nobody's events but consenting customers' are read.
        until: the first day that is not read, counted from 1970-01-01.
    """
    con.execute(
        "create or replace temp view recent_events as select * from consented"
        f" where kind is not null and day >= {until - SESSION_DAYS} and day < {until}"
    )
    ((n,),) = con.execute("select count(*) from recent_events").fetchall()
    share = int(SHARES * most / n) if n > most else SHARES
    customers = run_query(con, "select distinct customer_id from recent_events")["customer_id"]
    if n > most:
        customers = pa.array([one for one in customers.to_pylist() if hash_text(one) % SHARES < share])
    return run_query(
        con,
        "select customer_id, item_id, kind::int as kind, epoch_us(occurred_at) // 1000000 as second"
        " from recent_events semi join drawn using (customer_id) order by customer_id, second, item_id, kind",
        drawn=pa.table({"customer_id": customers}),
    )


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
