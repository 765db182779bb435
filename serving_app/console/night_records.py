"""Nights as people look at them, from the lines of the step log and of the log of deployments. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from serving_app.console.night_tables import Balance, BorderCheck, read_balances, read_checks

STEPS = ("land", "ingest", "identify", "load", "dbt", "export", "train", "score", "publish")
CHECKS = "validate"  # the border checks of a step, which log under this name
AT_THE_BORDER, NOTHING_NEW = "stopped at the border", "nothing new"

UNUSUAL = re.compile(r"[^A-Za-z0-9._-]+")


class State(StrEnum):
    """What became of a night, or of a step."""

    RAN = "ran"
    RUNNING = "running"
    FAILED = "failed"
    REFUSED = "refused"
    UNFINISHED = "unfinished"
    NOTHING_NEW = "nothing new"


@dataclass
class Step:
    """One step of a night: its newest try."""

    name: str
    started_at: datetime
    ended_at: datetime
    seconds: float | None = None
    check_seconds: float = 0.0
    state: State = State.UNFINISHED
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    checks: list[BorderCheck] = field(default_factory=list)


@dataclass
class Night:
    """One run, newest facts last.

    Attributes:
        balances: of each feed of each table that received records.
        model_version: what readers were given by it; empty where it was not published.
        landing_date: the newest day it holds, ISO; empty where it was not published.
    """

    run_id: str
    started_at: datetime
    ended_at: datetime
    steps: dict[str, Step] = field(default_factory=dict)
    balances: list[Balance] = field(default_factory=list)
    published_at: datetime | None = None
    landing_date: str = ""
    model_version: str = ""
    is_running: bool = False

    @property
    def slug(self) -> str:
        """The run's name in addresses, and of its folder of reports (`slugify_run_id` of the batch side)."""
        return UNUSUAL.sub("-", self.run_id)

    @property
    def state(self) -> State:
        """What became of it, judged by its steps' newest tries and by whether readers got it."""
        states = [step.state for step in self.steps.values()]
        if self.is_running:
            return State.RUNNING
        for state in (State.REFUSED, State.FAILED):
            if state in states:
                return state
        if self.published_at:
            return State.RAN
        return State.NOTHING_NEW if State.NOTHING_NEW in states else State.UNFINISHED

    @property
    def trouble(self) -> str:
        """What stopped it, in the words of its log; empty where nothing did."""
        return next((error for step in self.steps.values() for error in step.errors[-1:]), "")

    @property
    def warnings(self) -> list[tuple[str, str]]:
        """The warnings of all steps, each with its step."""
        return [(step.name, warning) for step in self.steps.values() for warning in step.warnings]

    @property
    def seconds(self) -> float:
        """What its steps took together."""
        return sum((step.seconds or 0.0) + step.check_seconds for step in self.steps.values())


def build_nights(
    lines: Iterable[Mapping[str, Any]], deployments: Iterable[Mapping[str, Any]], running: str = ""
) -> list[Night]:
    """The nights that the logs tell of, newest first. Runs that are no nights (a rollback, housekeeping) are
    left out.

    Args:
        lines: of the step log, oldest first, as `read_objects` found them.
        deployments: lines of the log of deployments.
        running: the run that works now; empty for none.
    """
    nights: dict[str, Night] = {}
    for line in lines:
        run, at = line.get("run"), parse_moment(line.get("at"))
        if not isinstance(run, str) or at is None:
            continue
        night = nights.setdefault(run, Night(run, at, at, is_running=run == running))
        add_line(night, line, at)
    for deployment in deployments:
        record = deployment.get("record")
        if deployment.get("by") == "publish" and isinstance(record, Mapping):
            mark_published(nights.get(str(record.get("run_id"))), record)
    found = [night for night in nights.values() if any(step in STEPS for step in night.steps)]
    return sorted(found, key=lambda night: night.started_at, reverse=True)


def add_line(night: Night, line: Mapping[str, Any], at: datetime) -> None:
    """Take a line of the step log into its night."""
    night.ended_at = at
    name, message = str(line.get("step", "")), str(line.get("message", ""))
    if name == CHECKS:
        if night.steps and isinstance(seconds := line.get("seconds"), int | float):
            last = next(reversed(night.steps.values()))
            last.check_seconds += seconds
            last.checks += read_checks(line.get("tables"))
        return
    if name not in STEPS:
        return
    step = night.steps.get(name)
    if step is None or (step.state != State.UNFINISHED and is_new_try(step, line, at)):
        step = Step(name, at, at)
        night.steps.pop(name, None)
        night.steps[name] = step
    step.ended_at = at
    level = line.get("level")
    if level == "ERROR":
        step.errors.append(message)
        step.state = State.REFUSED if is_refusal(message) else State.FAILED
    elif level == "WARNING":
        step.warnings.append(message)
    elif message.startswith(NOTHING_NEW):
        step.state = State.NOTHING_NEW
    elif "tables" in line and isinstance(line.get("seconds"), int | float):
        step.seconds = (step.seconds or 0.0) + line["seconds"]
        step.state = State.RAN
        if name == "ingest":
            night.balances = read_balances(line["tables"])


def is_new_try(step: Step, line: Mapping[str, Any], at: datetime) -> bool:
    """Whether a line of a step that has ended begins its next try: what a step did to tables, it says within
    a second of its end.
    """
    return "table" not in line and line.get("level") == "INFO" and (at - step.ended_at).total_seconds() > 1


def is_refusal(message: str) -> bool:
    """Whether an error says that a check or a gate kept data from readers, and not that a program broke."""
    return message.startswith(AT_THE_BORDER) or "Refused" in message


def mark_published(night: Night | None, record: Mapping[str, Any]) -> None:
    """Note that readers were given a night."""
    if night is None:
        return
    night.published_at = parse_moment(record.get("published_at"))
    night.landing_date = str(record.get("landing_date", ""))
    night.model_version = str(record.get("model_version", ""))


def parse_moment(text: Any) -> datetime | None:
    """A moment with its zone; None where the text is none."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else None
