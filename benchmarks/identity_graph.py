"""The deterministic graph at scale: seconds and memory of the night's own way from links to customers,
checked by scipy.

    python -m benchmarks.identity_graph [--identifiers 1000000] [--links 6700000] [--memory 4g]

A seeded graph like a shop's: nine in ten identifiers in clusters of a few, others in giants of 200, some in
chains of 1,000 (someone who changes browsers one at a time), most links said more than once. The shipped
rules hold: whoever would have more than twenty browsers of a week is replayed link by link. Whatever is
smaller must be scipy's component, nobody may have more, and no link may be lost. A sixteenth of the size is
run first, for the growth.
"""

import argparse
import math
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from benchmarks.online_retail_nights import PeakMemory
from expectations.contracts.identity_rules import load_identity_rules
from spark_jobs.identify.decisions import PAIR_SCHEMA
from spark_jobs.identify.graph.inputs import GraphInputs
from spark_jobs.identify.graph.likeness_links import RECORD_CLUSTER_SCHEMA
from spark_jobs.identify.resolution import resolve_identities
from spark_jobs.identify.rules.link_limits import find_blocked_identifiers
from spark_jobs.lake.queries import open_database

SEED = 20261121
GIANTS, CHAINS = 0.06, 0.04  # shares of the identifiers
GIANT, CHAIN = 200, 1_000
SMALL_MEAN = 5.0
SMALLER = 16
RULES = ("same_event", "same_order", "same_person_record")
MOST = 20  # browsers of one customer within a week, by rules.yml
FIRST_SEEN_US = 1_767_571_200_000_000  # 2026-01-05


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


def measure_graph(graph: RandomGraph, folder: Path, memory: str) -> dict[str, float]:
    """Guard, follow and name the graph as a night does, from parquet to parquet, and check it."""
    folder.mkdir()
    write_graph(graph, folder)
    with PeakMemory() as peak:
        start, cpu = time.monotonic(), time.process_time()
        rules = load_identity_rules()
        identifiers = pq.read_table(folder / "identifiers.parquet").sort_by("identifier_id")
        inputs = GraphInputs(
            identifiers,
            find_blocked_identifiers(identifiers, rules.blocked),
            pq.read_table(folder / "links.parquet"),
            RECORD_CLUSTER_SCHEMA.empty_table(),
            PAIR_SCHEMA.empty_table(),
            PAIR_SCHEMA.empty_table(),
        )
        with open_database(memory) as con:
            followed, whose = resolve_identities(con, inputs, rules)
        pq.write_table(whose, folder / "identities.parquet")
        pq.write_table(followed, folder / "followed.parquet")
        seconds, cpu_seconds = time.monotonic() - start, time.process_time() - cpu
    names = pq.read_table(folder / "identifiers.parquet", columns=["identifier_id"])["identifier_id"]
    if not matches_components(whose, names.combine_chunks(), graph.labels()):
        raise AssertionError("identities differ from scipy's components")
    held = followed["is_followed"].to_numpy()
    if len(held) != inputs.links.num_rows:
        raise AssertionError("links were lost or doubled")
    return {
        "identifiers": graph.n,
        "links": len(graph.a),
        "different": len(held),
        "held": int(len(held) - held.sum()),
        "customers": len(whose["customer_id"].unique()),
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "peak_gib": peak.bytes / 2**30,
    }


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
    parser.add_argument("--memory", default="4g", help="of DuckDB, before it writes to disk")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="identity-graph-") as name:
        folder = Path(name)
        few = draw_shop_like_graph(args.identifiers // SMALLER, args.links // SMALLER)
        small = measure_graph(few, folder / "small", args.memory)
        print_figures("a sixteenth", small)
        graph = draw_shop_like_graph(args.identifiers, args.links)
        large = measure_graph(graph, folder / "large", args.memory)
        print_figures("the graph", large)
        growth = large["cpu_seconds"] / small["cpu_seconds"]
        print(
            f"{SMALLER}× the size took {growth:.1f}× the CPU seconds (size to the power of"
            f" {math.log(growth, SMALLER):.2f})"
        )


if __name__ == "__main__":
    main()
