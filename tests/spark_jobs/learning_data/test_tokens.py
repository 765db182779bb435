"""Tokens of attributes: which there are, and none of a value that is null."""

import pytest

from spark_jobs.learning_data.tokens import build_item_tokens, split_title_words

NAMES = ("category", "brand", "price_band", "category_path", "title")


def test_a_category_that_is_null_is_no_attribute():
    food = dict(zip(NAMES, ("Food", None, "low", ["Food", None, "Oil"], "Oil of Kos"), strict=True))
    assert build_item_tokens(food) == [
        "category=Food",
        "price=low",
        "path=Food",
        "path=Oil",
        "word=oil",
        "word=kos",
    ]
    assert build_item_tokens(dict.fromkeys(NAMES)) == []


@pytest.mark.parametrize(
    ("title", "words"),
    [
        pytest.param("SET OF 6 T-LIGHTS", ["set", "lights"], id="three letters or more"),
        pytest.param("Tea, tea & TEA", ["tea"], id="each once"),
        pytest.param("Größe 100m² über", ["größe", "über"], id="letters of any script, digits of none"),
        pytest.param(None, [], id="no title"),
    ],
)
def test_words_of_a_title(title, words):
    assert split_title_words(title) == [f"word={word}" for word in words]
