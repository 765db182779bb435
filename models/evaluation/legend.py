"""Explanations of a leaderboard's rows and columns, a line each, for a run's page, the printed table and the
HTML page.
"""

from collections.abc import Iterable

WHAT = {
    "served": (
        "the blend as visitors get its lists once the gate accepts it; like every row, here fitted before the"
        " test's days"
    ),
    "accepted before": "the configuration that a search is to beat, fitted and asked alike",
    "found": "what the search found and the gate refused: `served` is popularity then",
    "quality": (
        "a customer's mean of the tasks they count in; gates and choices compare its mean over customers"
    ),
    "discover": (
        "wanted (bought, where purchases are known) in the test's days and not before; what they had is"
        " masked"
    ),
    "next": "whatever was wanted in the test's days, again or for the first time",
    "ndcg": "hits in the first k places, an upper place counting more (NDCG); 1 is the best order there is",
    "recall": "share of what was wanted that stands in the first k places",
    "hit": "share of customers with a hit in the first k places",
    "mrr": "1 / place of the first hit, 0 without one",
    "map": "precision at each hit, averaged over the hits there could be",
    "coverage": "share of the items that may be shown which are in anybody's list",
    "gini": "how unevenly items are shown: 0 all alike, 1 one item has all places",
    "answered": "share of customers who are listed anything at all; below a tenth the row is warned of",
    "novelty": "mean of -log2 of the share of customers who knew an item; more is less known",
    "serendipity": "share of a list that was wanted and that the best known items would have missed",
    "diversity": "1 - mean likeness (cosine of attributes) of two items of a list",
    "miscalibration": (
        "how far a list's mix of categories is from the customer's past (Kullback-Leibler, nats); 0 is the"
        " same"
    ),
    "fit": "seconds to learn, on the wall",
    "rank": "seconds to score, rank and measure everybody asked",
    "MiB": "the most memory the row's process ever held, the data included",
    "chosen on": "what parameters were chosen on, never the test: `the window before`, or nothing at all",
}


def explain_column_names(names: Iterable[str]) -> dict[str, str]:
    """The lines of these names, each once and in the legend's order; `recall@20` is explained by `recall`.

    Raises:
        KeyError: a name has no line: whoever adds a column says what it means.
    """
    base_names = {name.partition("@")[0] for name in names}
    if unknown := base_names - WHAT.keys():
        raise KeyError(f"no legend for {', '.join(sorted(unknown))}")
    return {name: words for name, words in WHAT.items() if name in base_names}
