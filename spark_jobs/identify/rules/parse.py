"""The reviewed rules of identity: read from `rules.yml` and checked, so that a slip in it stops the night with a sentence."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from expectations.contracts.identifiers import KINDS

FILE = Path(__file__).parent.with_name("rules.yml")
COUNTED = ("user_id", "person_record", "holder")


class RulesError(ValueError):
    """The rules file says something that is not allowed; the message names the place and what is."""


@dataclass(frozen=True)
class Blocked:
    """Values nobody stands behind: `pattern` matches the whole normalised value."""

    id: str
    kinds: tuple[str, ...]
    pattern: str
    reason: str


@dataclass(frozen=True)
class Shared:
    """An identifier of these kinds is several people's when more than `at_most` of `of` were seen with it."""

    id: str
    kinds: tuple[str, ...]
    of: str
    at_most: int
    reason: str


@dataclass(frozen=True)
class Limit:
    """A customer holds at most so many identifiers of a kind, ever or first seen within any `within_days`; priority 1 is best."""

    kind: str
    priority: int
    at_most: int
    reason: str
    within_days: int | None = None


@dataclass(frozen=True)
class Rules:
    """The whole file.

    Attributes:
        link, review: probabilities from which two records are one person, and from which somebody is asked.
        giant: identifiers of one customer from which it is held back until somebody has looked.
    """

    blocked: tuple[Blocked, ...]
    shared: tuple[Shared, ...]
    limits: tuple[Limit, ...]
    link: float
    review: float
    giant: int

    def limit(self, kind: str) -> Limit:
        """The limit of a kind of identifier."""
        return next(limit for limit in self.limits if limit.kind == kind)


def load(path: Path = FILE) -> Rules:
    """The rules of a file.

    Raises:
        RulesError: something in it is unknown, missing or out of range.
    """
    return parse(yaml.safe_load(path.read_text()))


def parse(raw: Any) -> Rules:
    """The rules from what YAML made of the file.

    Raises:
        RulesError: as `load`.
    """
    sections = {"blocked", "shared", "limits", "likeness", "giant"}
    _expect(isinstance(raw, Mapping) and set(raw) == sections, "the file", f"has exactly the sections {sorted(sections)}")
    blocked = tuple(_entry(Blocked, "blocked", each) for each in raw["blocked"])
    shared = tuple(_entry(Shared, "shared", each) for each in raw["shared"])
    limits = tuple(_entry(Limit, "limits", each) for each in raw["limits"])
    for section, entries in (("blocked", blocked), ("shared", shared)):
        ids = [each.id for each in entries]
        _expect(len(ids) == len(set(ids)), section, "gives each rule an id of its own")
    for each in blocked:
        try:
            re.compile(each.pattern)
        except re.error as wrong:
            raise RulesError(f"rules.yml: blocked/{each.id}: the pattern is no regular expression: {wrong}") from wrong
    for each in shared:
        _expect(each.of in COUNTED, f"shared/{each.id}", f"counts one of {', '.join(COUNTED)} in `of`")
    kinds = sorted(limit.kind for limit in limits)
    _expect(kinds == sorted(KINDS), "limits", f"names each kind once: {', '.join(KINDS)}")
    _expect(len({limit.priority for limit in limits}) == len(limits), "limits", "gives each kind a priority of its own")
    likeness = raw["likeness"]
    is_pair = isinstance(likeness, Mapping) and set(likeness) == {"link", "review"}
    _expect(is_pair and 0 < likeness["review"] <= likeness["link"] < 1, "likeness", "has 0 < review <= link < 1")
    _expect(isinstance(raw["giant"], int) and raw["giant"] > 1, "giant", "is a whole number above 1")
    return Rules(blocked, shared, limits, float(likeness["link"]), float(likeness["review"]), raw["giant"])


def _entry(kind: type, section: str, raw: Any) -> Any:
    """One entry of a section, its names and values checked."""
    named = raw.get("id") or raw.get("kind") if isinstance(raw, Mapping) else raw
    where, allowed = f"{section}/{named}", {field.name for field in fields(kind)}
    needed = allowed - {"within_days"}
    _expect(isinstance(raw, Mapping) and needed <= set(raw) <= allowed, where, f"has the fields {', '.join(sorted(needed))}")
    _expect(bool(str(raw["reason"]).strip()), where, "gives its reason")
    kinds = raw.get("kinds", [raw.get("kind")])
    _expect(isinstance(kinds, list) and kinds and set(kinds) <= set(KINDS), where, f"names kinds among {', '.join(KINDS)}")
    for name in ("at_most", "priority", "within_days"):
        value = raw.get(name, 1)
        _expect(isinstance(value, int) and not isinstance(value, bool) and value >= 1, where, f"has a whole number in `{name}`")
    return kind(**{name: tuple(value) if name == "kinds" else value for name, value in raw.items()})


def _expect(is_true: bool, where: str, what: str) -> None:
    if not is_true:
        raise RulesError(f"rules.yml: {where}: not as it must be, which is that it {what}")
