"""Attributes of customers and items as tokens: `name=value` texts that a vocabulary numbers."""

from collections.abc import Mapping
from typing import Any

TITLE_WORDS = 4
LEAST_LETTERS = 3
# A customer's attributes as tokens, in SQL: none that derives from behaviour, as today's segment or channel
# would leak how a test ends. The country is that of the latest order; of Online Retail's 4,372 customers 8
# ever had two.
CUSTOMER_TOKENS = "case when country is null then []::varchar[] else ['country=' || country] end"


def build_item_tokens(item: Mapping[str, Any]) -> list[str]:
    """An item's attributes as tokens: each level of its category path, brand, price band, the title's first
    words.
    """
    names = {"category": item["category"], "brand": item["brand"], "price": item["price_band"]}
    single = [f"{name}={value}" for name, value in names.items() if value is not None]
    # Ingest refuses a path with a null inside; a home may hold one that was ingested before that check.
    path = [f"path={level}" for level in item["category_path"] or () if level is not None]
    return list(dict.fromkeys([*single, *path, *split_title_words(item["title"])[:TITLE_WORDS]]))


def split_title_words(title: str | None) -> list[str]:
    """Every word of three letters or more of an item's title, each once, in its order."""
    letters = (letter if letter.isalpha() else " " for letter in (title or "").lower())
    words = "".join(letters).split()
    return list(dict.fromkeys(f"word={word}" for word in words if len(word) >= LEAST_LETTERS))
