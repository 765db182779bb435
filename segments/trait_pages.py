"""What dbt's documentation says of traits: the descriptions and types of the generated models."""

import json
from collections.abc import Sequence
from typing import Any

from segments.parsing.traits import find_trait_kind
from segments.sql_traits import SqlTrait
from segments.tree.measures import Count, CountDistinct
from segments.tree.traits import Trait

LIST = "{{ 'varchar[]' if target.type == 'duckdb' else 'array' }}"
TYPES = {"number": "double", "text": "varchar", "list": LIST}
CUSTOMER_ID = {"name": "customer_id", "data_type": "varchar", "description": "{{ doc('customer_id') }}"}
KEY = [{"is_key": {"arguments": {"columns": ["customer_id"]}}}]
Page = dict[str, Any]


def find_type(trait: Trait) -> str:
    """The type of a declared trait's column: of how many a whole number."""
    if isinstance(trait.value, Count | CountDistinct):
        return "bigint"
    return TYPES[find_trait_kind(trait)]


def describe_columns(traits: Sequence[Trait]) -> list[Page]:
    """The columns of declared traits."""
    return [
        {
            "name": each.trait,
            "data_type": find_type(each),
            "description": f"{each.description} {f'In {each.unit}.' if each.unit else ''}".strip(),
        }
        for each in traits
    ]


def describe_sql_columns(sql_traits: Sequence[SqlTrait]) -> list[Page]:
    """The columns of traits that are models."""
    return [
        {"name": name, "data_type": column.data_type, "description": column.description}
        for each in sql_traits
        for name, column in each.columns.items()
    ]


def describe_traits(traits: Sequence[Trait], sql_traits: Sequence[SqlTrait]) -> list[Page]:
    """The columns of all traits."""
    return [*describe_columns(traits), *describe_sql_columns(sql_traits)]


def describe_marts(traits: Sequence[Trait], sql_traits: Sequence[SqlTrait]) -> list[Page]:
    """The pages of the two marts."""
    return [
        {
            "name": "dim_customer_traits",
            "description": "One row per customer: the shop's own traits, declared and of SQL, as of the end"
            " of the newest landing day; key `customer_id`. Unknown of who said no to analytics.",
            "data_tests": KEY,
            "columns": [CUSTOMER_ID, *describe_traits(traits, sql_traits)],
        },
        {
            "name": "feat_customer_traits",
            "description": "One row per customer who may be personalised for: their traits, for the profile"
            " that the service answers with; key `customer_id`.",
            "data_tests": KEY,
            "columns": [
                CUSTOMER_ID,
                {
                    "name": "traits",
                    "data_type": "varchar",
                    "description": "Each trait by its name, as JSON; null where it is not known.",
                },
            ],
        },
    ]


def describe_values(traits: Sequence[Trait], bounds: Sequence[str], kept: Sequence[SqlTrait]) -> list[Page]:
    """The pages of what the marts are made of.

    Args:
        kept: SQL traits that failed tonight.
    """
    ends = [
        {
            "name": name,
            "description": "The end of the newest landing day."
            if name == "now"
            else "Where a window begins.",
        }
        for name in bounds
    ]
    pages = [
        {
            "name": "int_trait_moments",
            "description": "One row per build: the moment that traits are of, and where windows begin.",
            "data_tests": [{"is_key": {"arguments": {"columns": ["now"]}}}],
            "columns": ends,
        },
        {
            "name": "int_build__trait_customers",
            "description": "One row per customer whose declared traits this build works out: their events"
            " differ, or a window begins or ends behind one of them.",
            "data_tests": KEY,
            "columns": [CUSTOMER_ID],
        },
        {
            "name": "int_trait_values",
            "description": "One row per customer: their declared traits, whatever they said to analytics.",
            "data_tests": KEY,
            "columns": [CUSTOMER_ID, *describe_columns(traits)],
        },
    ]
    return pages + [
        {
            "name": f"int_kept_traits__{each.model}",
            "description": "One row per customer: what the build before had of traits whose model failed.",
            "data_tests": KEY,
            "columns": [CUSTOMER_ID, *describe_sql_columns([each])],
        }
        for each in kept
    ]


def format_page(models: Sequence[Page]) -> str:
    """The pages as dbt reads them: YAML, of which JSON is a part."""
    return json.dumps({"version": 2, "models": models}, indent=1, ensure_ascii=False) + "\n"
