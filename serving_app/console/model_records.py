"""Models as people look at them: what each training came to, what was in production when. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from pages.charts.lines import Series, draw_lines
from serving_app.console.night_records import parse_moment

NEWEST_ON_CHART = 30
TASKS = ("next NDCG@10", "discover NDCG@10")


@dataclass(frozen=True)
class Training:
    """One training of a night.

    Attributes:
        last_day: of the data, as the night names itself.
        quality, low, high: mean NDCG@10 of what it fitted, with its confidence interval; None unmeasured.
        popularity: of the popular list, which a model must beat.
    """

    slug: str
    last_day: str
    candidate: str
    kind: str
    verdict: str
    reason: str
    n_interactions: int | None
    quality: float | None
    low: float | None
    high: float | None
    popularity: float | None


@dataclass(frozen=True)
class Deployed:
    """What readers were given from a moment on.

    Attributes:
        ended_at: when something else took its place; None of what they see now.
    """

    switched_at: datetime | None
    ended_at: datetime | None
    by: str
    run_id: str
    landing_date: str
    model_version: str
    why: str
    metrics: Mapping[str, float]


def read_training(slug: str, report: Mapping[str, Any]) -> Training:
    """A training as its report says."""
    board = report.get("leaderboard")
    fitted, popular = (find_interval(board, name) for name in ("served", "popularity"))
    window = report.get("window")
    number = report.get("n_interactions")
    return Training(
        slug=slug,
        last_day=read_last_day(window.get("until", "")) if isinstance(window, Mapping) else "",
        candidate=str(report.get("candidate") or "none"),
        kind=str(report.get("kind") or ""),
        verdict=str(report.get("verdict") or ""),
        reason=str(report.get("reason") or ""),
        n_interactions=number if isinstance(number, int) else None,
        quality=fitted.get("mean"),
        low=fitted.get("low"),
        high=fitted.get("high"),
        popularity=popular.get("mean"),
    )


def read_last_day(until: Any) -> str:
    """The last day before the one that data ends before; another text as it is."""
    try:
        return str(date.fromisoformat(str(until)) - timedelta(days=1))
    except (ValueError, OverflowError):
        return str(until)


def find_interval(board: Any, name: str) -> dict[str, float]:
    """Mean, low and high of the quality of one line of a leaderboard; empty where it has none."""
    line = board.get(name) if isinstance(board, Mapping) else None
    quality = line.get("quality") if isinstance(line, Mapping) else None
    return {
        key: float(value)
        for key, value in (quality.items() if isinstance(quality, Mapping) else ())
        if isinstance(value, int | float)
    }


def build_deployments(lines: Iterable[Mapping[str, Any]]) -> list[Deployed]:
    """What was in production when, newest first.

    Args:
        lines: of the log of deployments, oldest first.
    """
    known = [line for line in lines if isinstance(line.get("record"), Mapping)]
    moments = [parse_moment(line.get("switched_at")) for line in known]
    ends = [*moments[1:], None]
    deployed = [
        Deployed(
            switched_at=moment,
            ended_at=end,
            by=str(line.get("by", "")),
            run_id=str(line["record"].get("run_id", "")),
            landing_date=str(line["record"].get("landing_date", "")),
            model_version=str(line["record"].get("model_version", "")),
            why=str(line.get("why") or ""),
            metrics=read_metrics(line.get("model")),
        )
        for line, moment, end in zip(known, moments, ends, strict=False)
    ]
    return deployed[::-1]


def read_metrics(model: Any) -> dict[str, float]:
    """The means of what was measured of a model."""
    metrics = model.get("metrics") if isinstance(model, Mapping) else None
    return {
        str(name): float(each["mean"])
        for name, each in (metrics.items() if isinstance(metrics, Mapping) else ())
        if isinstance(each, Mapping) and isinstance(each.get("mean"), int | float)
    }


def label_day(text: str) -> str:
    """A day for an axis, as `21 Feb`; another text as it is, cut short."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text[:10]
    return f"{day.day} {day:%b}"


def draw_quality(trainings: Sequence[Training]) -> str:
    """The quality of each training beside that of the popular list, oldest first."""
    shown = trainings[:NEWEST_ON_CHART][::-1]
    series = [
        Series("fitted model", [each.quality for each in shown]),
        Series("popular list", [each.popularity for each in shown]),
    ]
    return draw_lines(
        "Quality (NDCG@10) of each training",
        [label_day(each.last_day) for each in shown],
        series,
        format_label=format_quality,
    )


def draw_served(deployments: Sequence[Deployed]) -> str:
    """What was measured of the models that readers were given, oldest first."""
    shown = deployments[:NEWEST_ON_CHART][::-1]
    series = [Series(name, [each.metrics.get(name) for each in shown]) for name in TASKS]
    return draw_lines(
        "Quality of the models in production, by task",
        [label_day(each.landing_date) for each in shown],
        series,
        format_label=format_quality,
    )


def format_quality(value: float | None) -> str:
    """A quality with three digits; a dash for none."""
    return "–" if value is None else f"{value:.3f}"
