"""How well a sample shop's home knows who is who, by the shop's own truth:

    python -m benchmarks.identity --home FOLDER --as-of 2026-02-18

Pairs of identifiers behind each of which stands one person: precision, of the pairs that share a customer; recall, of the pairs
that share a person. A pair is out of any deterministic rule's reach when one of its ends was never seen with another
identifier (a browser that nobody logged in on), so recall is given of all pairs and of those within reach.
"""

import argparse
from collections import defaultdict
from datetime import date
from itertools import combinations
from pathlib import Path

from expectations.contracts.identifiers import identifier_id
from expectations.contracts.lake import CORE_IDENTITIES, CORE_IDENTITY_LINKS
from sample_shop.judge import Judge
from spark_jobs.settings import Settings
from spark_jobs.tables import Lake

SOURCE = "sample_shop"


def grouped(owner: dict[str, str]) -> set[tuple[str, str]]:
    """Every pair of identifiers with the same owner."""
    members = defaultdict(list)
    for identifier, whose in owner.items():
        members[whose].append(identifier)
    return {pair for group in members.values() for pair in combinations(sorted(group), 2)}


def rates(customers: dict[str, str], persons: dict[str, set[str]], linked: set[str]) -> dict[str, float]:
    """Pairwise figures.

    Args:
        customers: identifier → customer.
        persons: identifier → who truly stands behind it; shared ones are left out.
        linked: identifiers that were seen with another.
    """
    sole = {identifier: next(iter(found)) for identifier, found in persons.items() if len(found) == 1 and identifier in customers}
    truth, said = grouped(sole), grouped({identifier: customers[identifier] for identifier in sole})
    within_reach = {pair for pair in truth if linked.issuperset(pair)}
    return {
        "identifiers": len(sole),
        "shared": sum(len(found) > 1 for found in persons.values()),
        "pairs_said": len(said),
        "precision": len(said & truth) / max(len(said), 1),
        "recall": len(said & truth) / max(len(truth), 1),
        "recall_within_reach": len(said & within_reach) / max(len(within_reach), 1),
    }


def measure(home: Path, as_of: date, key: str) -> dict[str, float]:
    """The figures of one home whose last landing day is `as_of`."""
    lake, judge = Lake(home / "lake"), Judge(home / "truth", as_of)
    customers = dict(zip(*(column.to_pylist() for column in lake.read_arrow(CORE_IDENTITIES).columns), strict=True))
    links = lake.read_arrow(CORE_IDENTITY_LINKS, ["identifier_id_a", "identifier_id_b"]).to_pylist()
    persons = {identifier_id(key, kind, SOURCE, value): set(found) for (kind, value), found in judge.identifiers().items()}
    return rates(customers, persons, {end for link in links for end in link.values()})


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    given = parser.parse_args()
    for name, figure in measure(given.home, given.as_of, Settings.from_environment().identity_key).items():
        print(f"{name:<22} {figure:>12,.4f}" if isinstance(figure, float) else f"{name:<22} {figure:>12,}")


if __name__ == "__main__":
    main()
