"""What a home's night made, as lists by customer: as served, by each part of the model alone, by audience."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa

from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.lake import (
    CORE_IDENTITIES,
    FEAT_CUSTOMERS,
    FEAT_ITEMS,
    OPS_RUNS,
    REC_AUDIENCE_ITEMS,
    REC_CUSTOMER_ITEMS,
)
from expectations.contracts.snapshot import POPULAR, list_audiences
from expectations.contracts.tables import Table
from models.artifact import ModelArtifact
from models.blending.weighted import WeightedBlend
from models.training_data import PURCHASE
from sample_shop.judge import Judge
from spark_jobs.lake.queries import run_query
from spark_jobs.lake.tables import Lake
from spark_jobs.learning_data.behaviour import find_first_training_day, open_learning_data
from spark_jobs.score import partitions, stale_customers
from spark_jobs.score.interaction_span import read_interaction_span
from spark_jobs.score.scoring_model import ScoringModel, build_scoring_model
from spark_jobs.settings import Settings

SOURCE = "sample_shop"
WEEK = 7
Lists = dict[str, list[str]]  # by customer, item ids, best first


@dataclass(frozen=True)
class KnownCustomers:
    """Who may be personalised for, each customer's `due.rows` and the lists they fall back on.

    Attributes:
        rows: `customer_id`, `tokens`, `item_ids`, `days`, `kinds`, one row per customer, sorted by customer.
        ladder: by customer, their narrowest audience's list, then the popular one: what continues a list that
            ends.
    """

    rows: pa.Table
    ladder: dict[str, list[list[str]]]

    @property
    def customers(self) -> list[str]:
        return self.rows["customer_id"].to_pylist()

    def habits(self) -> tuple[np.ndarray, np.ndarray]:
        """Number of days with a purchase, and whether there was any behaviour at all, by customer."""
        histories = self.rows.select(["days", "kinds"]).to_pylist()
        bought = [
            {day for day, kind in zip(row["days"], row["kinds"], strict=True) if kind == PURCHASE}
            for row in histories
        ]
        return np.array([len(days) for days in bought]), np.array([len(row["days"]) > 0 for row in histories])


def check_evening(lake: Lake, as_of: date) -> None:
    """Refuse lists of another evening than the one that the truth is asked about: their worth would be a
    figure all the same.

    Raises:
        SystemExit: names the last landing day that lists were made of.
    """
    rows = lake.read_arrow(OPS_RUNS, ["table_name", "days_to"]).to_pylist()
    newest = max(
        (row["days_to"] for row in rows if row["table_name"] == REC_CUSTOMER_ITEMS.name), default=None
    )
    if newest != as_of:
        raise SystemExit(
            f"--as-of is {as_of}; the lists of this home were made of landing days up to {newest}"
        )


def map_customers_to_persons(judge: Judge, lake: Lake, key: str) -> dict[str, str]:
    """The person behind each customer, for customers behind whom stands exactly one."""
    owner = dict(
        zip(*(column.to_pylist() for column in lake.read_arrow(CORE_IDENTITIES).columns), strict=True)
    )
    behind: dict[str, set[str]] = {}
    for (kind, value), persons in judge.list_identifiers().items():
        customer = owner.get(hash_identifier(key, kind, SOURCE, value))
        if customer:
            behind.setdefault(customer, set()).update(persons)
    return {customer: next(iter(persons)) for customer, persons in behind.items() if len(persons) == 1}


def build_scoring_inputs(
    lake: Lake, artifact: ModelArtifact, settings: Settings
) -> tuple[ScoringModel, pa.Table]:
    """The model with what may be shown tonight, and everybody's inputs, as `spark_jobs.score` puts them
    together.
    """
    with open_learning_data(lake) as con:
        since = find_first_training_day(con, settings.training_days)
        span = replace(read_interaction_span(con), since=since)
        model = build_scoring_model(artifact, run_query(con, "select * from feat_items"), span, "judged")
        places = (0, stale_customers.number_customers(con))
        return model, stale_customers.collect_customer_inputs(con, model.inputs, since, places)


def select_known_customers(lake: Lake, rows: pa.Table, known: Mapping[str, str]) -> KnownCustomers:
    """Those of the rows who are known to the judge, with their ladders, as the service climbs them."""
    lists = read_served_lists(lake, REC_AUDIENCE_ITEMS, "audience")
    ladder = {}
    for row in lake.read_arrow(
        FEAT_CUSTOMERS, ["customer_id", "country", "rfm_segment", "segment_ids"]
    ).to_pylist():
        segments = tuple(dict.fromkeys([*filter(None, [row["rfm_segment"]]), *(row["segment_ids"] or ())]))
        narrowest = next(
            (lists[name] for name in list_audiences(row["country"], segments) if name in lists), []
        )
        ladder[row["customer_id"]] = [narrowest, lists[POPULAR]]
    is_known = [name in known and name in ladder for name in rows["customer_id"].to_pylist()]
    return KnownCustomers(rows.filter(pa.array(is_known)), ladder)


def read_served_lists(
    lake: Lake, table: Table = REC_CUSTOMER_ITEMS, key: str = "customer_id", version: int | None = None
) -> Lists:
    """The lists of a table."""
    rows = lake.read_arrow(table, [key, "items"], version).to_pylist()
    return {row[key]: [item["item_id"] for item in row["items"]] for row in rows}


def score_single_parts(model: ScoringModel, rows: pa.Table) -> Iterator[tuple[str, Lists]]:
    """Each part's name and lists when it is the whole model: same rules of what may be listed, same way of
    scoring.
    """
    ids = np.char.decode(model.artifact.item_ids, "utf-8")
    for part in model.artifact.blend.parts:
        one = replace(model, artifact=replace(model.artifact, blend=WeightedBlend([part], {part.name: 1.0})))
        lists: Lists = {}
        for start in range(0, rows.num_rows, partitions.BLOCK):
            block = rows.slice(start, partitions.BLOCK).combine_chunks()
            items_by_rank = partitions.score_customers(one, partitions.encode_customers(one, block)).items
            lists |= {
                name: ids[row[row >= 0]].tolist()
                for name, row in zip(block["customer_id"].to_pylist(), items_by_rank, strict=True)
            }
        yield part.name, lists


def find_first_week_items(lake: Lake, as_of: date) -> dict[str, date]:
    """The first day of every item in its first week on this day, the day itself included."""
    first = lake.read_arrow(FEAT_ITEMS, ["item_id", "first_seen_at"]).to_pylist()
    days = {row["item_id"]: row["first_seen_at"].date() for row in first if row["first_seen_at"]}
    return {item: day for item, day in days.items() if as_of - timedelta(WEEK) < day <= as_of}


@dataclass(frozen=True)
class ItemFirstNight:
    """An item's first night: the run that brought its first day in.

    Attributes:
        shown: whether it could be shown then.
        in_lists, in_tens: personal lists of that night that hold it, and hold it in their first ten.
        of: personal lists of that night.
    """

    item: str
    night: date
    shown: bool
    in_lists: int
    in_tens: int
    of: int


def trace_first_nights(lake: Lake, first: Mapping[str, date], k: int) -> list[ItemFirstNight]:
    """What became of each item in its first night, by the versions of the tables that the night wrote."""
    wrote: dict[date, dict[str, int]] = {}
    for row in sorted(lake.read_arrow(OPS_RUNS).to_pylist(), key=lambda row: row["finished_at"]):
        if (
            row["table_name"] in (REC_CUSTOMER_ITEMS.name, FEAT_ITEMS.name)
            and row["version_after"] is not None
        ):
            wrote.setdefault(row["days_to"], {})[row["table_name"]] = row["version_after"]
    nights = sorted(night for night, versions in wrote.items() if len(versions) == 2)
    traced = []
    for before, night in pairwise([date.min, *nights]):
        young = sorted(item for item, day in first.items() if before < day <= night)
        if not young:
            continue
        items = lake.read_arrow(FEAT_ITEMS, version=wrote[night][FEAT_ITEMS.name]).to_pylist()
        may = {row["item_id"] for row in items if row["is_recommendable"] and row["is_in_stock"]}
        lists = list(read_served_lists(lake, version=wrote[night][REC_CUSTOMER_ITEMS.name]).values())
        for item in young:
            whole, top = (sum(item in row[:n] for row in lists) for n in (None, k))
            traced.append(ItemFirstNight(item, night, item in may, whole, top, len(lists)))
    return traced
