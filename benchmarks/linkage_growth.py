"""What linkage costs as a shop grows: everything from nothing, and a night with 1 % new records, under the
shipped model:

    python -m benchmarks.linkage_growth [--records 50000 200000 1000000] [--threads 2]

Records are a sample shop's customer file. Both ways end in the same tables, which is checked. Peak memory is
of the process so far, so sizes should ascend; it counts the making of the records too (about 1.5 GB for
1,000,000).
"""

import argparse
import resource
import tempfile
import time
from dataclasses import replace

import duckdb

from benchmarks.shipped_linkage_model import load_customer_file
from sample_shop.customer_file import make_customer_file
from spark_jobs.linkage.link import link_all_records
from spark_jobs.linkage.model import LinkageModel
from spark_jobs.linkage.profile import RecordTable
from spark_jobs.linkage.shop_profile import SHOP_PEOPLE
from spark_jobs.linkage.update import update_links

SEED, DAYS = 505, 5
CUSTOMERS_PER_RECORD = 1.75  # of the first days; the rest of a file is cut off
DIGESTS = {
    "people": "idx, record_key, order_key, source_hash",
    "linked_pairs": "key_l, key_r, score, match_weight, agreements",
    "clusters": "record_key, cluster_key",
}


def hash_tables(con: duckdb.DuckDBPyConnection) -> list[tuple]:
    """Row count and order-free hash of each table."""
    digest = "select count(*), bit_xor(hash({0})), sum(hash({0})::hugeint % 1000003) from {1}"
    return [con.execute(digest.format(columns, table)).fetchall()[0] for table, columns in DIGESTS.items()]


def measure_size(n: int, threads: int) -> None:
    """One line: seconds of both ways, their ratio, equality, peak memory."""
    model = LinkageModel.load_shipped()
    with (
        tempfile.TemporaryDirectory() as folder,
        duckdb.connect(f"{folder}/state.duckdb", config={"threads": threads}) as con,
    ):
        load_customer_file(con, make_customer_file(SEED, int(n * CUSTOMERS_PER_RECORD), DAYS)[:n])
        n_records = con.execute("select count(*) from records").fetchall()[0][0]
        con.execute("create table everyone as from records")
        everyone = RecordTable("everyone", "crm_id", SHOP_PEOPLE)
        start = time.monotonic()
        link_all_records(con, model, everyone)
        full = time.monotonic() - start
        n_pairs, want = con.execute("select count(*) from pairs").fetchall()[0][0], hash_tables(con)
        con.execute("create table most as from everyone where hash(crm_id) % 100 <> 0")
        link_all_records(con, model, replace(everyone, name="most"))
        start = time.monotonic()
        got = update_links(con, model, everyone)
        seconds = time.monotonic() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(
            f"{n_records:,} records, {n_pairs:,} candidate pairs: all {full:.1f} s; {got.n_new:,} new"
            f" {seconds:.2f} s ({seconds / full:.1%}), {got.n_clustered_again:,} clustered again; tables"
            f" equal: {hash_tables(con) == want}; peak {peak:.2f} GB",
            flush=True,
        )


def main() -> None:
    """Measure each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, nargs="*", default=[50_000, 200_000, 1_000_000])
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    for n in args.records:
        measure_size(n, args.threads)


if __name__ == "__main__":
    main()
