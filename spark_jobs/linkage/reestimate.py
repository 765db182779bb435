"""`make identity-model`: learn the linkage's weights again from this home's people, and say what they would
change.

A night never learns: its tables would hang on which night came first. This is the declared event instead.
Nothing is written without `--apply`; with it, the next night links everything anew under the new model, and
the old one stays beside it.
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
from spark_jobs.linkage.link import relink
from spark_jobs.linkage.model import LinkageModel
from spark_jobs.linkage.refit import fit_on_known_pairs
from spark_jobs.linkage.state import RECORDS, load_records
from spark_jobs.settings import Settings


class CannotReestimate(RuntimeError):  # noqa: N818 - reads as what it says
    """There is nothing to learn from; the message says what is missing."""


@dataclass(frozen=True)
class Change:
    """What another model does to the clusters of the same records.

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


def pairs_within(clusters: dict[str, str]) -> int:
    """How many pairs of records share a cluster; `clusters` is record → cluster."""
    return sum(len(members) * (len(members) - 1) // 2 for members in members_of(clusters).values())


def members_of(clusters: dict[str, str]) -> dict[str, frozenset[str]]:
    found = defaultdict(set)
    for record, cluster in clusters.items():
        found[cluster].add(record)
    return {cluster: frozenset(members) for cluster, members in found.items()}


def compare(before: dict[str, str], after: dict[str, str]) -> Change:
    """What changes from one clustering of the same records to another; both are record → cluster."""
    old, new = members_of(before), members_of(after)
    return Change(
        pairs_within(before),
        pairs_within(after),
        sum(len({before[record] for record in members}) > 1 for members in new.values()),
        sum(len({after[record] for record in members}) > 1 for members in old.values()),
        sum(old[before[record]] != new[after[record]] for record in before),
    )


def bits(model: LinkageModel) -> dict[tuple[str, str], float]:
    """(comparison, level) → what it says, before a value's frequency."""
    return {
        (comparison["output_column_name"], level["label_for_charts"]): log2(
            level["m_probability"] / level["u_probability"]
        )
        for comparison in model.splink["comparisons"]
        for level in comparison["comparison_levels"]
        if level.get("m_probability") and level.get("u_probability")
    }


def clusters_under(con: duckdb.DuckDBPyConnection, model: LinkageModel) -> dict[str, str]:
    """Link table `records`; record → cluster."""
    relink(con, model, RECORDS)
    return dict(con.execute("select record_key, cluster_key from clusters").fetchall())


def labels_of(con: duckdb.DuckDBPyConnection, path: Path) -> str:
    """Table `labels` (`record_key`, `person`) from a CSV with the columns source, record_id, person.

    Raises:
        CannotReestimate: it does not have them.
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
        raise CannotReestimate(
            f"{path}: cannot be read as a CSV with columns source, record_id, person ({error})"
        ) from error
    return "labels"


def reestimate(
    people: pa.Table, before: LinkageModel, labels: Path | None, too_common: Mapping[str, int]
) -> tuple[LinkageModel, Change]:
    """A model learned from these people, and what it changes; without labels, what the present model links is
    taken as known.

    Raises:
        CannotReestimate: no person records, or labels that cannot be read.
        TooFewKnownPairsError: too few known pairs to learn from.
    """
    if not people.num_rows:
        raise CannotReestimate("core_people is empty: no night of this home has received person records")
    with duckdb.connect(config={"threads": 1}) as con:
        load_records(con, people, too_common)
        was = clusters_under(con, before)
        con.execute("create table believed as select record_key, cluster_key as person from clusters")
        known = labels_of(con, labels) if labels else "believed"
        model = fit_on_known_pairs(con, RECORDS, known, before.thresholds)
        return model, compare(was, clusters_under(con, model))


def report(before: LinkageModel, model: LinkageModel, change: Change, n_records: int) -> list[str]:
    """Lines for the screen."""
    old, new = bits(before), bits(model)
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


def apply(path: Path, before: LinkageModel, model: LinkageModel) -> Path | None:
    """Put the model in its place; the one that was there is kept beside it. Returns where."""
    kept = path.with_name(f"model-{before.fingerprint}.json") if path.is_file() else None
    if kept:
        before.save(kept)
    model.save(path)
    return kept


def main(argv: list[str]) -> int:
    """Learn, report and, when asked to, apply; 1 with a sentence when that cannot be."""
    parser = argparse.ArgumentParser(prog="make identity-model", description=__doc__.splitlines()[0])
    parser.add_argument("--apply", action="store_true", help="put the new model in the old one's place")
    parser.add_argument(
        "--labels", type=Path, metavar="FILE", help="CSV source,record_id,person: who is who, as far as known"
    )
    given, settings = parser.parse_args(argv), Settings.from_environment()
    path = settings.home / HOME_MODEL
    try:
        lake, rules, before = Lake(settings.lake), load_identity_rules(), load_home_model(settings.home)
        people = mask_blocked_contacts(
            lake.read_arrow(CORE_PEOPLE), lake.read_arrow(CORE_IDENTIFIERS, IDENTIFIER_COLUMNS), rules.blocked
        )
        model, change = reestimate(people, before, given.labels, rules.too_common)
    except (CannotReestimate, ValueError) as error:
        print(f"identity-model: {error}", file=sys.stderr)
        return 1
    print("\n".join(report(before, model, change, people.num_rows)))
    if given.apply:
        kept = apply(path, before, model)
        print(
            f"Written to {path}; the next night links everything under it."
            + (f" The old one: {kept}." if kept else "")
        )
    else:
        print("Nothing is written. To put it in place: make identity-model APPLY=1")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
