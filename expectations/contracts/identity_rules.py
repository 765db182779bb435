"""The identity rules, which people review: read from `rules.yml` and checked, so that a slip in it stops the
run with a sentence.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from expectations.contracts.identifiers import KINDS
from expectations.contracts.lake import CORE_PEOPLE
from expectations.contracts.yaml_files import FileModel, read_yaml, validate

FILE = Path(__file__).parents[2] / "spark_jobs" / "identify" / "rules.yml"
COUNTED_HOLDERS = ("user_id", "person_record", "holder")


class IdentityRulesError(ValueError):
    """The rules file says something that is not allowed; the message names the place and what is allowed."""


def check_rule_id(text: str) -> str:
    """The id of a rule.

    Raises:
        ValueError: it has other characters than small letters and underscores.
    """
    if not re.fullmatch("[a-z_]+", text):
        raise ValueError(f"{text!r} has other characters than small letters and underscores")
    return text


def check_rule_reason(text: str) -> str:
    """The reason of a rule.

    Raises:
        ValueError: it is blank.
    """
    if not text.strip():
        raise ValueError("is blank; wanted the reason of the rule, in words")
    return text


def check_rule_pattern(text: str) -> str:
    """A regular expression of Python's.

    Raises:
        ValueError: it is none.
    """
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from error
    return text


def check_rule_ids_unique(rules: tuple) -> tuple:
    """Rules of a section.

    Raises:
        ValueError: two of them have the same id.
    """
    ids = [rule.id for rule in rules]
    if twice := sorted({each for each in ids if ids.count(each) > 1}):
        raise ValueError(f"two rules are called {', '.join(twice)}; wanted an id of its own for each")
    return rules


Id = Annotated[str, AfterValidator(check_rule_id)]
Reason = Annotated[str, AfterValidator(check_rule_reason)]
Count = Annotated[int, Field(ge=1)]
Kinds = Annotated[tuple[Literal[*KINDS], ...], Field(min_length=1, strict=False)]
Probability = Annotated[float, Field(gt=0, lt=1)]


class BlockedValues(FileModel):
    """Values that are nobody's identifier: `pattern` matches the whole normalised value."""

    id: Id
    kinds: Kinds
    pattern: Annotated[str, AfterValidator(check_rule_pattern)]
    reason: Reason


class SharedIdentifier(FileModel):
    """An identifier of these kinds is several people's when more than `at_most` of `of` were seen with it."""

    id: Id
    kinds: Kinds
    of: Literal[*COUNTED_HOLDERS]
    at_most: Count
    reason: Reason


class IdentifierLimit(FileModel):
    """A customer holds at most so many identifiers of a kind, ever or first seen within any `within_days`;
    priority 1 is best.
    """

    kind: Literal[*KINDS]
    priority: Count
    at_most: Count
    reason: Reason
    within_days: Count | None = None


class Likeness(FileModel):
    """When the likeness of two person records counts.

    Attributes:
        link, review: probabilities from which two records are one person's, and from which somebody is asked.
        too_common: column of `core_people` → the most records on which one value of it still counts.
    """

    link: Probability
    review: Probability
    too_common: dict[str, Count]

    @model_validator(mode="after")
    def check(self) -> "Likeness":
        """Raises ValueError: `review` is above `link`, or `too_common` names no column of `core_people`."""
        if self.review > self.link:
            raise ValueError(f"review is {self.review} and link {self.link}; wanted review <= link")
        if unknown := sorted(set(self.too_common) - set(CORE_PEOPLE.columns)):
            raise ValueError(f"too_common names {', '.join(unknown)}; allowed: columns of core_people")
        return self


Blocked = Annotated[tuple[BlockedValues, ...], Field(min_length=1, strict=False)]
Shared = Annotated[tuple[SharedIdentifier, ...], Field(min_length=1, strict=False)]


class IdentityRules(FileModel):
    """The whole file.

    Attributes:
        giant: a customer of more identifiers is held back until somebody has reviewed it.
    """

    blocked: Annotated[Blocked, AfterValidator(check_rule_ids_unique)]
    shared: Annotated[Shared, AfterValidator(check_rule_ids_unique)]
    limits: Annotated[tuple[IdentifierLimit, ...], Field(strict=False)]
    likeness: Likeness
    giant: Annotated[int, Field(gt=1)]

    @model_validator(mode="after")
    def check_limits(self) -> "IdentityRules":
        """Raises ValueError: `limits` does not name each kind once, or gives two kinds one priority."""
        if sorted(limit.kind for limit in self.limits) != sorted(KINDS):
            raise ValueError(f"limits: wanted each kind once: {', '.join(KINDS)}")
        if len({limit.priority for limit in self.limits}) < len(self.limits):
            raise ValueError("limits: wanted a priority of its own for each kind")
        return self

    def limit_of(self, kind: str) -> IdentifierLimit:
        """The limit of a kind of identifier."""
        return next(limit for limit in self.limits if limit.kind == kind)


SECTIONS = {"blocked": BlockedValues, "shared": SharedIdentifier, "limits": IdentifierLimit}


def is_blocked_value(kind: str, value: str, blocked: Sequence[BlockedValues]) -> bool:
    """Whether a rule blocks this normalised value."""
    return any(kind in rule.kinds and re.fullmatch(rule.pattern, value) for rule in blocked)


def load_identity_rules(path: Path = FILE) -> IdentityRules:
    """The rules of a file.

    Raises:
        IdentityRulesError: it is no YAML, or something in it is unknown, missing or out of range.
    """
    return parse_identity_rules(read_yaml(path, IdentityRulesError))


def parse_identity_rules(document: Any) -> IdentityRules:
    """The rules from the document of the file. Errors name a rule by its id or kind.

    Raises:
        IdentityRulesError: as `load_identity_rules`.
    """
    for section, model in SECTIONS.items() if isinstance(document, dict) else ():
        rules = document.get(section)
        for rule in rules if isinstance(rules, list) else ():
            name = rule.get("id", rule.get("kind")) if isinstance(rule, dict) else rule
            validate(model, rule, f"{FILE.name}: {section}/{name}", IdentityRulesError)
    return validate(IdentityRules, document, FILE.name, IdentityRulesError)
