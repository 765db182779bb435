"""The customer of each identifier: `customer_id` is a function of the cluster alone, not of the order in
which its links arrived.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts.identifiers import derive_customer_id

# the id last: two sources may share a value
EARLIEST_FIRST = ("first_seen_at", "kind", "value_normalised", "identifier_id")


def build_customer_id_sql(identifier: str) -> str:
    """`expectations.contracts.identifiers.derive_customer_id` in SQL."""
    return f"('c_' || substr(sha256({identifier}), 1, 24))"


def assign_customers(identifiers: pa.Table, roots: np.ndarray, blocked: pa.Array) -> pa.Table:
    """One row per identifier that is not blocked, singletons too; columns of `core_identities`.

    Args:
        identifiers: `core_identifiers`; the earliest of a cluster (first seen, then kind, then value) founds
            it.
        roots: per identifier, one of its cluster, as `cluster_identifiers` gives them.
        blocked: ids of those that an identity rule blocks: they are no customer, and in no cluster.
    """
    keys = [(name, "ascending", "at_start") for name in EARLIEST_FIRST]
    order = pc.sort_indices(identifiers.select(EARLIEST_FIRST), sort_keys=keys).to_numpy()
    _, place, cluster = np.unique(roots[order], return_index=True, return_inverse=True)
    founders = identifiers["identifier_id"].take(pa.array(order[place])).to_pylist()
    customers = pa.array([derive_customer_id(founder) for founder in founders], pa.string())
    number = np.empty(len(roots), dtype=np.int64)
    number[order] = cluster
    whose = pa.table(
        [identifiers["identifier_id"], customers.take(pa.array(number))],
        names=["identifier_id", "customer_id"],
    )
    return whose.filter(pc.invert(pc.is_in(whose["identifier_id"], value_set=blocked)))
