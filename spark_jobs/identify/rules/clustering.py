"""From links that may be followed to clusters: connected components, and a replay of those beyond a limit.

A group within a component holds no more of anything than the component, so where the whole breaks no limit
and parts no pair that was decided to be two, no step of a replay would: components are the replay's answer,
at the price of a few joins. The rest (a robot's thousand cookies, two accounts on one card) is replayed link
by link, each component by itself.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts.identity_rules import IdentityRules
from expectations.contracts.lake import CORE_IDENTITY_LINKS
from spark_jobs.identify.graph.links import LINK_SCHEMA, PAIR_COLUMNS
from spark_jobs.identify.graph.positions import find_positions
from spark_jobs.identify.rules.replay import IdentifierNode, Link, replay_links
from spark_jobs.linkage.components import find_components

LINK_COLUMNS = list(CORE_IDENTITY_LINKS.columns)


def number_sorts(identifiers: pa.Table, rules: IdentityRules) -> tuple[np.ndarray, np.ndarray]:
    """Per identifier the number of its kind and source; per such number how many one customer may hold."""
    kind, source = (
        pc.dictionary_encode(pc.fill_null(identifiers[name], "")).combine_chunks()
        for name in ("kind", "source")
    )
    n_sources = max(1, len(source.dictionary))
    most = [rules.limit_of(name).at_most for name in kind.dictionary.to_pylist()]
    sort_of = kind.indices.to_numpy().astype(np.int64) * n_sources + source.indices.to_numpy()
    return sort_of, np.repeat(np.array(most, dtype=np.int64), n_sources)


def find_roots_beyond_limits(
    roots: np.ndarray, identifiers: pa.Table, splits: pa.Table, rules: IdentityRules
) -> np.ndarray:
    """The roots of components that hold more than one person may, or both ends of a split.

    A limit over a window counts here without its window: who is below is below in any window, and the replay
    looks closer.
    """
    sort_of, most = number_sorts(identifiers, rules)
    n_sorts = max(1, len(most))
    held, n_held = np.unique(roots * n_sorts + sort_of, return_counts=True)
    too_many = held[n_held > most[held % n_sorts]] // n_sorts if len(held) else held
    ids = identifiers["identifier_id"].combine_chunks()
    a, b = (find_positions(splits[name], ids) for name in PAIR_COLUMNS)
    both_known = (a >= 0) & (b >= 0)
    a, b = a[both_known], b[both_known]
    return np.union1d(too_many, roots[a][roots[a] == roots[b]])


def replay_components(
    links: pa.Table, roots: np.ndarray, identifiers: pa.Table, splits: pa.Table, rules: IdentityRules
) -> Iterator[tuple[np.ndarray, list[str | None], dict[str, str]]]:
    """The rows of one component's links after the other, what holds each after a replay, and for each
    identifier in it the smallest that it still reaches.

    Args:
        links: those of the components to replay.
        roots: per link, the component it stands in.
        identifiers: those of the components, at least.
    """
    order = np.argsort(roots, kind="stable")
    columns = ["identifier_id", "kind", "source", "first_seen_at"]
    about = identifiers.select(columns).to_pylist()
    nodes = {name: IdentifierNode(*rest) for name, *rest in (row.values() for row in about)}
    pairs = [tuple(row.values()) for row in splits.select(PAIR_COLUMNS).to_pylist()]
    ordered = links.select(LINK_SCHEMA.names).take(pa.array(order)).combine_chunks()
    for rows in np.split(order, np.flatnonzero(np.diff(roots[order])) + 1) if len(order) else ():
        of_component = [Link(*row.values()) for row in ordered.slice(0, len(rows)).to_pylist()]
        ordered = ordered.slice(len(rows))
        names = {end for link in of_component for end in (link.a, link.b)}
        inside = [pair for pair in pairs if not names.isdisjoint(pair)]
        result = replay_links(of_component, {name: nodes[name] for name in names}, rules, inside)
        yield rows, [result.held.get(link) for link in of_component], result.roots


def cluster_identifiers(
    links: pa.Table, identifiers: pa.Table, splits: pa.Table, rules: IdentityRules
) -> tuple[pa.Table, np.ndarray]:
    """Clusters of identifiers by the links that may be followed.

    Args:
        links: with `held_by`, as `mark_held_links` gives them.
        identifiers: `core_identifiers`, in the order of their ids.
        splits: `identifier_id_a, identifier_id_b`: pairs that a decision splits.

    Returns:
        The links in the columns of `core_identity_links`; and per identifier the row of the smallest of its
        cluster.

    Raises:
        ValueError: a link leads to an identifier that is not there.
    """
    ids = identifiers["identifier_id"].combine_chunks()
    a, b = (find_positions(links[name], ids) for name in PAIR_COLUMNS)
    if min(a.min(initial=0), b.min(initial=0)) < 0:
        raise ValueError("a link leads to an identifier that core_identifiers does not hold")
    is_open = pc.is_null(links["held_by"]).to_numpy(zero_copy_only=False)
    roots = find_components(a[is_open], b[is_open], len(ids))
    beyond = find_roots_beyond_limits(roots, identifiers, splits, rules)
    again = np.flatnonzero(is_open & np.isin(roots[a], beyond))
    members = np.flatnonzero(np.isin(roots, beyond))
    number = dict(zip(ids.take(pa.array(members)).to_pylist(), members.tolist(), strict=True))
    reasons = np.full(links.num_rows, None, dtype=object)
    for rows, held_by, reached in replay_components(
        links.take(pa.array(again)), roots[a[again]], identifiers.take(pa.array(members)), splits, rules
    ):
        reasons[again[rows]] = held_by
        for name, root in reached.items():
            roots[number[name]] = number[root]
    held_by = pc.coalesce(links["held_by"], pa.array(reasons, pa.string()))
    links = links.drop_columns("held_by").append_column("held_by", held_by)
    return links.append_column("is_followed", pc.is_null(held_by)).select(LINK_COLUMNS), roots
