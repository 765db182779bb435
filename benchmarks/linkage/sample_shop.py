"""Linkage measured on the sample shop's customer file, with the shop's truth as labels.

No label is used and no threshold chosen: it is linked as a home's first night does, under the shipped model.
"""

import resource
import time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from benchmarks.linkage.cluster_metrics import measure_calibration_error, summarise_clusters
from expectations.contracts.identity_rules import IdentityRules, is_blocked_value, load_identity_rules
from expectations.contracts.phones import format_e164
from sample_shop.crm import PEOPLE_HEADER
from sample_shop.shop import Shop
from spark_jobs.linkage import boosted
from spark_jobs.linkage.link import link_all_records
from spark_jobs.linkage.model import LinkageModel
from spark_jobs.linkage.state import RECORDS, load_person_records
from spark_jobs.linkage.vectors import read_feature_vectors


def read_peak_gb() -> float:
    """Peak memory of this process, GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def load_customer_file(
    con: duckdb.DuckDBPyConnection, customers: int, seed: int, days: int, shuffle: int
) -> dict[str, int]:
    """Table `records`: the customer file of the last day under mixed record ids, empty fields null. Returns
    id → true person.
    """
    # no day is written: the file is read as it is
    shop = Shop(seed, customers, Path("unused"), Path("unused"), write_from=days)
    shop.trade_until(days - 1)
    cards = shop.crm.records
    # a second card is made right behind the first
    order = np.random.default_rng(shuffle).permutation(len(cards)).tolist()
    columns = {name: [cards[k][name] or None for k in order] for name in PEOPLE_HEADER}
    ids = [f"{number:07d}" for number in range(len(order))]
    con.register(
        "mixed",
        pa.table({"rid": ids, **{name: pa.array(values, pa.string()) for name, values in columns.items()}}),
    )
    con.execute("create table records as from mixed")
    con.unregister("mixed")
    return {rid: shop.crm.owner[k] for rid, k in zip(ids, order, strict=True)}


def prepare_contacts(record: dict, rules: IdentityRules) -> dict:
    """The record as a run compares it: phone as E.164, and no contact that nobody stands behind."""
    email, phone = (record["email"] or "").lower() or None, format_e164(record["phone"], record["country"])
    contacts = {
        kind: value if value and not is_blocked_value(kind, value, rules.blocked) else None
        for kind, value in (("email", email), ("phone", phone))
    }
    return {**record, **contacts, "source": "shop", "record_id": record["rid"]}


def measure_shop(con: duckdb.DuckDBPyConnection, person_of: dict[str, int]) -> dict[str, float]:
    """Link and judge table `records` as a home's first night does. Prints, and returns the figures."""
    rules = load_identity_rules()
    model = LinkageModel.load_shipped().with_probabilities(rules.likeness.review, rules.likeness.link)
    compared = [prepare_contacts(row, rules) for row in con.sql("from records").to_arrow_table().to_pylist()]
    load_person_records(con, pa.Table.from_pylist(compared), rules.likeness.too_common)
    begun = time.time()
    link_all_records(con, model, RECORDS)
    linked = time.time() - begun
    left, right, features = read_feature_vectors(con, "scored")
    ids = dict(con.execute("select idx, record_key from people").fetchall())
    person = {idx: person_of[key.partition("/")[2]] for idx, key in ids.items()}
    same = np.array([person[a] == person[b] for a, b in zip(left.tolist(), right.tolist(), strict=True)])
    probability = boosted.predict_match_probability(boosted.load_booster(model.boosted), features)
    clusters = con.execute("select record_key, cluster_key from clusters").fetchnumpy()
    truth = np.array([person_of[key.partition("/")[2]] for key in clusters["record_key"].tolist()])
    names = ("precision", "recall", "f1", "b_cubed_precision", "b_cubed_recall", "b_cubed_f1")
    figures = dict(
        zip(names, summarise_clusters(clusters["cluster_key"], truth, np.ones(len(truth))), strict=True)
    )
    true = sum(k * (k - 1) // 2 for k in np.bincount(truth).tolist())
    figures |= {
        "recall_of_blocking": same.sum() / max(true, 1),
        "calibration_error": measure_calibration_error(probability, same),
    }
    print(
        f"{len(truth):,} records, {true:,} pairs of one person, {len(left):,} candidates; {linked:.1f} s,"
        f" {read_peak_gb():.2f} GB"
    )
    for name, figure in figures.items():
        print(f"{name:<20} {figure:.4f}")
    return figures
