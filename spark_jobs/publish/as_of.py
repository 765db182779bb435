"""What was in production at a moment or at the end of a day, by the log of deployments.

A night over landing day D runs in the small hours of D + 1. A home that was filled with the past was not
there on those days: for a time before its first publish the shop's own clock is asked.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from spark_jobs.publish.deployments import PUBLISH, Deployment, format_utc

ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:$|[T ])")


def compute_first_day_in_production(deployment: Deployment) -> str:
    """The day since which it was in production by the shop's clock: the night over landing day D is the run
    at 03:00 of D + 1.
    """
    return (date.fromisoformat(deployment.shop_date) + timedelta(days=1)).isoformat()


def parse_moment(when: str) -> tuple[datetime, bool]:
    """The moment that is meant, in UTC, and whether it is the last second of a day that was named.

    Args:
        when: a day (`2011-11-20`), or a moment (`2011-11-20T15:00`, UTC unless it says otherwise).

    Raises:
        ValueError: it is neither.
    """
    if not ISO_DATE.match(when):  # Python reads weeks too: of 2026-W08 it takes the Monday
        raise ValueError(when)
    if len(when) == len("2011-11-20"):
        return datetime.combine(date.fromisoformat(when), time(23, 59, 59), UTC), True
    moment = datetime.fromisoformat(when)
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC), False
    except OverflowError as error:
        raise ValueError("it lies beyond the years that a clock can tell") from error


def find_deployment_at(deployments: Iterable[Deployment], when: str) -> tuple[Deployment | None, str]:
    """What was in production at a moment or at the end of a day.

    Args:
        when: as `parse_moment` takes it.

    Returns:
        The deployment, None when nothing was published by then; and by which clock: `wall`, or `shop` for a
        time before this home's first publish, as it is when a home was filled with the past.

    Raises:
        ValueError: it is neither a day nor a moment.
    """
    lines, (moment, _) = list(deployments), parse_moment(when)
    by_wall = [each for each in lines if each.switched_at <= format_utc(moment)]
    if by_wall:
        return by_wall[-1], "wall"
    by_shop = [each for each in lines if compute_first_day_in_production(each) <= moment.date().isoformat()]
    return (by_shop[-1] if by_shop else None), "shop"


def resolve_as_of(deployments: Iterable[Deployment], when: str) -> tuple[Deployment | None, str, str]:
    """What `find_deployment_at` finds, and a sentence that says which night this is, and which one is the
    day's own.

    A night over landing day D runs in the small hours of D + 1: who names a day may mean either, and reads
    here which was taken.

    Raises:
        ValueError: it is neither a day nor a moment.
    """
    lines, (moment, is_day) = list(deployments), parse_moment(when)
    deployment, clock = find_deployment_at(lines, when)
    if deployment is None:
        clock_note = f"nothing was in production {f'when {when} ended' if is_day else f'at {when}'}"
        first = lines[0] if lines else None
        if first:
            clock_note += (
                f"; the first deployment was at {first.switched_at}, over {format_landing_dates(first)} "
            )
            clock_note += f"(in production from {compute_first_day_in_production(first)} by the shop's days)"
        return None, clock, clock_note
    since = {
        "wall": deployment.switched_at,
        "shop": f"{compute_first_day_in_production(deployment)} by the shop's own days",
    }[clock]
    clock_note = f"{when} means what was in production {'when that day ended' if is_day else 'then'}"
    clock_note = (
        f"{clock_note}: run {deployment.run_id} over {format_landing_dates(deployment)}, since {since}."
    )
    day = moment.date().isoformat()
    own = [each.run_id for each in lines if each.by == PUBLISH and each.record["landing_date"] == day]
    if is_day and own and own[-1] != deployment.run_id:
        clock_note += f" The night over landing day {day} itself is run {own[-1]}."
    return deployment, clock, clock_note


def format_landing_dates(deployment: Deployment) -> str:
    return f"landing days up to {deployment.record['landing_date']}"
