"""The lake's tables as matrices: ids numbered, behaviour once per customer, item, day and kind, attributes as
tokens.

Customers are numbered in the order of their ids, items in the order of a hash of theirs. Equal scores go to
the lower number: were items numbered by id, a shop that counts its items up would have every tie won by the
older item, which in a test gives away what existed before it.
"""

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from models import features
from models.training_data import PURCHASE, Behaviour, Training, encode_ids
from spark_jobs.lake.queries import run_query
from spark_jobs.learning_data.item_order import order_by_hash
from spark_jobs.learning_data.tokens import CUSTOMER_TOKENS, build_item_tokens, split_title_words

TOKEN_COLUMNS = ["title", "category", "category_path", "brand", "price_band"]


@dataclass(frozen=True)
class TrainingMatrices:
    """All that training reads of the lake, as arrays.

    Attributes:
        customer_ids: bytes array, sorted.
        item_ids: bytes array, in the order of `order_by_hash`.
        customer_vocabulary: column of each customer token.
        allowed: bool [items], may be shown at all.
        consumable: bool [items], may be shown to a customer who bought it.
        n_left_out: days of behaviour of customers who may not be personalised for, or with items that have
            no features.
    """

    training: Training
    customer_ids: np.ndarray
    item_ids: np.ndarray
    customer_vocabulary: dict[str, int]
    allowed: np.ndarray
    consumable: np.ndarray
    n_left_out: int


def build_training_matrices(
    con: duckdb.DuckDBPyConnection, since: int | None = None
) -> TrainingMatrices | None:
    """The tables as arrays; None when nobody has done anything yet.

    Args:
        con: of `open_learning_data`.
        since: the first day of behaviour that is read; None: all.
    """
    is_recent = f"day >= {since}" if since is not None else "true"
    customer_rows = run_query(
        con,
        f"select customer_id, {CUSTOMER_TOKENS} as tokens from feat_customers"
        f" where customer_id in (select customer_id from behaviour where {is_recent}) order by customer_id",
    )
    item_rows = run_query(con, "select * from feat_items")
    item_rows = item_rows.take(pa.array(order_by_hash(item_rows["item_id"].to_pylist()), pa.int64()))
    numbers = [
        pa.table([rows[name], pa.array(np.arange(rows.num_rows, dtype=np.int32))], names=[name, number])
        for rows, name, number in (
            (customer_rows, "customer_id", "customer"),
            (item_rows, "item_id", "item"),
        )
    ]
    rows = run_query(
        con,
        "select customer, item, day, kind from behaviour"
        " join customer_numbers using (customer_id) join item_numbers using (item_id)"
        f" where {is_recent} order by customer, item, day, kind",
        customer_numbers=numbers[0],
        item_numbers=numbers[1],
    )
    ((n_known,),) = con.execute(f"""
        select count(*) from (
            select distinct customer_id, item_id, day, kind from interactions
            where customer_id is not null and kind is not null and {is_recent}
        )
    """).fetchall()
    n_left_out = n_known - rows.num_rows
    return _encode_matrices(rows, customer_rows, item_rows, n_left_out) if rows.num_rows else None


def _encode_matrices(
    rows: pa.Table, customer_rows: pa.Table, item_rows: pa.Table, n_left_out: int
) -> TrainingMatrices:
    """Rows of behaviour (`customer`, `item`, `day`, `kind`), customers and items as arrays."""
    day, kind = (rows[name].to_numpy() for name in ("day", "kind"))
    columns = {name: rows[name].to_numpy().astype(np.int32) for name in ("customer", "item")}
    customer_tokens = customer_rows["tokens"].to_pylist()
    item_tokens = [build_item_tokens(item) for item in item_rows.select(TOKEN_COLUMNS).to_pylist()]
    words = [split_title_words(title) for title in item_rows["title"].to_pylist()]
    contents = [[*tokens, *title] for tokens, title in zip(item_tokens, words, strict=True)]
    letters = [
        features.extract_letter_runs([token.removeprefix("word=") for token in title]) for title in words
    ]
    customer_vocabulary, item_vocabulary = (
        features.build_vocabulary(customer_tokens),
        features.build_vocabulary(item_tokens),
    )
    return TrainingMatrices(
        training=Training(
            Behaviour(
                customer_rows.num_rows,
                item_rows.num_rows,
                **columns,
                day=day.astype(np.int32),
                kind=kind.astype(np.int8),
                until=int(day.max()) + 1,
                has_purchases=bool((kind == PURCHASE).any()),
            ),
            features.encode_tokens(customer_tokens, customer_vocabulary),
            features.encode_tokens(item_tokens, item_vocabulary),
            price=item_rows["price"].cast(pa.float64()).to_numpy(zero_copy_only=False).astype(np.float32),
            category=features.number_names(item_rows["category"].to_pylist()),
            item_content=features.encode_tokens(
                contents, features.build_vocabulary(contents, features.SHARED)
            ),
            item_letters=features.encode_tokens(letters, features.build_vocabulary(letters, features.SHARED)),
        ),
        customer_ids=encode_ids(customer_rows["customer_id"].to_pylist()),
        item_ids=encode_ids(item_rows["item_id"].to_pylist()),
        customer_vocabulary=customer_vocabulary,
        allowed=np.array(item_rows["is_recommendable"].to_pylist(), bool),
        consumable=np.array(item_rows["is_consumable"].to_pylist(), bool),
        n_left_out=n_left_out,
    )
