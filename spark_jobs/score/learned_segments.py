"""Refresh the learned segments: lookalikes of segments, and prospects of items and categories.

Who may not be scored is in none, nor is their past in one.
"""

import logging
from collections.abc import Mapping, Sequence

import duckdb
import numpy as np
import pyarrow as pa
from scipy import sparse

from expectations.contracts.lake import PRED_CUSTOMER_SEGMENTS, REC_CUSTOMER_ITEMS
from models.groups.customer_table import build_customer_table
from models.groups.lookalikes import FEWEST_SEEDS, TooFewSeedsError, score_likeness, select_best
from models.groups.stays import Stay, continue_stays
from models.training_data import PURCHASE
from segments.parsing.learned import load_understood_in_force
from segments.tree.learned import LearnedSegment
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.queries import run_query
from spark_jobs.lake.tables import Lake, WriteResult
from spark_jobs.run.context import RunContext
from spark_jobs.score.scorable_customers import ScorableCustomers
from spark_jobs.score.score_tenths import IS_TENTH, continue_tenths

logger = logging.getLogger(__name__)
ATTRIBUTES = ("country", "channel", "price_band", "favourite_category")
Members = list[tuple[str, float]]


def write_learned_segments(
    run: RunContext, lake: Lake, con: duckdb.DuckDBPyConnection, scorable: ScorableCustomers
) -> WriteResult:
    """Make `pred_customer_segments` hold the stays behind tonight, those in tenths of tonight's scores too.

    Args:
        con: of `open_learning_data`.
    """
    learned, errors = load_understood_in_force(run.settings.paths.segment_definitions)
    for segment_id, error in errors.items():
        logger.warning(
            f"{segment_id} keeps the members it has: {error}", extra={"table": PRED_CUSTOMER_SEGMENTS.name}
        )
    if scorable.is_empty:
        return lake.replace(lake.read_arrow(PRED_CUSTOMER_SEGMENTS), PRED_CUSTOMER_SEGMENTS)
    stays = read_stays(lake, con)
    if scorable.are_restrictions_known:
        may_be_kept = set(np.array(scorable.customer_ids)[scorable.allowed].tolist())
        stays = [stay for stay in stays if stay.customer_id in may_be_kept]
    members = find_members(run, lake, con, scorable, learned)
    # Where nobody knows who may be in one, nobody is; also in those that cannot be made tonight.
    untouched = errors.keys() if scorable.are_restrictions_known else ()
    stays = continue_stays(stays, members, scorable.scored_date, untouched)
    tenths = continue_tenths(run.settings.paths, lake, con, scorable)
    return lake.replace(pa.concat_tables([format_stays(stays), tenths]), PRED_CUSTOMER_SEGMENTS)


def find_members(
    run: RunContext,
    lake: Lake,
    con: duckdb.DuckDBPyConnection,
    scorable: ScorableCustomers,
    learned: Sequence[LearnedSegment],
) -> dict[str, Members]:
    """Tonight's members of each learned segment, best first."""
    ids, n_allowed = np.array(scorable.customer_ids), int(scorable.allowed.sum())
    if lake.exists(REC_CUSTOMER_ITEMS):
        lake.create_view(con, REC_CUSTOMER_ITEMS, "lists")
    scores = score_segments(run, con, scorable, learned) if n_allowed else {}
    members = {}
    for each in learned:
        found = scores.get(each.segment_id, np.full(len(ids), np.nan))
        best = select_best(found, each.count_members(n_allowed))
        members[each.segment_id] = list(zip(ids[best].tolist(), found[best].tolist(), strict=True))
        logger.info(
            f"{each.segment_id:<24} {len(best):,} members", extra={"table": PRED_CUSTOMER_SEGMENTS.name}
        )
    return members


def score_segments(
    run: RunContext,
    con: duckdb.DuckDBPyConnection,
    scorable: ScorableCustomers,
    learned: Sequence[LearnedSegment],
) -> dict[str, np.ndarray]:
    """By segment, float [customers]: how like the seed each is, or how much they want it; nan for the seed,
    and for who may not be in it, of whom the model learns nothing either.

    Prospects of an item that enough have bought are lookalikes of its buyers; of others, and of a category,
    lists tell.
    """
    known = read_attributes(con, scorable.customer_ids)
    rows, scores, table = np.flatnonzero(scorable.allowed), {}, None
    for each in learned:
        is_seed = find_seed(con, scorable, each, known["segment_ids"])
        if each.kind == "prospects" and is_seed[rows].sum() < FEWEST_SEEDS:
            scores[each.segment_id] = score_by_lists(con, scorable, each)
            continue
        if table is None:
            items = read_wanted_items(con, scorable.customer_ids)
            attributes = [known[name] for name in ATTRIBUTES]
            table = build_customer_table(scorable.history, items, attributes, run.settings.seed)[rows]
        scores[each.segment_id] = np.full(len(scorable.customer_ids), np.nan)
        try:
            scores[each.segment_id][rows] = score_likeness(table, is_seed[rows], run.settings.seed)
        except TooFewSeedsError as few:
            logger.info(f"{each.segment_id}: {few}", extra={"table": PRED_CUSTOMER_SEGMENTS.name})
    return scores


def find_seed(
    con: duckdb.DuckDBPyConnection,
    scorable: ScorableCustomers,
    learned: LearnedSegment,
    segment_ids: Sequence[frozenset[str]],
) -> np.ndarray:
    """bool [customers]: the segment's members, or who bought the item; nobody for a category, which many have
    bought of who want it again.
    """
    if learned.seed:
        return np.array([learned.seed in each for each in segment_ids], bool)
    if learned.category:
        return np.zeros(len(segment_ids), bool)
    bought = "select distinct customer_id from behaviour where item_id = $1 and kind = $2"
    buyers = set(run_query(con, bought, (learned.item, PURCHASE))["customer_id"].to_pylist())
    return np.array([each in buyers for each in scorable.customer_ids], bool)


def read_attributes(con: duckdb.DuckDBPyConnection, customer_ids: Sequence[str]) -> dict[str, list]:
    """`ATTRIBUTES` and `segment_ids` of the customers, in their order."""
    rows = run_query(con, f"select customer_id, {', '.join(ATTRIBUTES)}, segment_ids from feat_customers")
    place = {customer: n for n, customer in enumerate(rows["customer_id"].to_pylist())}
    order = [place[customer] for customer in customer_ids]
    known = {name: rows[name].take(pa.array(order, pa.int64())).to_pylist() for name in ATTRIBUTES}
    segments = rows["segment_ids"].take(pa.array(order, pa.int64())).to_pylist()
    return known | {"segment_ids": [frozenset(each or ()) for each in segments]}


def read_wanted_items(con: duckdb.DuckDBPyConnection, customer_ids: Sequence[str]) -> sparse.csr_matrix:
    """[customers, items]: 1 where a customer did anything with an item."""
    pairs = run_query(
        con, "select distinct customer_id, item_id from behaviour where item_id is not null order by all"
    )
    customers = np.array(customer_ids)
    of = pairs["customer_id"].to_numpy().astype(customers.dtype)
    _, item = np.unique(pairs["item_id"].to_numpy().astype(str), return_inverse=True)
    row = np.searchsorted(customers, of)
    is_known = customers[np.minimum(row, len(customers) - 1)] == of
    row, item = row[is_known], item[is_known]
    shape = (len(customers), int(item.max(initial=-1)) + 1)
    return sparse.csr_matrix((np.ones(len(row), np.float32), (row, item)), shape=shape)


def score_by_lists(
    con: duckdb.DuckDBPyConnection, scorable: ScorableCustomers, prospects: LearnedSegment
) -> np.ndarray:
    """float [customers]: how high the item, or items of the category, stand in each one's list; nan where
    none does. A place counts as in DCG: the first 1, the second .63.

    Args:
        con: has `lists`, of `rec_customer_items_v1`, where there is one.
    """
    asked = "item_id = $1" if prospects.item else "category = $1 or list_contains(category_path, $1)"
    if not run_query(con, "from duckdb_views() where view_name = 'lists'").num_rows:
        return np.full(len(scorable.customer_ids), np.nan)
    rows = run_query(
        con,
        f"""
        with listed as (
            select customer_id, unnest(items).item_id as item_id, generate_subscripts(items, 1) as place
            from lists
        )
        select customer_id, sum(1 / log2(place + 1)) as score from listed
        where item_id in (select item_id from feat_items where {asked})
        group by customer_id
        """,
        (prospects.item or prospects.category,),
    )
    scores = dict(zip(rows["customer_id"].to_pylist(), rows["score"].to_pylist(), strict=True))
    found = np.array([round(scores.get(each, np.nan), 9) for each in scorable.customer_ids])
    return np.where(scorable.allowed, found, np.nan)


def read_stays(lake: Lake, con: duckdb.DuckDBPyConnection) -> list[Stay]:
    """What the nights before have written of learned segments."""
    rows = lake.read_arrow(PRED_CUSTOMER_SEGMENTS)
    rows = run_query(con, f"select * from stays where not {IS_TENTH} order by all", stays=rows)
    return [Stay(*row) for row in zip(*(column.to_pylist() for column in rows.columns), strict=True)]


def format_stays(stays: Sequence[Stay]) -> pa.Table:
    """Stays as rows of the table."""
    schema = build_arrow_schema(PRED_CUSTOMER_SEGMENTS)
    columns: Mapping[str, list] = {
        "segment_id": [stay.segment_id for stay in stays],
        "customer_id": [stay.customer_id for stay in stays],
        "entered_date": [stay.entered for stay in stays],
        "left_date": [stay.left for stay in stays],
        "place": [stay.place for stay in stays],
        "score": [stay.score for stay in stays],
    }
    return pa.table(columns, schema=schema)
