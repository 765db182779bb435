"""Names of clusters in plain words: what sets each apart, and no two alike."""

from dataclasses import dataclass

import numpy as np

from models.groups.clusters import Cluster


@dataclass(frozen=True)
class FeatureWords:
    """What a high and a low value are called, and the theme of which a name says one thing at most."""

    high: str
    low: str
    theme: str


WORDS = {
    "recency": FeatureWords("bought long ago", "bought lately", "recency"),
    "frequency": FeatureWords("buy often", "buy seldom", "frequency"),
    "money": FeatureWords("spend much", "spend little", "money"),
    "money_a_day": FeatureWords("large baskets", "small baskets", "money"),
    "categories": FeatureWords("buy many categories", "buy few categories", "breadth"),
    "returned": FeatureWords("return much", "return little", "returns"),
    "tenure": FeatureWords("known for long", "new", "tenure"),
    "last_visit": FeatureWords("not seen for long", "seen lately", "visits"),
    "views_90": FeatureWords("look often", "look seldom", "visits"),
    "carts_90": FeatureWords("fill the cart often", "fill the cart seldom", "carts"),
}
# Of somebody who never bought, all of these say one thing.
OF_BUYERS = ("recency", "frequency", "money", "money_a_day", "categories", "returned")
NEVER_BOUGHT = "frequency"
NEVER_BOUGHT_WORDS = "never bought"
FEWEST_PURCHASES = 0.05  # a mean below it: nearly nobody of the cluster has bought
LEAST_Z = 0.3  # a difference that a name says; half of it is still true of a cluster that is called so
WORDS_A_NAME = 2

Marks = tuple[tuple[str, int], ...]


def name_clusters(
    features: tuple[str, ...],
    centres: np.ndarray,
    raw: np.ndarray,
    numbers: list[int],
    kept: dict[int, Cluster],
) -> tuple[Cluster, ...]:
    """The clusters with their names, no two alike.

    Args:
        centres: float [clusters, features], standardised: how far from all customers' mean.
        raw: float [clusters, features], the same in days and amounts.
        numbers: of the clusters.
        kept: the clusters of before, by number: one that is still as it was called keeps its name.
    """
    ranked = [rank_marks(features, centre, values) for centre, values in zip(centres, raw, strict=True)]
    named: dict[int, Cluster] = {}
    for number, centre in zip(numbers, centres, strict=True):
        before = kept.get(number)
        if before and before.marks and all(is_still_true(features, centre, mark) for mark in before.marks):
            named[number] = before
    taken = {cluster.name for cluster in named.values()}
    for number, marks, values in zip(numbers, ranked, raw, strict=True):
        if number not in named:
            named[number] = find_free_name(number, marks, dict(zip(features, values, strict=True)), taken)
            taken.add(named[number].name)
    return tuple(named[number] for number in numbers)


def rank_marks(features: tuple[str, ...], centre: np.ndarray, raw: np.ndarray) -> Marks:
    """What sets a cluster apart, the largest difference of each theme, largest first."""
    values = dict(zip(features, raw, strict=True))
    never = values.get(NEVER_BOUGHT, 1.0) < FEWEST_PURCHASES
    order = sorted(range(len(features)), key=lambda n: (-abs(round(centre[n], 6)), n))
    marks, themes = [(NEVER_BOUGHT, -1)] if never else [], set()
    for n in order:
        name = features[n]
        if (never and name in OF_BUYERS) or WORDS[name].theme in themes or abs(centre[n]) < LEAST_Z:
            continue
        themes.add(WORDS[name].theme)
        marks.append((name, 1 if centre[n] > 0 else -1))
    return tuple(marks)


def is_still_true(features: tuple[str, ...], centre: np.ndarray, mark: tuple[str, int]) -> bool:
    """Whether a cluster still differs in a feature, the same way."""
    feature, sign = mark
    return feature in features and sign * centre[features.index(feature)] >= LEAST_Z / 2


def find_free_name(number: int, marks: Marks, raw: dict[str, float], taken: set[str]) -> Cluster:
    """The name of as few of the strongest marks as nobody has; with the number where all are taken."""
    for n in range(min(WORDS_A_NAME, len(marks)), len(marks) + 1):
        name = format_name(marks[:n], raw)
        if name not in taken:
            return Cluster(number, name, marks[:n])
    return Cluster(number, f"{format_name(marks[:WORDS_A_NAME], raw)} ({number})", marks[:WORDS_A_NAME])


def format_name(marks: Marks, raw: dict[str, float]) -> str:
    """Marks in words: `Bought lately, look often`; without any, what is left: `Like most`."""
    words = [find_words(*mark, raw) for mark in marks] or ["like most"]
    return ", ".join(words).capitalize()


def find_words(feature: str, sign: int, raw: dict[str, float]) -> str:
    """One mark in words."""
    if feature == NEVER_BOUGHT and raw[feature] < FEWEST_PURCHASES:
        return NEVER_BOUGHT_WORDS
    return WORDS[feature].high if sign > 0 else WORDS[feature].low
