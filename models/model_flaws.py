"""Flaws for which a model is refused whatever its quality: six ways in which a bad one looks good, each with
its own sentence.

The quality that the gates judge is of a model fitted before the test. What is served is another one, fitted
on everything; so some of these look at that one: are its factors numbers, does it know the items it learned,
does it tell customers apart.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from models.gate import MARGIN, MIN_CUSTOMERS

SAME = 0.95  # of first pages' places: the same ten for everybody is popularity, whatever it is called
TOO_GOOD = 2.0  # times what the same customers got before: no refit and no search of ours ever came near
TOO_GOOD_AT_FIRST = (
    3.0  # times the best baseline; on Online Retail and the sample shop the blend reaches 1.6 times
)
FALL = 0.25  # of what was covered before: a catalogue or a clientele does not shrink so in a night
STALE_DAYS = 3  # without any behaviour, unless the shop was ever closed for longer


def find_missing_numbers(arrays: Mapping[str, np.ndarray], nullable_arrays: Sequence[str] = ()) -> str | None:
    """Factors with holes.

    Args:
        arrays: what was fitted, by name.
        nullable_arrays: last parts of names of arrays in which NaN means "not known".
    """
    missing_counts = {
        name: int(np.isnan(array).sum())
        for name, array in arrays.items()
        if array.dtype.kind == "f" and name.rsplit("/", 1)[-1] not in nullable_arrays
    }
    holes = [f"{name} ({n:,} of {arrays[name].size:,})" for name, n in sorted(missing_counts.items()) if n]
    return f"factors that are not numbers: {', '.join(holes)}" if holes else None


def find_impersonal_lists(tops: np.ndarray) -> str | None:
    """The same first page for everybody.

    Args:
        tops: int [customers, k]: best items of each before anything of their own is left out; -1 for none.
    """
    n, k = tops.shape
    if n < MIN_CUSTOMERS or not (tops >= 0).any():
        return None
    common = np.array([item for item, _ in Counter(tops[tops >= 0].tolist()).most_common(k)])
    share = float(np.isin(tops, common).sum() / (tops >= 0).sum())
    if share < SAME:
        return None
    return (
        f"popularity under another name: {share:.0%} of all places on first pages hold the same {len(common)}"
        " items"
    )


def find_misplaced_items(
    served_quality: np.ndarray, quality: np.ndarray, popularity: np.ndarray
) -> str | None:
    """A model to be served that knows less of the days it learned from than the measured one, which may not
    have seen them.

    No better than the popular list, its items are not where they were learned. Better than that, yet half as
    good as the measured one: that one knew too much, labels have leaked.

    Args:
        served_quality: float [customers], quality on the test of the model that would be served.
        quality: of the same configuration fitted before the test, same customers.
        popularity: of the popular list.
    """
    counts = ~np.isnan(served_quality) & ~np.isnan(quality) & ~np.isnan(popularity)
    if counts.sum() < MIN_CUSTOMERS:
        return None
    knows, knew, popular = (float(each[counts].mean()) for each in (served_quality, quality, popularity))
    figures = (
        f"{knows:.4f} of days it was fitted on, where a fit that should not have seen them finds {knew:.4f}"
    )
    if knows < knew * (1 - MARGIN) and knows <= popular * (1 + MARGIN):
        return f"items are not where they were learned: what would be served finds {figures}"
    if knew > TOO_GOOD * knows:
        return (
            f"too good to be true, so something of the test was known: what would be served finds {figures}"
        )
    return None


def find_renumbered_ids(ids: np.ndarray, learned: np.ndarray, of: str) -> str | None:
    """Another numbering than the one that was learned, for `of` items or customers; each a bytes array."""
    if np.array_equal(ids, learned):
        return None
    n = int((ids != learned).sum()) if ids.shape == learned.shape else abs(len(ids) - len(learned))
    return f"{of} are not where they were learned: {n:,} ids differ from those of the matrices"


def find_implausible_quality(
    quality: np.ndarray, before: float | None, baselines: Mapping[str, float]
) -> str | None:
    """A quality too high to be true: labels have leaked into the fit.

    Args:
        before: mean quality so far, of the same configuration or of the accepted one on the same customers;
            None at first.
        baselines: mean quality of recommenders of which we know how good they are, by name; used when there
            is nothing before.
    """
    known_quality = quality[~np.isnan(quality)]
    if len(known_quality) < MIN_CUSTOMERS:
        return None
    now, name = float(known_quality.mean()), max(baselines, key=baselines.get, default=None)
    bar, of = (before, "what was accepted") if before else (baselines[name], name) if name else (None, "")
    factor = TOO_GOOD if before else TOO_GOOD_AT_FIRST
    if not bar or now <= factor * bar:
        return None
    return (
        f"too good to be true, so something of the test was known: quality {now:.4f}, {now / bar:.1f} times"
        f" {of} ({bar:.4f})"
    )


def find_shrunk_coverage(now: float, before: float | None, of: str) -> str | None:
    """Less covered than before: shares of the same thing, called `of`."""
    if not before or now >= before * (1 - FALL):
        return None
    return f"{of} fell by {1 - now / before:.0%}, from {before:.3f} to {now:.3f}; {FALL:.0%} is allowed"


def find_stale_behaviour(days: np.ndarray, due: int, learned_before: int | None) -> str | None:
    """Old behaviour under tonight's name, where something is served that it would replace.

    A first model is not refused for its age: without it the popular list would be served, of the same old
    days.

    Args:
        days: int [n], every day with behaviour, ascending.
        due: the newest landing day of the night.
        learned_before: the day up to which the accepted model had learned; None where none is accepted.
    """
    if learned_before is None:
        return None
    newest = int(days[-1])
    silence = int(np.diff(days).max(initial=1)) - 1
    newest_date = np.datetime64(newest, "D")
    if newest < learned_before - 1:
        return (
            f"stale: the newest behaviour is of {newest_date}, and what is served has learned"
            f" {learned_before - 1 - newest} days more"
        )
    if due - newest > max(STALE_DAYS, silence):
        return (
            f"stale: the newest behaviour is of {newest_date}, {due - newest} days before the night's;"
            " never were so many days without"
        )
    return None
