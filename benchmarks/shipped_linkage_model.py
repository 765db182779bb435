"""Make the linkage model that every home starts with, and say how good it is on shops it has not seen:

    python -m benchmarks.shipped_linkage_model [--write] [--judge 202 303]

It is learned from the sample shop's customer file (40,000 customers, seed 101, 30 days), with the shop's
truth of who is who, and holds weights only. Judged are the clusters of records of other shops under it, and
under a model re-estimated there from what it links, at several thresholds; figures are pairwise, over records
of the customer file.
"""

import argparse
from dataclasses import replace

import duckdb
import numpy as np
import pyarrow as pa

from benchmarks.linkage.cluster_metrics import score_pairwise
from sample_shop.customer_file import make_customer_file
from spark_jobs.linkage.cluster import ClusterThresholds
from spark_jobs.linkage.link import link_all_records
from spark_jobs.linkage.model import SHIPPED_MODEL, LinkageModel
from spark_jobs.linkage.profile import RecordTable
from spark_jobs.linkage.refit import fit_on_known_pairs
from spark_jobs.linkage.shipped_model import fit_shipped_model
from spark_jobs.linkage.shop_profile import SHOP_PEOPLE

SEED, CUSTOMERS, DAYS = 101, 40_000, 30
RECORDS = RecordTable("records", "crm_id", SHOP_PEOPLE)
TRIED = (0.0, 1.0, 2.0, 4.0)


def load_customer_file(con: duckdb.DuckDBPyConnection, table: pa.Table) -> None:
    """Write table `records`."""
    con.register("given", table)
    con.execute("create or replace table records as from given")
    con.unregister("given")


def measure_pairwise(con: duckdb.DuckDBPyConnection, model: LinkageModel) -> dict[str, float]:
    """Link table `records`; pairwise precision, recall and F1."""
    link_all_records(con, model, RECORDS)
    got = con.execute(
        "select cluster_key, person from clusters join records on crm_id = record_key"
    ).fetchnumpy()
    return score_pairwise(
        np.unique(got["cluster_key"].astype(str), return_inverse=True)[1], np.asarray(got["person"])
    )


def print_by_threshold(con: duckdb.DuckDBPyConnection, name: str, model: LinkageModel) -> None:
    """One line a threshold."""
    for bits in TRIED:
        got = measure_pairwise(con, replace(model, thresholds=ClusterThresholds(join=bits, attach=bits)))
        print(
            f"{name}, join at {bits:.0f} bits: precision {got['precision']:.4f} recall {got['recall']:.4f}",
            flush=True,
        )


def main() -> None:
    """Make the model; write it where it ships from when asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"write {SHIPPED_MODEL.name}")
    parser.add_argument(
        "--judge",
        type=int,
        nargs="*",
        default=[202, 303, 404],
        help="seeds of shops of 4,000 customers, 45 days",
    )
    args = parser.parse_args()
    con = duckdb.connect(config={"threads": 1})
    load_customer_file(con, make_customer_file(SEED, CUSTOMERS, DAYS))
    truth = "(select crm_id as record_key, person from records)"
    model = fit_shipped_model(con, RECORDS, truth)
    print(f"model {model.fingerprint}, {len(model.to_json()):,} bytes")
    if args.write:
        model.save(SHIPPED_MODEL)
    for seed in args.judge:
        load_customer_file(con, make_customer_file(seed, 4000, 45))
        print_by_threshold(con, f"seed {seed}, this model", model)
        link_all_records(con, model, RECORDS)
        linked = "(select record_key, cluster_key as person from clusters)"
        print_by_threshold(
            con,
            f"seed {seed}, re-estimated",
            fit_on_known_pairs(con, RECORDS, linked, model.thresholds),
        )


if __name__ == "__main__":
    main()
