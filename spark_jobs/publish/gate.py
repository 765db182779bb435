"""The list gate: may readers see tonight's lists? A pure function of the figures, with every limit stated
here once.

A model can pass its own gate and the lists still be wrong: scored against an old catalogue, for half the
customers, or with its items shuffled. What fails here stays unpublished, and readers keep last night's lists.
"""

from dataclasses import dataclass
from typing import NamedTuple

from spark_jobs.publish.list_figures import N_TOP_ITEMS, ListFigures

MIN_KEPT_LISTS = 0.7  # personal lists against yesterday's: customers do not leave by the third in a night
MIN_COVERAGE = 0.9  # of customers with three orders or more: what we promise
MAX_SHORT_SHARE = 0.1  # short personal lists: somebody may have bought nearly everything, one in ten has not
MIN_KEPT_ITEMS = 0.5  # different items on first pages against yesterday's: a model that forgot half the shop
# A refit keeps most of a first page, another configuration perhaps a quarter; shuffled items keep about TOP /
# catalogue.
MAX_CHURN = 0.95
MIN_COMPARED = 20  # customers, before a share against yesterday means anything


class ListsRefused(RuntimeError):  # noqa: N818 - reads as what it says
    """The gate held tonight's lists back; the message names each check that failed, with its figure and
    limit.
    """


class ListCheck(NamedTuple):
    """One question of the gate: its name, the figure, the limit as words, and whether it passed."""

    name: str
    value: float | int | str | None
    limit: str
    passed: bool

    def __str__(self) -> str:
        return f"{self.name}: {self.value}, must be {self.limit}"


@dataclass(frozen=True)
class ListVerdict:
    """All questions answered."""

    checks: tuple[ListCheck, ...]

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def failed(self) -> list[ListCheck]:
        return [check for check in self.checks if not check.passed]


def evaluate_list_gate(figures: ListFigures) -> ListVerdict:
    """The verdict on tonight's lists. A question without yesterday, or about nobody, is not asked."""
    compared = figures.n_lists_before is not None and figures.n_lists_before >= MIN_COMPARED
    checks = [
        ListCheck(
            "model versions in the lists",
            ", ".join(figures.model_versions),
            "exactly one",
            len(figures.model_versions) == 1,
        ),
        ListCheck("items in the popular list", figures.n_popular, "at least one", figures.n_popular > 0),
        ListCheck(
            "places with an item that may not be shown",
            figures.n_unshowable,
            "none",
            figures.n_unshowable == 0,
        ),
        ListCheck(
            "places repeated, unscored or out of order", figures.n_malformed, "none", figures.n_malformed == 0
        ),
        _check_at_most("share of personal lists that are short", figures.short_share, MAX_SHORT_SHARE),
    ]
    if figures.coverage is not None:
        checks.append(_check_at_least("coverage of regular customers", figures.coverage, MIN_COVERAGE))
    if compared:
        checks.append(
            _check_at_least(
                "personal lists against yesterday's", figures.n_lists / figures.n_lists_before, MIN_KEPT_LISTS
            )
        )
    if compared and figures.n_top_items_before >= N_TOP_ITEMS:
        share_of_top_items = figures.n_top_items / figures.n_top_items_before
        checks.append(
            _check_at_least("items on first pages against yesterday's", share_of_top_items, MIN_KEPT_ITEMS)
        )
    if compared and figures.churn is not None:
        checks.append(_check_at_most("churn against yesterday", figures.churn, MAX_CHURN))
    return ListVerdict(tuple(checks))


def _check_at_least(name: str, value: float, limit: float) -> ListCheck:
    return ListCheck(name, round(value, 4), f"at least {limit}", value >= limit)


def _check_at_most(name: str, value: float, limit: float) -> ListCheck:
    return ListCheck(name, round(value, 4), f"at most {limit}", value <= limit)
