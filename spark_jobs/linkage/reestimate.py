"""`make identity-model`: re-estimate the linkage model on this home's people, and report what would change.

A night never fits the model: its tables would hang on which night came first. An operator starts this
instead. Nothing is written without `--apply`; with it, the next night links everything anew under the new
model, and the old one stays beside it.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from math import log2
from pathlib import Path

import duckdb
import pyarrow as pa

from expectations.contracts.identity_rules import load_identity_rules
from expectations.contracts.lake import CORE_IDENTIFIERS, CORE_PEOPLE
from spark_jobs.lake.tables import Lake
from spark_jobs.linkage.blocked_contacts import IDENTIFIER_COLUMNS, mask_blocked_contacts
from spark_jobs.linkage.home_model import HOME_MODEL, load_home_model
from spark_jobs.linkage.link import link_all_records
from spark_jobs.linkage.model import LinkageModel
from spark_jobs.linkage.refit import fit_on_known_pairs
from spark_jobs.linkage.state import RECORDS, load_person_records
from spark_jobs.settings import Settings


class ReestimateError(RuntimeError):
    """There is nothing to estimate from; the message says what is missing."""


@dataclass(frozen=True)
class ClusterChange:
    """What another model changes in the clusters of the same records.

    Attributes:
        n_merged: new clusters that hold records of several old ones.
        n_split: old clusters whose records several new ones hold.
        n_records: records whose cluster has other members than before.
    """

    n_pairs_before: int
    n_pairs_after: int
    n_merged: int
    n_split: int
    n_records: int


def count_pairs_within_clusters(clusters: dict[str, str]) -> int:
    """How many pairs of records share a cluster; `clusters` is record → cluster."""
    return sum(len(members) * (len(members) - 1) // 2 for members in group_by_cluster(clusters).values())


def group_by_cluster(clusters: dict[str, str]) -> dict[str, frozenset[str]]:
    """Cluster → its records; `clusters` is record → cluster."""
    members = defaultdict(set)
    for record, cluster in clusters.items():
        members[cluster].add(record)
    return {cluster: frozenset(records) for cluster, records in members.items()}


def compare_clusterings(before: dict[str, str], after: dict[str, str]) -> ClusterChange:
    """How two clusterings of the same records differ; both are record → cluster."""
    old, new = group_by_cluster(before), group_by_cluster(after)
    return ClusterChange(
        count_pairs_within_clusters(before),
        count_pairs_within_clusters(after),
        sum(len({before[record] for record in members}) > 1 for members in new.values()),
        sum(len({after[record] for record in members}) > 1 for members in old.values()),
        sum(old[before[record]] != new[after[record]] for record in before),
    )


def read_level_weights(model: LinkageModel) -> dict[tuple[str, str], float]:
    """(comparison, level) → its match weight in bits, before a value's frequency."""
    return {
        (comparison["output_column_name"], level["label_for_charts"]): log2(
            level["m_probability"] / level["u_probability"]
        )
        for comparison in model.splink["comparisons"]
        for level in comparison["comparison_levels"]
        if level.get("m_probability") and level.get("u_probability")
    }


def cluster_under_model(con: duckdb.DuckDBPyConnection, model: LinkageModel) -> dict[str, str]:
    """Link table `records`; record → cluster."""
    link_all_records(con, model, RECORDS)
    return dict(con.execute("select record_key, cluster_key from clusters").fetchall())


def load_person_labels(con: duckdb.DuckDBPyConnection, path: Path) -> str:
    """Table `labels` (`record_key`, `person`) from a CSV with the columns source, record_id, person.

    Raises:
        ReestimateError: it does not have them.
    """
    try:
        con.execute(
            """
            create or replace table labels as
            select source || '/' || record_id as record_key, person from read_csv($1, header = true,
            all_varchar = true)
        """,
            [str(path)],
        )
    except duckdb.Error as error:
        raise ReestimateError(
            f"{path}: cannot be read as a CSV with columns source, record_id, person ({error})"
        ) from error
    return "labels"


def reestimate_model(
    people: pa.Table, before: LinkageModel, labels: Path | None, too_common: Mapping[str, int]
) -> tuple[LinkageModel, ClusterChange]:
    """A model fitted on these people, and what it changes; without labels, the links of the present model are
    taken as known.

    Raises:
        ReestimateError: no person records, or labels that cannot be read.
        TooFewKnownPairsError: too few known pairs to learn from.
    """
    if not people.num_rows:
        raise ReestimateError("core_people is empty: no night of this home has received person records")
    with duckdb.connect(config={"threads": 1}) as con:
        load_person_records(con, people, too_common)
        clusters = cluster_under_model(con, before)
        con.execute("create table linked as select record_key, cluster_key as person from clusters")
        known = load_person_labels(con, labels) if labels else "linked"
        model = fit_on_known_pairs(con, RECORDS, known, before.thresholds)
        return model, compare_clusterings(clusters, cluster_under_model(con, model))


def format_reestimate_report(
    before: LinkageModel, model: LinkageModel, change: ClusterChange, n_records: int
) -> list[str]:
    """The report as lines of text."""
    old, new = read_level_weights(before), read_level_weights(model)
    lines = [
        f"Model {before.fingerprint} → {model.fingerprint}, learned from {n_records:,} person records",
        f"  pairs in one cluster  {change.n_pairs_before:>9,} → {change.n_pairs_after:,}",
        f"  clusters merged       {change.n_merged:>9,}",
        f"  clusters split        {change.n_split:>9,}",
        f"  records affected      {change.n_records:>9,}",
        f"  {'bits, before a value is known to be rare':<48} {'before':>7} {'after':>7}",
    ]
    for (comparison, level), after in new.items():
        lines.append(
            f"    {comparison + ': ' + level:<46} {old.get((comparison, level), 0.0):>+7.1f} {after:>+7.1f}"
        )
    return lines


def install_model(path: Path, before: LinkageModel, model: LinkageModel) -> Path | None:
    """Write the model to `path`; returns where the one that stood there is stored now, None if none did."""
    backup = path.with_name(f"model-{before.fingerprint}.json") if path.is_file() else None
    if backup:
        before.save(backup)
    model.save(path)
    return backup


def main(argv: list[str]) -> int:
    """Re-estimate, report and with `--apply` install; 1 with a sentence when that cannot be."""
    parser = argparse.ArgumentParser(prog="make identity-model", description=__doc__.splitlines()[0])
    parser.add_argument("--apply", action="store_true", help="put the new model in the old one's place")
    parser.add_argument(
        "--labels", type=Path, metavar="FILE", help="CSV source,record_id,person: who is who, as far as known"
    )
    args, settings = parser.parse_args(argv), Settings.from_environment()
    path = settings.home / HOME_MODEL
    try:
        lake, rules, before = Lake(settings.lake), load_identity_rules(), load_home_model(settings.home)
        people = mask_blocked_contacts(
            lake.read_arrow(CORE_PEOPLE), lake.read_arrow(CORE_IDENTIFIERS, IDENTIFIER_COLUMNS), rules.blocked
        )
        model, change = reestimate_model(people, before, args.labels, rules.likeness.too_common)
    except (ReestimateError, ValueError) as error:
        print(f"identity-model: {error}", file=sys.stderr)
        return 1
    print("\n".join(format_reestimate_report(before, model, change, people.num_rows)))
    if args.apply:
        backup = install_model(path, before, model)
        print(
            f"Written to {path}; the next night links everything under it."
            + (f" The old one: {backup}." if backup else "")
        )
    else:
        print("Nothing is written. To put it in place: make identity-model APPLY=1")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
