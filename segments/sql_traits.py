"""Traits that are dbt models: a file of SQL in `dbt_project/models/traits/`, and beside it what its columns
are.

One that is not described as it must be is left out of the night, with a sentence; the others are not touched.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from segments.fields import NIGHT_FIELDS, Field
from segments.parsing.text import NAME, find_text_flaw
from segments.parsing.traits import load_traits

FOLDER = Path(__file__).resolve().parents[1] / "dbt_project/models/traits"
KINDS = {
    "number": r"(tiny|small|big)?int(eger)?|double|float|(decimal|numeric)(\(\d+, ?\d+\))?",
    "text": r"varchar|text",
    "boolean": r"boolean",
    "time": r"date|timestamp",
}


@dataclass(frozen=True)
class SqlColumn:
    """One column: number, text, boolean, or time, which no rule compares; and what it says."""

    kind: str
    data_type: str
    description: str


@dataclass(frozen=True)
class SqlTrait:
    """A model and its columns by name, `customer_id` left out."""

    model: str
    columns: dict[str, SqlColumn]


@dataclass(frozen=True)
class SqlTraitFlaw:
    """What is wrong with a file of the folder, which is left out."""

    file: str
    message: str


class SqlTraitError(ValueError):
    """A model cannot be a trait. The message says which, what is wrong, and what is allowed."""


def load_shop_sql_traits() -> tuple[list[SqlTrait], list[SqlTraitFlaw]]:
    """The shop's SQL traits and what is wrong with others, as `load_sql_traits`."""
    return load_sql_traits([*NIGHT_FIELDS, *(trait.trait for trait in load_traits())])


def load_sql_traits(
    taken: Collection[str], folder: Path | None = None
) -> tuple[list[SqlTrait], list[SqlTraitFlaw]]:
    """The models of a folder that can be traits, by name, and a flaw for each that cannot.

    Args:
        taken: names of fields and of declared traits.
        folder: None: the shop's.
    """
    folder = folder or FOLDER
    pages, flaws = read_pages(folder)
    traits: list[SqlTrait] = []
    names = dict.fromkeys(taken, "a field or declared trait")
    for file in sorted(folder.glob("*.sql")):
        try:
            trait = read_sql_trait(file.stem, pages.get(file.stem), names)
        except SqlTraitError as error:
            flaws.append(SqlTraitFlaw(file.name, str(error)))
        else:
            traits.append(trait)
            names |= dict.fromkeys(trait.columns, f"of {trait.model}")
    return traits, flaws


def read_pages(folder: Path) -> tuple[dict[str, Any], list[SqlTraitFlaw]]:
    """What the folder's YAML says of each model, and what could not be read of it."""
    pages: dict[str, Any] = {}
    flaws = []
    for file in sorted(folder.glob("*.yml")):
        try:
            models = yaml.safe_load(file.read_text())["models"]
            pages |= {model["name"]: model for model in models}
        except (yaml.YAMLError, KeyError, TypeError, ValueError, RecursionError, OSError) as error:
            message = f"{file.name}: no list of models, as dbt wants it: {' '.join(str(error).split())}"
            flaws.append(SqlTraitFlaw(file.name, message))
    return pages, flaws


def read_sql_trait(model: str, page: Any, names: dict[str, str]) -> SqlTrait:
    """The trait of a model.

    Args:
        names: each name that is taken, with whose it is.

    Raises:
        SqlTraitError: it is not described as a trait must be.
    """
    if not re.fullmatch(NAME, model) or not model[0].isalpha():
        raise SqlTraitError(f"{model!r}.sql: allowed in its name: small letters, digits and underscores")
    if page is None:
        raise SqlTraitError(
            f"{model}.sql: no .yml beside it names its columns; wanted customer_id and the traits"
        )
    columns: dict[str, SqlColumn] = {}
    listed = page.get("columns") or ()
    if not isinstance(listed, list) or not all(isinstance(column, dict) for column in listed):
        raise SqlTraitError(f"{model}: columns is no list of columns, as dbt wants it")
    said = {str(column.get("name")): column for column in listed}
    if "customer_id" not in said:
        raise SqlTraitError(f"{model}: no column customer_id; wanted it and one column or more")
    if len(said) == 1:
        raise SqlTraitError(f"{model}: no column but customer_id; wanted one column or more beside it")
    for name, column in said.items():
        if name == "customer_id":
            continue
        if name in names:
            raise SqlTraitError(f"{model}: the name {name} is taken, it is {names[name]}; wanted another")
        columns[name] = read_column(model, name, column)
    return SqlTrait(model, columns)


def read_column(model: str, name: str, column: dict[str, Any]) -> SqlColumn:
    """What a column is.

    Raises:
        SqlTraitError: its name, its type or its description is missing or cannot be used.
    """
    if not re.search(NAME, name) or not name[0].isalpha():
        raise SqlTraitError(f"{model}: the column {name!r}; allowed: small letters, digits and underscores")
    data_type, about = str(column.get("data_type")).lower(), column.get("description") or ""
    kind = next((kind for kind, pattern in KINDS.items() if re.fullmatch(pattern, data_type)), None)
    if kind is None:
        allowed = "bigint, double, decimal(p, s), varchar, boolean, date, timestamp"
        raise SqlTraitError(f"{model}: the data_type of {name} is {data_type}; allowed: {allowed}")
    if flaw := find_text_flaw(str(about)):
        raise SqlTraitError(f"{model}: the description of {name} {flaw}")
    return SqlColumn(kind, data_type, str(about))


def describe_sql_fields(traits: list[SqlTrait]) -> tuple[dict[str, Field], dict[str, str]]:
    """What rules may name of SQL traits, and the columns that no rule can compare, with why."""
    fields, absent = {}, {}
    for trait in traits:
        for name, column in trait.columns.items():
            if column.kind == "time":
                absent[name] = f"is a {column.data_type}, which no rule compares"
            else:
                fields[name] = Field(column.kind, column.description)
    return fields, absent
