"""The lake's tables as matrices: ids numbered, behaviour once per customer, item, day and kind, attributes as
tokens.

Customers are numbered in the order of their ids, items in the order of a hash of theirs. Equal scores go to
the lower number: were items numbered by id, a shop that counts its items up would have every tie won by the
older item, which in a test gives away what existed before it.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from models import features
from models.training_data import PURCHASE, Behaviour, Training, encode_ids
from spark_jobs.learning_data.behaviour import aggregate_daily_behaviour, filter_consented
from spark_jobs.learning_data.tokens import build_customer_tokens, build_item_tokens, split_title_words


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


def number_rows(frame: DataFrame, column_name: str, *order: Column | str) -> DataFrame:
    """The frame with a column of row numbers in this order, from 0."""
    return frame.withColumn(column_name, F.row_number().over(Window.orderBy(*order)) - 1)


def order_by_hash(key: str) -> tuple[Column, Column]:
    """Columns to sort by in an order that is unrelated to the key and the same every night: its hash, then
    its bytes.
    """
    return F.xxhash64(key), F.col(key)


def build_training_matrices(
    interactions: DataFrame, customers: DataFrame, items: DataFrame
) -> TrainingMatrices | None:
    """The tables as arrays; None when nobody has done anything yet.

    Args:
        interactions: `fct_interactions`.
        customers: `feat_customers`.
        items: `feat_items`.
    """
    behaviour = aggregate_daily_behaviour(filter_consented(interactions, customers)).persist()
    active = (
        number_rows(
            customers.join(behaviour.select("customer_id").distinct(), on="customer_id", how="left_semi"),
            "customer",
            "customer_id",
        )
        .select("customer_id", "customer", build_customer_tokens().alias("tokens"))
        .persist()
    )
    catalogue = (
        number_rows(items, "item", *order_by_hash("item_id"))
        .select(
            "item_id",
            "item",
            "is_recommendable",
            "is_consumable",
            "category",
            F.col("price").cast("float").alias("price"),
            build_item_tokens().alias("tokens"),
            split_title_words().alias("words"),
        )
        .persist()
    )
    rows = (
        behaviour.join(active.select("customer_id", "customer"), on="customer_id", how="inner")
        .join(F.broadcast(catalogue.select("item_id", "item")), on="item_id", how="inner")
        .select("customer", "item", "day", "kind")
        .orderBy("customer", "item", "day", "kind")
        .toArrow()
    )
    customer_rows, item_rows = active.orderBy("customer").toArrow(), catalogue.orderBy("item").toArrow()
    n_left_out = (
        aggregate_daily_behaviour(interactions.where("customer_id is not null")).count() - rows.num_rows
    )
    for frame in (behaviour, active, catalogue):
        frame.unpersist()
    return _encode_matrices(rows, customer_rows, item_rows, n_left_out) if rows.num_rows else None


def _encode_matrices(
    rows: pa.Table, customer_rows: pa.Table, item_rows: pa.Table, n_left_out: int
) -> TrainingMatrices:
    """Rows of behaviour (`customer`, `item`, `day`, `kind`), customers and items as arrays."""
    day, kind = (rows[name].to_numpy() for name in ("day", "kind"))
    columns = {name: rows[name].to_numpy().astype(np.int32) for name in ("customer", "item")}
    customer_tokens, item_tokens = customer_rows["tokens"].to_pylist(), item_rows["tokens"].to_pylist()
    words = item_rows["words"].to_pylist()
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
            price=np.array(
                [np.nan if price is None else price for price in item_rows["price"].to_pylist()], np.float32
            ),
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
