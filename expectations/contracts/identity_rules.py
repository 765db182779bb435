"""The identity rules, which people review: read from `rules.yml` and checked, so that a slip in it stops the
run with a sentence.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from expectations.contracts.identifiers import KINDS
from expectations.contracts.lake import CORE_PEOPLE

FILE = Path(__file__).parents[2] / "spark_jobs" / "identify" / "rules.yml"
COUNTED_HOLDERS = ("user_id", "person_record", "holder")


class IdentityRulesError(ValueError):
    """The rules file says something that is not allowed; the message names the place and what is."""


@dataclass(frozen=True)
class BlockedValues:
    """Values nobody stands behind: `pattern` matches the whole normalised value."""

    id: str
    kinds: tuple[str, ...]
    pattern: str
    reason: str


@dataclass(frozen=True)
class SharedIdentifier:
    """An identifier of these kinds is several people's when more than `at_most` of `of` were seen with it."""

    id: str
    kinds: tuple[str, ...]
    of: str
    at_most: int
    reason: str


@dataclass(frozen=True)
class IdentifierLimit:
    """A customer holds at most so many identifiers of a kind, ever or first seen within any `within_days`;
    priority 1 is best.
    """

    kind: str
    priority: int
    at_most: int
    reason: str
    within_days: int | None = None


@dataclass(frozen=True)
class IdentityRules:
    """The whole file.

    Attributes:
        link, review: probabilities from which two records are one person, and from which somebody is asked.
        too_common: column of `core_people` → the most records on which one value of it still says something.
        giant: identifiers of one customer from which it is held back until somebody has looked.
    """

    blocked: tuple[BlockedValues, ...]
    shared: tuple[SharedIdentifier, ...]
    limits: tuple[IdentifierLimit, ...]
    link: float
    review: float
    too_common: Mapping[str, int]
    giant: int

    def limit(self, kind: str) -> IdentifierLimit:
        """The limit of a kind of identifier."""
        return next(limit for limit in self.limits if limit.kind == kind)


def is_blocked_value(kind: str, value: str, blocked: Sequence[BlockedValues]) -> bool:
    """Whether a rule blocks this normalised value; `link_limits.blocked` says the same in Spark."""
    return any(kind in rule.kinds and re.fullmatch(rule.pattern, value) for rule in blocked)


def load_identity_rules(path: Path = FILE) -> IdentityRules:
    """The rules of a file.

    Raises:
        IdentityRulesError: something in it is unknown, missing or out of range.
    """
    return parse_identity_rules(yaml.safe_load(path.read_text()))


def parse_identity_rules(raw: Any) -> IdentityRules:
    """The rules from what YAML made of the file.

    Raises:
        IdentityRulesError: as `load_identity_rules`.
    """
    sections = {"blocked", "shared", "limits", "likeness", "giant"}
    _expect(
        isinstance(raw, Mapping) and set(raw) == sections,
        "the file",
        f"has exactly the sections {sorted(sections)}",
    )
    for section in ("blocked", "shared", "limits"):
        _expect(isinstance(raw[section], list) and bool(raw[section]), section, "is a list of rules")
    blocked = tuple(_entry(BlockedValues, "blocked", each) for each in raw["blocked"])
    shared = tuple(_entry(SharedIdentifier, "shared", each) for each in raw["shared"])
    limits = tuple(_entry(IdentifierLimit, "limits", each) for each in raw["limits"])
    for section, entries in (("blocked", blocked), ("shared", shared)):
        ids = [each.id for each in entries]
        _expect(len(ids) == len(set(ids)), section, "gives each rule an id of its own")
    for each in blocked:
        try:
            re.compile(each.pattern)
        except re.error as wrong:
            raise IdentityRulesError(
                f"rules.yml: blocked/{each.id}: the pattern is no regular expression: {wrong}"
            ) from wrong
    for each in shared:
        _expect(
            each.of in COUNTED_HOLDERS,
            f"shared/{each.id}",
            f"counts one of {', '.join(COUNTED_HOLDERS)} in `of`",
        )
    kinds = sorted(limit.kind for limit in limits)
    _expect(kinds == sorted(KINDS), "limits", f"names each kind once: {', '.join(KINDS)}")
    _expect(
        len({limit.priority for limit in limits}) == len(limits),
        "limits",
        "gives each kind a priority of its own",
    )
    likeness = raw["likeness"]
    names = {"link", "review", "too_common"}
    _expect(
        isinstance(likeness, Mapping) and set(likeness) == names,
        "likeness",
        f"has {', '.join(sorted(names))}",
    )
    are_numbers = all(isinstance(likeness[name], float) for name in ("link", "review"))
    _expect(
        are_numbers and 0 < likeness["review"] <= likeness["link"] < 1,
        "likeness",
        "has 0 < review <= link < 1",
    )
    common = likeness["too_common"]
    are_columns = isinstance(common, Mapping) and set(common) <= set(CORE_PEOPLE.columns)
    _expect(
        are_columns and all(map(_is_count, common.values())),
        "likeness/too_common",
        "gives columns of core_people a number",
    )
    _expect(_is_count(raw["giant"]) and raw["giant"] > 1, "giant", "is a whole number above 1")
    return IdentityRules(blocked, shared, limits, likeness["link"], likeness["review"], common, raw["giant"])


def _entry(kind: type, section: str, raw: Any) -> Any:
    """One entry of a section, its names and values checked."""
    named = raw.get("id") or raw.get("kind") if isinstance(raw, Mapping) else raw
    where, allowed = f"{section}/{named}", {field.name for field in fields(kind)}
    needed = allowed - {"within_days"}
    _expect(
        isinstance(raw, Mapping) and needed <= set(raw) <= allowed,
        where,
        f"has the fields {', '.join(sorted(needed))}",
    )
    _expect(isinstance(raw["reason"], str) and bool(raw["reason"].strip()), where, "gives its reason")
    is_word = "id" not in raw or re.fullmatch("[a-z_]+", str(raw["id"])) is not None
    _expect(is_word, where, "has an id of small letters and underscores")
    _expect(isinstance(raw.get("pattern", ""), str), where, "has its pattern in quotes")
    _expect(
        "(?P" not in raw.get("pattern", ""), where, "has a pattern that Java reads too: groups have no names"
    )
    kinds = raw.get("kinds", [raw.get("kind")])
    _expect(
        isinstance(kinds, list) and kinds and set(kinds) <= set(KINDS),
        where,
        f"names kinds among {', '.join(KINDS)}",
    )
    for name in ("at_most", "priority", "within_days"):
        _expect(_is_count(raw.get(name, 1)), where, f"has a whole number in `{name}`")
    return kind(**{name: tuple(value) if name == "kinds" else value for name, value in raw.items()})


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _expect(is_true: bool, where: str, what: str) -> None:
    if not is_true:
        raise IdentityRulesError(f"rules.yml: {where}: not as it must be, which is that it {what}")
