"""Attributes of customers and items as tokens: `name=value` texts that a vocabulary numbers."""

from pyspark.sql import Column
from pyspark.sql import functions as F

TITLE_WORDS = 4


def build_customer_tokens() -> Column:
    """A customer's attributes as tokens: none that derives from behaviour, as today's segment or channel
    would leak how a test ends.

    The country is that of the latest order; of Online Retail's 4,372 customers 8 ever had two.
    """
    return _join_names_and_values(country=F.col("country"))


def build_item_tokens() -> Column:
    """An item's attributes as tokens: each level of its category path, brand, price band, the title's first
    words.
    """
    single = _join_names_and_values(
        category=F.col("category"), brand=F.col("brand"), price=F.col("price_band")
    )
    # Ingest refuses a path with a null inside; a home may hold one that was ingested before that check.
    levels = F.array_compact(F.coalesce("category_path", F.array().cast("array<string>")))
    path = F.transform(levels, lambda name: F.concat(F.lit("path="), name))
    return F.array_distinct(F.concat(single, path, F.slice(split_title_words(), 1, TITLE_WORDS)))


def split_title_words() -> Column:
    """Every word of three letters or more of an item's title, each once, in its order."""
    words = F.array_distinct(
        F.regexp_extract_all(F.lower(F.coalesce("title", F.lit(""))), F.lit(r"(\p{L}{3,})"), 1)
    )
    return F.transform(words, lambda word: F.concat(F.lit("word="), word))


def _join_names_and_values(**columns: Column) -> Column:
    """`name=value` for every column that is not null."""
    return F.filter(
        F.array(*[F.concat(F.lit(f"{name}="), column) for name, column in columns.items()]),
        lambda token: token.isNotNull(),
    )
