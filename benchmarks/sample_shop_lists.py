"""What the lists of a sample shop's home are truly worth, by the shop's own truth:

    python -m benchmarks.sample_shop_lists --home FOLDER --as-of 2026-02-16 [--days 7]

For every customer behind whom one person stands, and who has a personal list: the purchases truly to be expected in the coming
days of the first ten items listed. The served list, LightFM's alone (same rules of what may be listed), the popular list, and
the best ten there are. Run on a home whose last landing day is `--as-of`, with a seed that nothing was tuned on.
"""

import argparse
import json
import os
from datetime import date
from pathlib import Path

import numpy as np

from expectations.contracts.identifiers import identifier_id
from expectations.contracts.lake import (
    CORE_IDENTITIES,
    FCT_INTERACTIONS,
    FEAT_CUSTOMERS,
    FEAT_ITEMS,
    REC_AUDIENCE_ITEMS,
    REC_CUSTOMER_ITEMS,
)
from models.artifact import Artifact
from models.blend import Blend
from models.evaluation import interval
from models.tracking import Registry
from sample_shop.judge import Judge
from spark_jobs.score import blocks, catalogue, due, frames
from spark_jobs.session import start
from spark_jobs.settings import Settings
from spark_jobs.tables import Lake
from spark_jobs.train.matrices import consented, daily

K = 10
SOURCE = "sample_shop"


def persons(judge: Judge, lake: Lake, key: str) -> dict[str, str]:
    """The person behind each customer, for customers behind whom stands exactly one."""
    owner = dict(zip(*(column.to_pylist() for column in lake.read_arrow(CORE_IDENTITIES).columns), strict=True))
    behind: dict[str, set[str]] = {}
    for (kind, value), found in judge.identifiers().items():
        customer = owner.get(identifier_id(key, kind, SOURCE, value))
        if customer:
            behind.setdefault(customer, set()).update(found)
    return {customer: next(iter(found)) for customer, found in behind.items() if len(found) == 1}


def only(artifact: Artifact, part: str) -> Artifact:
    """The model with one of its parts speaking alone."""
    chosen = next(p for p in artifact.blend.parts if p.name == part)
    configuration = {"parts": {part: artifact.configuration["parts"][part]}, "weights": {part: 1.0}}
    return Artifact(
        configuration, Blend([chosen], {part: 1.0}), artifact.item_ids, artifact.customer_ids, artifact.customer_vocabulary
    )  # fmt: skip


def lightfm_lists(lake: Lake, artifact: Artifact) -> dict[str, list[str]]:
    """LightFM's own lists, made as the served ones are."""
    interactions, customers, items = (lake.read(table) for table in (FCT_INTERACTIONS, FEAT_CUSTOMERS, FEAT_ITEMS))
    newest, kinds = catalogue.known(interactions)
    scoring = frames.scoring(only(artifact, "lightfm"), items, newest + 1, len(kinds) == 1, "lightfm alone")
    rows = due.rows(daily(consented(interactions, customers)), customers, scoring.inputs, scoring.since).toArrow()
    listed = [row for batch in blocks.with_inputs(scoring, rows) for row in batch.to_pylist()]
    return {row["customer_id"]: [item["item_id"] for item in row["items"]] for row in listed}


def worth(expected: np.ndarray, column_of: dict[str, int], lists: list[list[str]]) -> np.ndarray:
    """float [customers]: expected purchases of the first K items of each list."""
    return np.array([
        sum(row[column_of[item]] for item in listed[:K] if item in column_of) for row, listed in zip(expected, lists, strict=True)
    ])  # fmt: skip


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True, help="the home's last landing day")
    parser.add_argument("--days", type=int, default=7)
    given = parser.parse_args()
    settings = Settings.from_environment({**os.environ, "CONCIERGE_HOME": str(given.home)})
    lake = Lake(settings.lake, start("sample_shop_lists", settings.spark_master, settings.spark_memory))
    registry = Registry(settings.mlflow_uri, settings.home / "mlflow" / "artifacts")
    judge = Judge(given.home / "truth", given.as_of)
    served = {row["customer_id"]: [i["item_id"] for i in row["items"]] for row in lake.read_arrow(REC_CUSTOMER_ITEMS).to_pylist()}
    popular = next(row["items"] for row in lake.read_arrow(REC_AUDIENCE_ITEMS).to_pylist() if row["audience"] == "popular")
    person = persons(judge, lake, settings.identity_key)
    lightfm = lightfm_lists(lake, registry.load(registry.champion()))
    asked = sorted(name for name in served if name in person and name in lightfm)
    if not asked:
        raise SystemExit("nobody of this home's lists is known to its truth: was it made under another CONCIERGE_IDENTITY_KEY?")
    expected = judge.expected_purchases(given.days, [person[name] for name in asked])
    lists = {
        "popular": [[item["item_id"] for item in popular]] * len(asked),
        "lightfm": [lightfm[name] for name in asked],
        "served": [served[name] for name in asked],
    }
    values = {name: worth(expected, judge.column_of, rows) for name, rows in lists.items()}
    values["the best there are"] = np.sort(expected, axis=1)[:, -K:].sum(axis=1)
    seed = json.loads((given.home / "truth" / "shop.json").read_text())["seed"]
    print(f"Seed {seed}. {len(asked):,} customers; true expected purchases of {K} items in {given.days} days, mean [95 %]")
    for name, found in values.items():
        mean, low, high = interval(found)
        print(f"  {name:<20} {mean:.4f} [{low:.4f}, {high:.4f}]")
    for name in ("lightfm", "served"):
        mean, low, high = interval(values[name] - values["popular"])
        print(f"  {name} over popular: {mean:+.4f} [{low:+.4f}, {high:+.4f}]")


if __name__ == "__main__":
    main()
