"""Which value wins in the profile: the survivorship policy, checked, and the two generated dbt models that
hold it.

The policy is `dbt_project/survivorship.yml`; its rules are run by `int_customer_value_ranks` and
`dim_customer_values`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, create_model, model_validator

from expectations.contracts.yaml_files import FileModel, format_suggestion, read_yaml, validate
from segments.parsing.text import parse_text
from segments.to_sql import format_literal, write_if_changed
from spark_jobs.sources.registry import list_source_names

POLICY = "survivorship.yml"
GENERATED = Path("models/intermediate/customers/generated")
HEADER = f"-- Generated from {POLICY} by spark_jobs/warehouse/survivorship.py; not committed.\n\n"
OF_RECORDS = ("first_name", "last_name", "email", "phone", "address_line", "city", "postcode", "birth_date")
FIELDS = (*OF_RECORDS, "country")
RULES = ("most_recent", "first_seen", "most_frequent", "source_priority", "longest")
FEEDS = ("order", "record", "event", "other_line")
Text = Annotated[str, BeforeValidator(parse_text)]


class PolicyError(ValueError):
    """The policy cannot be understood. The message says where, what is wrong, and what is allowed."""


@dataclass(frozen=True)
class SurvivorshipRule:
    """How the winner of one field is found.

    Attributes:
        rule: one of RULES; of a field that comes with another, that other's.
        priority: sources and feeds, the most trusted first; empty but for `source_priority`.
        comes_with: the field whose winner brings this value along; None for one that is chosen for itself.
    """

    field: str
    rule: str
    reason: str
    priority: tuple[str, ...] = ()
    comes_with: str | None = None


def check_priority(names: tuple[str, ...]) -> tuple[str, ...]:
    """Sources and feeds, each once.

    Raises:
        ValueError: one is unknown or stands twice.
    """
    allowed = (*FEEDS, *list_source_names())
    for n, name in enumerate(names):
        if name not in allowed:
            raise ValueError(
                f"unknown source or feed {name!r}{format_suggestion(name, allowed)};"
                f" allowed: {', '.join(allowed)}"
            )
        if name in names[:n]:
            raise ValueError(f"{name} stands twice")
    return names


class FieldPolicy(FileModel):
    """What the file says of one field: a rule of its own, or the field whose winner it comes with."""

    rule: Literal[*RULES] | None = None
    priority: Annotated[tuple[str, ...], Field(strict=False), AfterValidator(check_priority)] | None = None
    comes_with: str | None = None
    reason: Text

    @model_validator(mode="after")
    def check_choice(self) -> "FieldPolicy":
        """Either a rule, with a priority where it needs one, or another field.

        Raises:
            ValueError: both, neither, or a priority that is missing or of no use.
        """
        if self.comes_with is not None:
            if self.rule is not None or self.priority is not None:
                raise ValueError(
                    "comes_with stands beside rule or priority; a field has a rule of its own or comes with"
                    " another"
                )
        elif self.rule is None:
            raise ValueError(f"no rule; allowed: {', '.join(RULES)}, or comes_with instead")
        elif self.rule == "source_priority" and not self.priority:
            allowed = ", ".join((*FEEDS, *list_source_names()))
            raise ValueError(f"source_priority needs priority, a list of {allowed}, the most trusted first")
        elif self.rule != "source_priority" and self.priority is not None:
            raise ValueError(f"priority is for source_priority, and the rule is {self.rule}; leave it out")
        return self


FieldPolicies = create_model("FieldPolicies", __base__=FileModel, **dict.fromkeys(FIELDS, (FieldPolicy, ...)))


class PolicyFile(FileModel):
    """The policy as it is written: every field of the profile with its rule."""

    fields: FieldPolicies


def load_policy(file: Path) -> list[SurvivorshipRule]:
    """The policy of a file, a rule for each of FIELDS and in their order.

    Raises:
        PolicyError: it is not one.
    """
    try:
        document = read_yaml(file, PolicyError)
    except FileNotFoundError as error:
        raise PolicyError(
            f"{file.name}: there is none beside dbt_project.yml; it says which value of a profile wins"
        ) from error
    return parse_policy(document, file.name)


def parse_policy(document: Any, where: str) -> list[SurvivorshipRule]:
    """The policy out of what YAML gave; `where` names it in messages.

    Raises:
        PolicyError: see `load_policy`.
    """
    fields = validate(PolicyFile, document, where, PolicyError).fields
    policies = {name: getattr(fields, name) for name in FIELDS}
    return [build_rule(name, policies, f"{where}: fields.{name}") for name in FIELDS]


def build_rule(name: str, policies: Mapping[str, FieldPolicy], where: str) -> SurvivorshipRule:
    """The rule of one field; of one that comes with another's winner, that other's.

    Raises:
        PolicyError: it comes with a field that it cannot come with.
    """
    policy = policies[name]
    if policy.comes_with is None:
        return SurvivorshipRule(name, policy.rule, policy.reason, policy.priority or ())
    if name not in OF_RECORDS:
        raise PolicyError(
            f"{where}: comes with none, since orders and events say it too; it needs a rule:"
            f" {', '.join(RULES)}"
        )
    allowed = [other for other in OF_RECORDS if policies[other].comes_with is None]
    if policy.comes_with not in allowed:
        raise PolicyError(
            f"{where}: comes_with is {policy.comes_with!r}; allowed: a field of the same record with its own"
            f" rule, {', '.join(allowed)}"
        )
    leader = policies[policy.comes_with]
    return SurvivorshipRule(name, leader.rule, policy.reason, leader.priority or (), policy.comes_with)


def format_rules_model(policy: list[SurvivorshipRule]) -> str:
    """The dbt model `int_survivorship_rules`: a row a field."""
    return HEADER + format_union(
        {"field": one.field, "rule": one.rule, "comes_with": one.comes_with, "reason": one.reason}
        for one in policy
    )


def format_priorities_model(policy: list[SurvivorshipRule]) -> str:
    """The dbt model `int_survivorship_priorities`: a row a field and name of its list, counted from 1;
    perhaps none.
    """
    rows = [
        {"field": one.field, "said_by": name, "place": place}
        for one in policy
        for place, name in enumerate(one.priority, start=1)
    ]
    if rows:
        return HEADER + format_union(rows)
    return HEADER + "select\n    '' as field,\n    '' as said_by,\n    0 as place\nwhere 1 = 0\n"


def format_union(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as one query; a text that is None is a null of the text's type."""
    queries = (
        ",\n".join(
            f"    {'cast(null as varchar)' if value is None else format_literal(value)} as {name}"
            for name, value in row.items()
        )
        for row in rows
    )
    return "\n\nunion all\n\n".join(f"select\n{one}" for one in queries) + "\n"


def write_policy_models(project: Path) -> None:
    """Write the policy of a dbt project into the models generated from it.

    Raises:
        PolicyError: see `load_policy`; nothing is written.
    """
    policy = load_policy(project / POLICY)
    folder = project / GENERATED
    folder.mkdir(parents=True, exist_ok=True)
    write_if_changed(folder / "int_survivorship_rules.sql", format_rules_model(policy))
    write_if_changed(folder / "int_survivorship_priorities.sql", format_priorities_model(policy))
