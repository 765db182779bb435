"""The deterministic graph at scale: seconds, memory and rounds of the night's own way from links to
customers, checked by scipy.

    python -m benchmarks.identity_graph [--identifiers 1000000] [--links 6700000] [--memory 4g] [--no-paths]

A seeded graph like a shop's: nine in ten identifiers in clusters of a few, others in giants of 200, some in
chains of 1,000 (someone who changes browsers one at a time), most links said more than once. The shipped
rules hold: whoever would have more than twenty browsers of a week is replayed link by link. Whatever is
smaller must be scipy's component, nobody may have more, and no link may be lost. A sixteenth of the size is
run first, for the growth; then paths of 10,000 and 100,000 links through the components alone, their nodes
numbered at random and along the path.
"""

import argparse
import logging
import math
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from benchmarks.online_retail_nights import PeakMemory
from expectations.contracts.identity_rules import load_identity_rules
from spark_jobs.identify.graph.components import find_components
from spark_jobs.identify.resolution import GraphInputs, resolve_identities
from spark_jobs.identify.rules.link_limits import find_blocked_identifiers
from spark_jobs.lake.session import start_spark_session

SEED = 20261121
GIANTS, CHAINS = 0.06, 0.04  # shares of the identifiers
GIANT, CHAIN = 200, 1_000
SMALL_MEAN = 5.0
SMALLER = 16
PATHS = (10_000, 100_000)
RULES = ("same_event", "same_order", "same_person_record")
MOST = 20  # browsers of one customer within a week, by rules.yml
FIRST_SEEN_US = 1_767_571_200_000_000  # 2026-01-05


class RoundCounter(logging.Handler):
    """Hears how many rounds the components took; each use starts from nothing."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.number = 0
        log = logging.getLogger("spark_jobs.identify.graph.components")
        log.setLevel(logging.INFO)
        log.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.number = record.args[0]


@dataclass(frozen=True)
class RandomGraph:
    """`n` identifiers and the two ends of each link, as numbers below n that tell nothing about who belongs
    together.
    """

    n: int
    a: np.ndarray
    b: np.ndarray

    def labels(self) -> np.ndarray:
        """scipy's component of each identifier, (n,)."""
        graph = coo_matrix((np.ones(len(self.a), dtype=np.int8), (self.a, self.b)), shape=(self.n, self.n))
        return connected_components(graph, directed=False)[1]


def draw_cluster_sizes(rng: np.random.Generator, n: int) -> tuple[np.ndarray, int]:
    """Sizes that add up to n, the chains last, and how many chains."""
    giants, chains = int(GIANTS * n) // GIANT, int(CHAINS * n) // CHAIN
    left = n - giants * GIANT - chains * CHAIN
    small = rng.geometric(1 / SMALL_MEAN, left)  # more than are needed: each has at least one
    small = small[: np.searchsorted(np.cumsum(small), left) + 1]
    small[-1] -= small.sum() - left
    return np.concatenate([small, np.full(giants, GIANT), np.full(chains, CHAIN)]), chains


def draw_shop_like_graph(n: int, m: int, seed: int = SEED) -> RandomGraph:
    """A graph of n identifiers and m links.

    Raises:
        ValueError: fewer links than the clusters need to hang together.
    """
    rng = np.random.default_rng(seed)
    sizes, chains = draw_cluster_sizes(rng, n)
    first = np.repeat(np.cumsum(sizes) - sizes, sizes)
    size, rank = np.repeat(sizes, sizes), np.arange(n) - first
    in_chain = np.arange(n) >= n - chains * CHAIN
    # what each one was first seen with
    before = np.where(in_chain, rank - 1, (rng.random(n) * rank).astype(np.int64))
    child = np.flatnonzero(rank > 0)
    able = np.flatnonzero((size > 1) & ~in_chain)  # a second link inside a chain would cut it short
    if m < len(child):
        raise ValueError(f"{n:,} identifiers in such clusters need {len(child):,} links, got {m:,}")
    one = able[rng.integers(0, len(able), m - len(child))]
    step = 1 + (rng.random(len(one)) * (size[one] - 1)).astype(np.int64)
    other = first[one] + (rank[one] + step) % size[one]
    name = rng.permutation(n)
    return RandomGraph(
        n, name[np.concatenate([child, one])], name[np.concatenate([first[child] + before[child], other])]
    )


def write_graph(graph: RandomGraph, folder: Path) -> None:
    """`identifiers` and `links` in the columns that the night's rules read, as parquet; every row of links
    another one.
    """
    texts = [f"i_{number * 0x9E3779B97F4A7C15 % (1 << 64):032x}" for number in range(graph.n)]
    names, place = pa.array(texts), np.empty(graph.n, dtype=np.int64)
    place[np.argsort(texts)] = np.arange(graph.n)
    seen = pa.array(FIRST_SEEN_US + np.arange(graph.n) % 86_400 * 1_000_000, pa.timestamp("us", tz="UTC"))
    ids = pa.table(
        {
            "identifier_id": names,
            "kind": ["anonymous_id"] * graph.n,
            "source": ["shop"] * graph.n,
            "value_seen": names,
            "value_normalised": names,
            "first_seen_at": seen,
        }
    )
    pq.write_table(ids, folder / "identifiers.parquet")
    is_low = place[graph.a] < place[graph.b]
    low, high = np.where(is_low, graph.a, graph.b), np.where(is_low, graph.b, graph.a)
    rule = np.arange(len(low)) % len(RULES)
    low, high, rule = np.unique(np.stack([low, high, rule]), axis=1)
    links = pa.table(
        {
            "identifier_id_a": names.take(pa.array(low)),
            "identifier_id_b": names.take(pa.array(high)),
            "rule": pa.array(RULES).take(pa.array(rule)),
            "evidence": names.take(pa.array(low)),
            "weight": np.ones(len(low)),
            "first_seen_at": seen.take(pa.array(high)),
        }
    )
    pq.write_table(links, folder / "links.parquet")
    pa.default_memory_pool().release_unused()  # or it would count as memory of the run that follows


def matches_components(customers: pa.Table, names: pa.Array, labels: np.ndarray, most: int = MOST) -> bool:
    """Whether components of at most so many are one customer each and nobody else's, and no customer holds
    more.
    """
    if customers.num_rows != len(names):
        return False
    ordered = customers.sort_by("identifier_id")
    by_name = np.argsort(names.to_numpy(zero_copy_only=False))
    if not ordered["identifier_id"].combine_chunks().equals(names.take(pa.array(by_name))):
        return False
    customer = np.unique(ordered["customer_id"].to_numpy(), return_inverse=True)[1].astype(np.int64)
    component = labels[by_name].astype(np.int64)
    n_labels = int(labels.max()) + 1
    both, held = np.unique(customer * n_labels + component, return_counts=True)
    in_one_component = len(both) == int(customer.max()) + 1
    is_small = np.bincount(component) <= most
    is_whole = np.bincount(both % n_labels, minlength=n_labels) == 1
    return in_one_component and bool(held.max() <= most) and bool(is_whole[is_small].all())


def measure_graph(
    spark: SparkSession, graph: RandomGraph, folder: Path, rounds: RoundCounter
) -> dict[str, float]:
    """Guard, follow and name the graph as a night does, from parquet to parquet, and check it."""
    folder.mkdir()
    write_graph(graph, folder)
    with PeakMemory() as peak:
        start = time.monotonic()
        identifiers, links = (
            spark.read.parquet(str(folder / f"{name}.parquet")) for name in ("identifiers", "links")
        )
        pair = spark.createDataFrame([], "identifier_id_a string, identifier_id_b string")
        cards, rules = (
            spark.createDataFrame([], "identifier_id string, record_cluster string"),
            load_identity_rules(),
        )
        nobody = find_blocked_identifiers(identifiers, rules.blocked).localCheckpoint()
        followed, whose = resolve_identities(
            GraphInputs(identifiers, nobody, links, cards, pair, pair), rules
        )
        whose.write.parquet(str(folder / "identities"))
        followed.write.parquet(str(folder / "followed"))
        seconds = time.monotonic() - start
    names, labels = (
        pq.read_table(folder / "identifiers.parquet", columns=["identifier_id"])["identifier_id"],
        graph.labels(),
    )
    customers = pq.read_table(folder / "identities")
    if not matches_components(customers, names.combine_chunks(), labels):
        raise AssertionError("identities differ from scipy's components")
    held = pq.read_table(folder / "followed", columns=["is_followed"])["is_followed"]
    if len(held) != pq.read_metadata(folder / "links.parquet").num_rows:
        raise AssertionError("links were lost or doubled")
    for frame in (followed, whose):
        frame.unpersist()
    return {
        "identifiers": graph.n,
        "links": len(graph.a),
        "different": len(held),
        "held": len(held) - sum(held.to_numpy()),
        "customers": len(customers["customer_id"].unique()),
        "seconds": seconds,
        "rounds": rounds.number,
        "peak_gib": peak.bytes / 2**30,
    }


def measure_path(spark: SparkSession, n_links: int, in_order: bool, rounds: RoundCounter) -> dict[str, float]:
    """One chain of so many links: it must end as one component under its smallest node."""
    nodes = np.arange(n_links + 1) if in_order else np.random.default_rng(SEED).permutation(n_links + 1)
    chain = pa.table({"a": nodes[:-1], "b": nodes[1:]}).to_pandas()
    start = time.monotonic()
    found = (
        find_components(spark.createDataFrame(chain))
        .agg(F.count("node"), F.countDistinct("node"), F.max("root"))
        .first()
    )
    if tuple(found) != (n_links + 1, n_links + 1, 0):
        raise AssertionError(f"a path of {n_links:,} links came apart: {tuple(found)}")
    return {"links": n_links, "seconds": time.monotonic() - start, "rounds": rounds.number}


def print_figures(what: str, figures: dict[str, float]) -> None:
    told = (
        f"{name} {value:,.2f}" if isinstance(value, float) else f"{name} {value:,}"
        for name, value in figures.items()
    )
    print(f"{what}: {', '.join(told)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--identifiers", type=int, default=1_000_000)
    parser.add_argument(
        "--links", type=int, default=6_700_000, help="sightings: three in four are different links"
    )
    parser.add_argument("--memory", default="4g", help="of Spark's driver")
    parser.add_argument("--no-paths", dest="paths", action="store_false")
    args = parser.parse_args()
    rounds = RoundCounter()
    spark = start_spark_session("identity_graph", "local[2]", args.memory)
    with tempfile.TemporaryDirectory(prefix="identity-graph-") as name:
        folder = Path(name)
        # a JVM's first plan takes seconds whatever its size
        measure_graph(spark, draw_shop_like_graph(2_000, 10_000), folder / "warm", rounds)
        small = measure_graph(
            spark,
            draw_shop_like_graph(args.identifiers // SMALLER, args.links // SMALLER),
            folder / "small",
            rounds,
        )
        print_figures("a sixteenth", small)
        large = measure_graph(
            spark, draw_shop_like_graph(args.identifiers, args.links), folder / "large", rounds
        )
        print_figures("the graph", large)
        growth = large["seconds"] / small["seconds"]
        print(
            f"{SMALLER}× the size took {growth:.1f}× the seconds (size to the power of"
            f" {math.log(growth, SMALLER):.2f})"
        )
        for n_links in PATHS if args.paths else ():
            for in_order in (False, True):
                print_figures(
                    f"a path numbered {'along it' if in_order else 'at random'}",
                    measure_path(spark, n_links, in_order, rounds),
                )
    spark.stop()


if __name__ == "__main__":
    main()
