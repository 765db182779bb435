"""One night in full, and what of it waits for a decision of a person. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pages.charts.bars import draw_bars
from pages.formats import format_number, format_seconds
from serving_app.console.night_records import Night

SEARCH = (
    "A search for a better configuration is due: the schedule's train_recommender makes it at 06:00 UTC by"
    " itself, so nothing has to be done where Airflow runs."
)


@dataclass(frozen=True)
class Reports:
    """What a run has reported beside its log; empty where it did not come so far."""

    model: Mapping[str, Any]
    lists: Mapping[str, Any]
    parity: Mapping[str, Any]
    has_identity_page: bool = False


@dataclass(frozen=True)
class Waiting:
    """Something that a person should look at.

    Attributes:
        endpoint: of the page where that is done; empty for none.
    """

    title: str
    text: str
    kind: str = "warn"
    endpoint: str = ""


@dataclass(frozen=True)
class Check:
    """One question of a gate."""

    name: str
    value: str
    limit: str
    has_passed: bool


def list_waiting(
    night: Night | None, reports: Reports, reviews: Sequence[Mapping[str, Any]]
) -> list[Waiting]:
    """What waits for a person after a night.

    Args:
        night: the newest; None before there was one.
        reviews: the queue of identity reviews, each with `decision`.
    """
    waiting = []
    if reports.model.get("verdict") == "refused":
        now = reports.model.get("model_version") or "No model"
        waiting.append(
            Waiting(
                f"The new model {reports.model.get('candidate') or ''} was refused".replace("  ", " "),
                f"{reports.model.get('reason', '')}. {now} goes on; nothing has to be done.",
                "plain",
                endpoint="console.get_models",
            )
        )
    if open_reviews := [review for review in reviews if not review.get("decision")]:
        held = sum(bool(review.get("is_held_back")) for review in open_reviews)
        text = "Are they one customer or not? Each answer counts from the next night on."
        if held:
            text += f" {held:,} of them are held back until then: nobody of theirs gets a personal list."
        n = len(open_reviews)
        waiting.append(Waiting(f"{n:,} identity review{'s' * (n > 1)}", text, endpoint="console.get_reviews"))
    for balance in night.balances if night else ():
        waiting += [Waiting("A whole file was not believed", sentence) for sentence in balance.suspicious]
    drift = reports.model.get("drift")
    for alarm in (drift.get("alarms") or ()) if isinstance(drift, Mapping) else ():
        waiting.append(Waiting("Behaviour has drifted", f"{alarm}. {SEARCH}", "plain", "console.get_models"))
    if differing := reports.parity.get("n_differing"):
        causes = reports.parity.get("by_cause") or {}
        words = ", ".join(f"{cause}: {format_number(n)}" for cause, n in causes.items())
        text = f"{words}. The night's answer holds from now on."
        what = f"{format_number(differing)} live membership{'s' * (differing != 1)} differed from the night"
        waiting.append(Waiting(what, text, "plain"))
    return waiting


def list_checks(lists: Mapping[str, Any]) -> list[Check]:
    """The questions of the list gate with their answers."""
    rows = lists.get("checks")
    return [
        Check(
            str(row.get("name", "")),
            format_figure(row.get("value")),
            str(row.get("limit", "")),
            bool(row.get("passed")),
        )
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, Mapping)
    ]


def format_figure(value: Any) -> str:
    """A figure of a gate: a share with four digits, a count with its thousands apart."""
    if isinstance(value, bool) or value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def draw_steps(night: Night) -> str:
    """How long each step took, as bars."""
    rows = [(step.name, (step.seconds or 0.0) + step.check_seconds) for step in night.steps.values()]
    return draw_bars("Seconds of each step with its checks", rows, format_label=format_seconds)
