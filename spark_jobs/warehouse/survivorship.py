"""Which value wins in the unified profile: the reviewed policy, checked, and the two generated dbt models
that hold it.

The policy is `dbt_project/survivorship.yml`; its rules are run by `int_customer_value_ranks` and
`dim_customer_values`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from expectations.contracts.yaml_files import suggest
from segments.language import FORBIDDEN
from segments.to_sql import format_literal, write_if_changed
from spark_jobs.sources.registry import list_source_names

POLICY = "survivorship.yml"
GENERATED = Path("models/intermediate/customers/generated")
HEADER = f"-- Generated from {POLICY} by spark_jobs/warehouse/survivorship.py; not committed.\n\n"
OF_RECORDS = ("first_name", "last_name", "email", "phone", "address_line", "city", "postcode", "birth_date")
FIELDS = (*OF_RECORDS, "country")
RULES = ("most_recent", "first_seen", "most_frequent", "source_priority", "longest")
FEEDS = ("order", "record", "event", "other_line")
KEYS = ("rule", "priority", "comes_with", "reason")


class PolicyError(ValueError):
    """The policy cannot be understood. The message says where, what is wrong, and what is allowed."""


@dataclass(frozen=True)
class Survivor:
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


def load(file: Path) -> list[Survivor]:
    """The policy of a file, a rule for each of FIELDS and in their order.

    Raises:
        PolicyError: it is not one.
    """
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PolicyError(
            f"{file.name}: there is none beside dbt_project.yml; it says which value of a profile wins"
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise PolicyError(f"{file.name}: cannot be read as YAML: {' '.join(str(error).split())}") from error
    return parse(document, file.name)


def parse(document: Any, where: str) -> list[Survivor]:
    """The policy out of what YAML gave; `where` names it in messages.

    Raises:
        PolicyError: see `load`.
    """
    if (
        not isinstance(document, Mapping)
        or list(document) != ["fields"]
        or not isinstance(document["fields"], Mapping)
    ):
        raise PolicyError(
            f"{where}: wanted a mapping with the one key `fields`, and under it a rule for each of"
            f" {listed(FIELDS)}"
        )
    said = document["fields"]
    for name in said:
        if name not in FIELDS:
            raise PolicyError(
                f"{where}: unknown field {name!r}{suggest(name, FIELDS)}; allowed: {listed(FIELDS)}"
            )
    missing = [name for name in FIELDS if name not in said]
    if missing:
        raise PolicyError(f"{where}: no rule for {listed(missing)}; each of {listed(FIELDS)} needs one")
    chosen = {
        name: survivor(name, said[name], f"{where}: {name}")
        for name in FIELDS
        if "comes_with" not in keys(said[name])
    }
    return [chosen.get(name) or brought(name, said[name], chosen, f"{where}: {name}") for name in FIELDS]


def survivor(name: str, document: Any, where: str) -> Survivor:
    """A field with a rule of its own."""
    reason = checked_reason(document, where)
    rule, priority = document.get("rule"), document.get("priority")
    if rule not in RULES:
        raise PolicyError(
            f"{where}: unknown rule {rule!r}{suggest(rule, RULES)}; allowed: {listed(RULES)}, or comes_with"
            " instead"
        )
    if rule != "source_priority":
        if priority is not None:
            raise PolicyError(
                f"{where}: priority is for source_priority, and the rule is {rule}; leave it out"
            )
        return Survivor(name, rule, reason)
    allowed = (*FEEDS, *list_source_names())
    if not isinstance(priority, list) or not priority:
        raise PolicyError(
            f"{where}: source_priority needs priority, a list of {listed(allowed)}, the most trusted first"
        )
    for n, one in enumerate(priority):
        if one not in allowed:
            raise PolicyError(
                f"{where}: unknown source or feed {one!r}{suggest(one, allowed)}; allowed: {listed(allowed)}"
            )
        if one in priority[:n]:
            raise PolicyError(f"{where}: {one} stands twice in priority")
    return Survivor(name, rule, reason, tuple(priority))


def brought(name: str, document: Any, chosen: Mapping[str, Survivor], where: str) -> Survivor:
    """A field that comes with another's winner, and so by that one's rule."""
    reason = checked_reason(document, where)
    if "rule" in document or "priority" in document:
        raise PolicyError(
            f"{where}: comes_with stands beside rule or priority; a field has a rule of its own or comes with"
            " another"
        )
    leader = document["comes_with"]
    allowed = [one for one in chosen if one in OF_RECORDS] if name in OF_RECORDS else []
    if not allowed:
        raise PolicyError(
            f"{where}: comes with none, since orders and events say it too; it needs a rule: {listed(RULES)}"
        )
    if leader not in allowed:
        raise PolicyError(
            f"{where}: comes_with is {leader!r}; allowed: a field of the same record with its own rule,"
            f" {listed(allowed)}"
        )
    return Survivor(name, chosen[leader].rule, reason, chosen[leader].priority, leader)


def checked_reason(document: Any, where: str) -> str:
    """Why the field has its rule, on one line; a rule without a reason cannot be reviewed."""
    unknown = [key for key in keys(document) if key not in KEYS]
    if not isinstance(document, Mapping) or unknown:
        said = f"unknown key {unknown[0]!r}{suggest(unknown[0], KEYS)}" if unknown else f"is {document!r}"
        raise PolicyError(f"{where}: {said}; wanted a mapping with rule and reason; allowed: {listed(KEYS)}")
    reason = document.get("reason")
    if not isinstance(reason, str) or not reason.strip() or any(mark in reason for mark in FORBIDDEN):
        raise PolicyError(f"{where}: reason is {reason!r}; wanted a sentence without {' '.join(FORBIDDEN)}")
    return " ".join(reason.split())


def keys(document: Any) -> list:
    return list(document) if isinstance(document, Mapping) else []


def listed(names: Any) -> str:
    return ", ".join(names)


def rules_model(policy: list[Survivor]) -> str:
    """The dbt model `int_survivorship_rules`: a row a field."""
    return HEADER + unioned(
        {"field": one.field, "rule": one.rule, "comes_with": one.comes_with, "reason": one.reason}
        for one in policy
    )


def priorities_model(policy: list[Survivor]) -> str:
    """The dbt model `int_survivorship_priorities`: a row a field and name of its list, counted from 1;
    perhaps none.
    """
    rows = [
        {"field": one.field, "said_by": name, "place": place}
        for one in policy
        for place, name in enumerate(one.priority, start=1)
    ]
    if rows:
        return HEADER + unioned(rows)
    return HEADER + "select\n    '' as field,\n    '' as said_by,\n    0 as place\nwhere 1 = 0\n"


def unioned(rows: Any) -> str:
    """Rows as one query; a text that is None is a null of the text's type."""
    said = (
        ",\n".join(
            f"    {'cast(null as varchar)' if value is None else format_literal(value)} as {name}"
            for name, value in row.items()
        )
        for row in rows
    )
    return "\n\nunion all\n\n".join(f"select\n{one}" for one in said) + "\n"


def write_rules(project: Path) -> None:
    """Write the policy of a dbt project into the models generated from it.

    Raises:
        PolicyError: see `load`; nothing is written.
    """
    policy = load(project / POLICY)
    folder = project / GENERATED
    folder.mkdir(parents=True, exist_ok=True)
    write_if_changed(folder / "int_survivorship_rules.sql", rules_model(policy))
    write_if_changed(folder / "int_survivorship_priorities.sql", priorities_model(policy))
