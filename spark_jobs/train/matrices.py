"""The tables as matrices: ids numbered, behaviour once per customer, item, day and kind, attributes as
tokens.

Customers are numbered in the order of their ids, items in the order of a hash of theirs: equal scores go to
the lower number, and a shop that counts its items up would have every tie won by the older item, which in a
test tells what was there before it.
"""

from dataclasses import dataclass

import numpy as np
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from models import features
from models.base import KINDS, PURCHASE, Behaviour, Training, id_array

TITLE_WORDS = 4


@dataclass(frozen=True)
class Material:
    """All that training needs of the lake, in arrays.

    Attributes:
        customer_ids: bytes array, sorted.
        item_ids: bytes array, in the order of `drawn`.
        allowed: bool [items], what may be shown at all.
        consumable: bool [items], what may be shown to somebody who bought it.
        n_left_out: days of behaviour of customers who may not be personalised for, or with items without
            features.
    """

    training: Training
    customer_ids: np.ndarray
    item_ids: np.ndarray
    customer_vocabulary: dict[str, int]
    allowed: np.ndarray
    consumable: np.ndarray
    n_left_out: int


def consented(interactions: DataFrame, customers: DataFrame) -> DataFrame:
    """Interactions of customers who may be personalised for: those whom `feat_customers` holds. The one
    filter at training.
    """
    return interactions.join(customers.select("customer_id"), on="customer_id", how="left_semi")


def by_shop_clock(frame: DataFrame, column: str, time_zone: str) -> DataFrame:
    """The frame with a UTC time as the shop's clock showed it, so that its day is the shop's."""
    return frame.withColumn(column, F.from_utc_timestamp(column, time_zone))


def newest(interactions: DataFrame, customers: DataFrame, days: int | None) -> DataFrame:
    """The interactions of the newest days that anybody learns from, the last of them included; all of them
    without a number.
    """
    if days is None:
        return interactions
    last = daily(consented(interactions, customers)).agg(F.max("day")).first()[0]
    return (
        interactions
        if last is None
        else interactions.where(F.unix_date(F.to_date("occurred_at")) > last - days)
    )


def customer_tokens() -> Column:
    """A customer's attributes as tokens: none that comes of behaviour, as today's segment or channel would
    tell how a test ends.

    The country is that of the latest order; of Online Retail's 4,372 customers 8 ever had two.
    """
    return _tokens(country=F.col("country"))


def item_tokens() -> Column:
    """An item's attributes as tokens: each level of its category path, brand, price band, the title's first
    words.
    """
    named = _tokens(category=F.col("category"), brand=F.col("brand"), price=F.col("price_band"))
    # Ingest refuses a path with a null inside; a home that took one in before that still holds it.
    levels = F.array_compact(F.coalesce("category_path", F.array().cast("array<string>")))
    path = F.transform(levels, lambda name: F.concat(F.lit("path="), name))
    return F.array_distinct(F.concat(named, path, F.slice(title_words(), 1, TITLE_WORDS)))


def title_words() -> Column:
    """Every word of an item's title, each once, in its order."""
    words = F.array_distinct(
        F.regexp_extract_all(F.lower(F.coalesce("title", F.lit(""))), F.lit(r"(\p{L}{3,})"), 1)
    )
    return F.transform(words, lambda word: F.concat(F.lit("word="), word))


def numbered(frame: DataFrame, name: str, *by: Column | str) -> DataFrame:
    """The frame with a column `name`: each row's place in the order of `by`, from 0."""
    return frame.withColumn(name, F.row_number().over(Window.orderBy(*by)) - 1)


def drawn(key: str) -> tuple[Column, Column]:
    """What sorts rows in an order that says nothing of their keys, and is the same every night: a hash, then
    the key's bytes.
    """
    return F.xxhash64(key), F.col(key)


def daily(interactions: DataFrame) -> DataFrame:
    """Grain: one row per customer, item, day and kind of behaviour that a taste is read from."""
    kind = F.array_position(F.array(*[F.lit(name) for name in KINDS]), F.col("interaction_type")) - 1
    return (
        interactions.where(F.col("interaction_type").isin(*KINDS))
        .select(
            "customer_id",
            "item_id",
            F.unix_date(F.to_date("occurred_at")).alias("day"),
            kind.cast("int").alias("kind"),
        )
        .distinct()
    )


def material(interactions: DataFrame, customers: DataFrame, items: DataFrame) -> Material | None:
    """Everything as arrays; None when nobody has done anything yet.

    Args:
        interactions: `fct_interactions`.
        customers: `feat_customers`.
        items: `feat_items`.
    """
    behaviour = daily(consented(interactions, customers)).persist()
    active = (
        numbered(
            customers.join(behaviour.select("customer_id").distinct(), on="customer_id", how="left_semi"),
            "customer",
            "customer_id",
        )
        .select("customer_id", "customer", customer_tokens().alias("tokens"))
        .persist()
    )
    catalogue = (
        numbered(items, "item", *drawn("item_id"))
        .select(
            "item_id",
            "item",
            "is_recommendable",
            "is_consumable",
            "category",
            F.col("price").cast("float").alias("price"),
            item_tokens().alias("tokens"),
            title_words().alias("words"),
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
    people, things = active.orderBy("customer").toArrow(), catalogue.orderBy("item").toArrow()
    n_left_out = daily(interactions.where("customer_id is not null")).count() - rows.num_rows
    for frame in (behaviour, active, catalogue):
        frame.unpersist()
    if not rows.num_rows:
        return None
    day, kind = (rows[name].to_numpy() for name in ("day", "kind"))
    columns = {name: rows[name].to_numpy().astype(np.int32) for name in ("customer", "item")}
    person_tokens, thing_tokens = people["tokens"].to_pylist(), things["tokens"].to_pylist()
    words = things["words"].to_pylist()
    contents = [[*tokens, *named] for tokens, named in zip(thing_tokens, words, strict=True)]
    runs = [features.letters([token.removeprefix("word=") for token in named]) for named in words]
    customer_vocabulary, item_vocabulary = (
        features.vocabulary(person_tokens),
        features.vocabulary(thing_tokens),
    )
    return Material(
        training=Training(
            Behaviour(
                people.num_rows,
                things.num_rows,
                **columns,
                day=day.astype(np.int32),
                kind=kind.astype(np.int8),
                until=int(day.max()) + 1,
                has_purchases=bool((kind == PURCHASE).any()),
            ),
            features.encode(person_tokens, customer_vocabulary),
            features.encode(thing_tokens, item_vocabulary),
            price=np.array(
                [np.nan if price is None else price for price in things["price"].to_pylist()], np.float32
            ),
            category=features.numbered(things["category"].to_pylist()),
            item_content=features.encode(contents, features.vocabulary(contents, features.SHARED)),
            item_letters=features.encode(runs, features.vocabulary(runs, features.SHARED)),
        ),
        customer_ids=id_array(people["customer_id"].to_pylist()),
        item_ids=id_array(things["item_id"].to_pylist()),
        customer_vocabulary=customer_vocabulary,
        allowed=np.array(things["is_recommendable"].to_pylist(), bool),
        consumable=np.array(things["is_consumable"].to_pylist(), bool),
        n_left_out=n_left_out,
    )


def _tokens(**columns: Column) -> Column:
    """`name=value` for every column that is not null."""
    return F.filter(
        F.array(*[F.concat(F.lit(f"{name}="), column) for name, column in columns.items()]),
        lambda token: token.isNotNull(),
    )
