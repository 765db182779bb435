"""Traits as generated dbt models: what is worked out of events, and the two marts that hold all traits.

A trait's value is that at the end of the newest landing day. Tonight those customers are worked out again
whose events differ, and those who have an event that some window now begins or ends behind.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path

from segments.behaviour_models import format_for_both
from segments.calendar import ShopCalendar
from segments.sql.members import MembersQuery
from segments.sql.traits import build_traits_query
from segments.sql_traits import SqlTrait
from segments.to_sql import write_if_changed
from segments.trait_pages import describe_marts, describe_traits, describe_values, format_page
from segments.tree.traits import Trait

VALUES = Path("models/intermediate/customers/generated")
MARTS = Path("models/marts/generated")
HEADER = "-- Generated from segments/traits by segments/trait_models.py; not committed.\n"
TOUCHED = "(select customer_id from {{ ref('int_build__trait_customers') }})"
SOURCES = {
    "events": f"(select * from {{{{ ref('int_segment_events') }}}} where customer_id in {TOUCHED})",
    "customers": f"(select customer_id from {{{{ ref('int_customers') }}}} where customer_id in {TOUCHED})",
    "moments": "{{ ref('int_trait_moments') }}",
}


def find_bounds(traits: Sequence[Trait], as_of: date, time_zone: str) -> dict[str, str]:
    """The end of a day, and where each window of the traits begins then: the columns of `int_trait_moments`
    as texts in UTC.
    """
    moments, calendar = build_traits_query(traits).moments, ShopCalendar(time_zone)
    [row] = moments.build_rows(calendar, [calendar.find_midnight(as_of.toordinal() + 1)])
    return {name: at.isoformat(" ") for name, at in zip(moments.list_columns(), row, strict=True)}


def format_bounds(columns: Iterable[str]) -> str:
    """A select of tonight's bounds."""
    bounds = ",\n".join(
        f"    cast('{{{{ bounds.get('{name}') }}}}' as timestamp) as {name}" for name in columns
    )
    return f"{{% set bounds = get_run_input('trait_moments') or {{}} %}}\nselect\n{bounds}"


def format_moments_model(columns: Iterable[str]) -> str:
    """The dbt model `int_trait_moments`, which the next build looks back at."""
    return f"{HEADER}-- depends_on: {{{{ ref('int_build__trait_customers') }}}}\n\n{format_bounds(columns)}\n"


def format_customers_model(columns: Sequence[str]) -> str:
    """The dbt model `int_build__trait_customers`: whose traits are worked out tonight."""
    passed = "\n    or ".join(
        f"(events.at >= least(earlier.{name}, later.{name})"
        f" and events.at < greatest(earlier.{name}, later.{name}))"
        for name in columns
    )
    return f"""{HEADER}
{{% set before = get_previous_relation('int_trait_moments') %}}
{{% set values_before = get_previous_relation('int_trait_values') %}}
{{% set customers, events = ref('int_customers'), ref('int_sent_events') %}}
{{% set changed = [ref('int_build__changed_histories'), ref('int_build__changed_customers')] %}}

{{% if before and values_before %}}

with

later as (
    {format_bounds(columns)}
)

select customer_id from {{{{ changed[0] }}}}
union
select customer_id from {{{{ changed[1] }}}}
union
select coalesce(customers.customer_id, known.customer_id) as customer_id
from {{{{ customers }}}} as customers
full outer join {{{{ values_before }}}} as known on customers.customer_id = known.customer_id
where known.customer_id is null or customers.customer_id is null
union
select events.customer_id
from {{{{ events }}}} as events
cross join {{{{ before }}}} as earlier
cross join later
where
    {passed}

{{% else %}}

select customer_id from {{{{ customers }}}}

{{% endif %}}
"""


def format_values_model(traits: Sequence[Trait], query: MembersQuery) -> str:
    """The dbt model `int_trait_values`: the declared traits of every customer, whatever they said."""
    config = (
        "{{ config(materialized='incremental', incremental_strategy='replace_trait_customers',"
        " unique_key='customer_id', on_schema_change='fail') }}\n"
    )
    columns = ", ".join(["customer_id", *(trait.trait for trait in traits)])
    return (
        f"{HEADER}{config}\nselect {columns} from (\n"
        + format_for_both(partial(query.format, sources=SOURCES))
        + ") as worked_out\n"
    )


def format_profile_model(
    traits: Sequence[Trait], sql_traits: Sequence[SqlTrait], kept: Collection[str]
) -> str:
    """The mart `dim_customer_traits`: all traits of every customer; unknown of who said no to analytics.

    Args:
        kept: models of SQL traits that failed tonight, whose values are those of the night before.
    """
    columns = {each.trait: f"declared.{each.trait}" for each in traits}
    joins = ""
    for number, each in enumerate(sql_traits, start=1):
        columns |= {
            name: f"cast(sql_{number}.{name} as {own.data_type})" for name, own in each.columns.items()
        }
        model = f"int_kept_traits__{each.model}" if each.model in kept else each.model
        joins += (
            f"left join {{{{ ref('{model}') }}}} as sql_{number}"
            f" on asked.customer_id = sql_{number}.customer_id\n"
        )
    selected = "".join(
        f",\n    case when asked.is_measured then {column} end as {name}" for name, column in columns.items()
    )
    return f"""{HEADER}
with

asked as (
    select
        customers.customer_id,
        coalesce(consents.has_analytics_consent, true) as is_measured
    from {{{{ ref('int_customers') }}}} as customers
    left join {{{{ ref('int_customer_consents') }}}} as consents
        on customers.customer_id = consents.customer_id
)

select
    asked.customer_id{selected}
from asked
left join {{{{ ref('int_trait_values') }}}} as declared on asked.customer_id = declared.customer_id
{joins}"""


def format_kept_model(trait: SqlTrait) -> str:
    """The dbt model that holds what the profile of the night before had of an SQL trait."""
    nothing = ", ".join(f"cast(null as {each.data_type}) as {name}" for name, each in trait.columns.items())
    return f"""{HEADER}
{{% set before = get_previous_relation('dim_customer_traits') %}}
{{% set customers = ref('int_customers') %}}
{{% set found = [] %}}
{{% if before %}}
{{% for column in adapter.get_columns_in_relation(before) %}}
{{% do found.append(column.name | lower) %}}
{{% endfor %}}
{{% endif %}}

{{% if {json.dumps(list(trait.columns))} | reject('in', found) | list %}}
select customer_id, {nothing} from {{{{ customers }}}} where 1 = 0
{{% else %}}
select customer_id, {", ".join(trait.columns)} from {{{{ before }}}}
{{% endif %}}
"""


def format_features_model(types: Mapping[str, str]) -> str:
    """The mart `feat_customer_traits`: traits as one text, of those who may be personalised for. Two
    warehouses may differ in the last digits of a quotient, so numbers have six places there.

    Args:
        types: each trait's type by its name.
    """
    values = {
        name: f"round(traits.{name}, 6)" if types[name] in ("double", "float") else f"traits.{name}"
        for name in sorted(types)
    }
    return f"""{HEADER}
select
    traits.customer_id,
    {{{{ format_json({json.dumps(values)}) }}}} as traits
from {{{{ ref('dim_customer_traits') }}}} as traits
inner join {{{{ ref('feat_customers') }}}} as customers
    on traits.customer_id = customers.customer_id
"""


def write_trait_models(
    project: Path, traits: Sequence[Trait], sql_traits: Sequence[SqlTrait], kept: Collection[str] = ()
) -> None:
    """Write what is generated of traits into a dbt project.

    Args:
        kept: models of SQL traits that failed tonight.
    """
    query = build_traits_query(traits)
    bounds = list(query.moments.list_columns())
    failed = [each for each in sql_traits if each.model in kept]
    types = {each["name"]: each["data_type"] for each in describe_traits(traits, sql_traits)}
    texts = {
        VALUES / "int_trait_moments.sql": format_moments_model(bounds),
        VALUES / "int_build__trait_customers.sql": format_customers_model(bounds),
        VALUES / "int_trait_values.sql": format_values_model(traits, query),
        VALUES / "_trait_values__models.yml": format_page(describe_values(traits, bounds, failed)),
        MARTS / "dim_customer_traits.sql": format_profile_model(traits, sql_traits, kept),
        MARTS / "feat_customer_traits.sql": format_features_model(types),
        MARTS / "_traits__models.yml": format_page(describe_marts(traits, sql_traits)),
    }
    texts |= {VALUES / f"int_kept_traits__{each.model}.sql": format_kept_model(each) for each in failed}
    for file in (project / VALUES).glob("int_kept_traits__*.sql"):
        if file.relative_to(project) not in texts:
            file.unlink()
    for file, text in texts.items():
        (project / file).parent.mkdir(parents=True, exist_ok=True)
        write_if_changed(project / file, text)
