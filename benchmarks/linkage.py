"""The whole protocol over the historical figures: 5 splits of the people, thresholds on one half, figures on
the other.

    python -m benchmarks.linkage ../shared/data/identity/historical_figures_50k.parquet [--splits 5]
    [--shuffle 1]

Rows are shuffled and renumbered first. Linking runs once, over all records (it sees no label); a split
decides on which people thresholds are chosen and on which they are judged. Precision counts wrong pairs with
the other half's people too.

    python -m benchmarks.linkage --shop-customers 20000 --seed 303 [--shop-days 45]

The same code, not tuned to it, over the sample shop's customer file as it is on its last day: cards typed
twice, with slips, families under one name and address, placeholders where a contact is missing. No label is
used, and no threshold is chosen: it is linked as a home's first night does, under the model that ships, which
knows another shop's weights and none of this one's.
"""

import argparse
import json
import resource
import tempfile
import time
from hashlib import sha256
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from expectations.contracts.identity_rules import IdentityRules, is_blocked_value
from expectations.contracts.identity_rules import load_identity_rules as load_rules
from expectations.contracts.phones import format_e164
from sample_shop.crm import HEADER
from sample_shop.shop import Shop
from spark_jobs.linkage import boosted
from spark_jobs.linkage.choose import choose, try_all
from spark_jobs.linkage.cluster import Thresholds, cluster, round_score
from spark_jobs.linkage.comparisons import HISTORICAL_FIGURES
from spark_jobs.linkage.evaluate import adjusted_rand, b_cubed, calibration_error, pairwise
from spark_jobs.linkage.labelled import labelled_features, train_labelled
from spark_jobs.linkage.link import relink
from spark_jobs.linkage.model import LinkageModel
from spark_jobs.linkage.nightly import KEY, load_records
from spark_jobs.linkage.people import row_numbers
from spark_jobs.linkage.train import train
from spark_jobs.linkage.update import update
from spark_jobs.linkage.vectors import read_vectors


def load(con: duckdb.DuckDBPyConnection, path: str, shuffle: int) -> None:
    con.execute(f"create table source as select *, row_number() over () as position from '{path}'")
    n = con.execute("select count(*) from source").fetchall()[0][0]
    numbers = np.random.default_rng(shuffle).permutation(n)
    con.register("mixed", pa.table({"position": np.arange(1, n + 1), "number": numbers}))
    con.execute("""
        create table records as
        select lpad(number::varchar, 6, '0') as rid, source.*
        from source join mixed using (position) order by rid
    """)
    con.unregister("mixed")


def figures(clusters: np.ndarray, person: np.ndarray, judged: np.ndarray) -> list[float]:
    p, b = pairwise(clusters, person, judged), b_cubed(clusters, person, judged)
    return [p["precision"], p["recall"], p["f1"], b["precision"], b["recall"], b["f1"]]


def within(clusters: np.ndarray, person: np.ndarray, judged: np.ndarray) -> list[float]:
    """The same, judged records only: wrong pairs with the other half do not count."""
    return figures(clusters[judged], person[judged], np.ones(judged.sum()))


def partition_digest(clusters: np.ndarray, names: np.ndarray) -> str:
    """Equal for equal partitions, whatever the rows' order and numbers."""
    groups: dict[int, list[str]] = {}
    for root, name in zip(clusters.tolist(), names.tolist(), strict=True):
        groups.setdefault(root, []).append(name)
    return sha256(json.dumps(sorted(sorted(group) for group in groups.values())).encode()).hexdigest()[:16]


def show(name: str, rows: list[list[float]]) -> None:
    mean, spread = np.mean(rows, axis=0), np.std(rows, axis=0)
    print(
        f"{name:34s} " + " ".join(f"{m:.4f}±{s:.4f}" for m, s in zip(mean, spread, strict=True)), flush=True
    )


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("path", nargs="?", help="the historical figures")
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--shuffle", type=int, default=1)
    parser.add_argument("--no-labels", action="store_true")
    parser.add_argument(
        "--shop-customers", type=int, help="instead: the customer file of a sample shop of this size"
    )
    parser.add_argument("--shop-days", type=int, default=45)
    parser.add_argument("--seed", type=int, default=303, help="of the shop")
    options = parser.parse_args()
    if (options.path is None) == (options.shop_customers is None):
        parser.error("either the path of the historical figures or --shop-customers")
    con = duckdb.connect(f"{tempfile.mkdtemp()}/link.db", config={"threads": 1, "memory_limit": "1200MB"})
    if options.shop_customers:
        person = load_shop(con, options.shop_customers, options.seed, options.shop_days, options.shuffle)
        judge_shop(con, person)
    else:
        load(con, options.path, options.shuffle)
        judge_figures(con, options)


def load_shop(
    con: duckdb.DuckDBPyConnection, customers: int, seed: int, days: int, shuffle: int
) -> dict[str, int]:
    """Table `records`: the customer file of the last day under mixed record ids, empty fields null. Returns
    id → true person.
    """
    shop = Shop(
        seed, customers, Path("unused"), Path("unused"), write_from=days
    )  # no day is written: the file is read as it is
    for _ in range(days):
        shop.trade_day()
    cards = shop.crm.records
    order = (
        np.random.default_rng(shuffle).permutation(len(cards)).tolist()
    )  # a second card is made right behind the first
    columns = {name: [cards[k][name] or None for k in order] for name in HEADER}
    ids = [f"{number:07d}" for number in range(len(order))]
    con.register(
        "mixed",
        pa.table({"rid": ids, **{name: pa.array(values, pa.string()) for name, values in columns.items()}}),
    )
    con.execute("create table records as from mixed")
    con.unregister("mixed")
    return {rid: shop.crm.owner[k] for rid, k in zip(ids, order, strict=True)}


def as_compared(record: dict, rules: IdentityRules) -> dict:
    """The record as a night compares it: phone as E.164, and no contact that nobody stands behind."""
    email, phone = (record["email"] or "").lower() or None, format_e164(record["phone"], record["country"])
    kept = {
        kind: value if value and not is_blocked_value(kind, value, rules.blocked) else None
        for kind, value in (("email", email), ("phone", phone))
    }
    return {**record, **kept, "source": "shop", "record_id": record["rid"]}


def judge_shop(con: duckdb.DuckDBPyConnection, whose: dict[str, int]) -> dict[str, float]:
    """Link and judge table `records` as a home's first night does. Prints, and returns the figures."""
    rules = load_rules()
    model = LinkageModel.shipped().held_to(rules.review, rules.link)
    compared = [as_compared(row, rules) for row in con.sql("from records").to_arrow_table().to_pylist()]
    load_records(con, pa.Table.from_pylist(compared), model, rules.too_common)
    begun = time.time()
    relink(con, model, "records", KEY)
    linked = time.time() - begun
    left, right, features = read_vectors(con, "scored")
    ids = dict(con.execute("select idx, record_key from people").fetchall())
    person = {idx: whose[key.partition("/")[2]] for idx, key in ids.items()}
    same = np.array([person[a] == person[b] for a, b in zip(left.tolist(), right.tolist(), strict=True)])
    probability = boosted.predict(boosted.load(model.boosted), features)
    got = con.execute("select record_key, cluster_key from clusters").fetchnumpy()
    truth = np.array([whose[key.partition("/")[2]] for key in got["record_key"].tolist()])
    names = ("precision", "recall", "f1", "b_cubed_precision", "b_cubed_recall", "b_cubed_f1")
    found = dict(zip(names, figures(got["cluster_key"], truth, np.ones(len(truth))), strict=True))
    true = sum(k * (k - 1) // 2 for k in np.bincount(truth).tolist())
    found |= {
        "recall_of_blocking": same.sum() / max(true, 1),
        "calibration_error": calibration_error(probability, same),
    }
    print(
        f"{len(truth):,} records, {true:,} pairs of one person, {len(left):,} candidates; {linked:.1f} s,"
        f" {peak():.2f} GB"
    )
    for name, figure in found.items():
        print(f"{name:<20} {figure:.4f}")
    return found


def judge_figures(con: duckdb.DuckDBPyConnection, options: argparse.Namespace) -> None:
    """The whole protocol over the historical figures in table `records`."""
    start = time.time()
    model = train(con, "records", "rid", HISTORICAL_FIGURES)
    print(f"train {time.time() - start:.1f} s, peak {peak():.2f} GB", flush=True)
    begun = time.time()
    left, right, features = read_vectors(con, "scored")
    rows = row_numbers(con, "people")
    n, left, right = len(rows), np.searchsorted(rows, left), np.searchsorted(rows, right)
    probability = boosted.predict(model.boosted, features)
    score = round_score(boosted.bits(probability))
    default = cluster(left, right, score, n, Thresholds())
    print(
        f"score and cluster {time.time() - begun:.1f} s, train to clusters {time.time() - start:.1f} s, peak"
        f" {peak():.2f} GB",
        flush=True,
    )
    got = con.execute("""
        select r.cluster, r.unique_id
        from people as p join records as r on r.rid = p.record_key order by p.idx
    """).fetchnumpy()
    person = np.unique(got["cluster"].astype(str), return_inverse=True)[1]
    everyone = np.ones(n)
    same = person[left] == person[right]
    true = sum(k * (k - 1) / 2 for k in np.bincount(person))
    print(
        f"candidate pairs {len(left):,}, recall of pairs {same.sum() / true:.4f}, "
        f"above the floor {(score > Thresholds().floor).sum():,}"
    )
    raw = 1 / (1 + np.exp2(-features[:, 0].astype(float)))
    near = (probability > 0.01) & (probability < 0.99)
    print(
        f"calibration error, all candidate pairs, 10 / 15 bins: raw {calibration_error(raw, same, 10):.4f} /"
        f" {calibration_error(raw, same):.4f}, self-trained {calibration_error(probability, same, 10):.4f} /"
        f" {calibration_error(probability, same):.4f}; only the {near.sum():,} pairs in .01-.99:"
        f" {calibration_error(probability[near], same[near]):.4f}"
    )
    show("default thresholds, everyone", [figures(default, person, everyone)])
    print("partition of the source's rows, digest", partition_digest(default, got["unique_id"]))

    begun = time.time()
    clusterings = try_all(left, right, score, n)
    print(f"{len(clusterings)} threshold settings tried in {time.time() - begun:.1f} s")
    rows, rows_within, labelled_rows, labelled_within, errors = [], [], [], [], []
    for split in range(options.splits):
        known = (np.random.default_rng(100 + split).random(person.max() + 1) < 0.5)[person]
        limits = choose(clusterings, person, known)
        rows.append(figures(clusterings[limits], person, ~known))
        rows_within.append(within(clusterings[limits], person, ~known))
        print("  split", split, limits, [f"{v:.4f}" for v in rows[-1]], flush=True)
        if options.no_labels:
            continue
        begun = time.time()
        more = labelled_features(left, right, features, score, default)
        booster = train_labelled(left, right, more, person, known)
        p = boosted.predict(booster, more)
        del more
        seconds = time.time() - begun
        s = round_score(boosted.bits(p))
        tried = try_all(left, right, s, n)
        limits = choose(tried, person, known)
        labelled_rows.append(figures(tried[limits], person, ~known))
        labelled_within.append(within(tried[limits], person, ~known))
        judged = ~known[left] & ~known[right]
        errors.append(
            [calibration_error(p[judged], same[judged], 10), calibration_error(p[judged], same[judged])]
        )
        print(
            "    labelled",
            limits,
            [f"{v:.4f}" for v in labelled_rows[-1]],
            f"ece {errors[-1][1]:.4f}, {seconds:.1f} s",
            flush=True,
        )
    print(f"{'':34s} pairwise P / R / F1, B-cubed P / R / F1 (mean ± sd over splits)")
    show("no labels", rows)
    show("no labels, within the half", rows_within)
    if labelled_rows:
        show("labels of the other half", labelled_rows)
        show("labels, within the half", labelled_within)
        print("calibration error with labels, 10 / 15 bins", np.mean(errors, axis=0))
    print(f"peak {peak():.2f} GB")
    del features

    incremental(con, model)
    print(f"peak {peak():.2f} GB")


def incremental(con: duckdb.DuckDBPyConnection, model: LinkageModel) -> None:
    """1 % of the records arrive last: the same clusters as relinking all under the same frozen model?"""
    con.execute("create table old as from records where hash(rid) % 100 <> 0")
    begun = time.time()
    relink(con, model, "records", "rid")
    full = time.time() - begun
    want = con.execute("select record_key, cluster_key from clusters order by 1").fetchnumpy()
    pairs = con.execute("select key_l, key_r, score from linked_pairs order by all").fetchnumpy()
    relink(con, model, "old", "rid")
    begun = time.time()
    updated = update(con, model, "records", "rid")
    seconds = time.time() - begun
    got = con.execute("select record_key, cluster_key from clusters order by 1").fetchnumpy()
    again = con.execute("select key_l, key_r, score from linked_pairs order by all").fetchnumpy()
    equal = all(np.array_equal(pairs[c], again[c]) for c in pairs)
    print(
        f"incremental: {updated.n_new} new records {seconds:.2f} s, full relink under the frozen model"
        f" {full:.2f} s ({seconds / full:.1%}); {updated.n_clustered_again:,} records clustered again; pairs"
        f" equal {equal}, clusters equal {np.array_equal(want['cluster_key'], got['cluster_key'])}, ARI"
        f" {adjusted_rand(want['cluster_key'], got['cluster_key'])}"
    )


if __name__ == "__main__":
    main()
