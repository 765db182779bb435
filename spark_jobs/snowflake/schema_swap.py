"""Write, audit, publish on Snowflake: a run is built in a build schema, and one statement swaps it in.

`<SCHEMA>` is what analysts read. `<SCHEMA>_BUILD` begins as a clone of it, which costs no storage, so
incremental models find their rows; dbt builds and tests in it, `export` reads it, and `publish` swaps the
two. After that the night before lies in `<SCHEMA>_BUILD` until the next build begins. Each of the two says in
its table BUILD_STATE what it is, so that a swap that broke off is known from one that has not begun, and none
is done twice.
"""

from collections.abc import Mapping

from spark_jobs.settings import Settings
from spark_jobs.snowflake.connection import BUILD_SUFFIX, SnowflakeSession, connect_to_snowflake

MARTS = ("dim_", "fct_", "feat_", "rpt_")
# Names, addresses and the shop's own ids, granted on their own.
CONTACT_MARTS = (
    "dim_customer_contacts",
    "dim_customer_ids",
    "dim_customer_other_values",
    "dim_customer_values",
)
STATE_TABLE = "build_state"
BUILDING, BUILT, PUBLISHED = "building", "built", "published"


class BuildNotFinished(RuntimeError):  # noqa: N818 - reads as what it says
    """The build schema does not hold a finished build of this run; the message says what it holds."""


def get_build_schema_name(settings: Settings) -> str:
    """The schema that dbt builds in."""
    return settings.snowflake["schema"] + BUILD_SUFFIX


def create_build_schema(settings: Settings, run_id: str, is_built_upon: bool) -> None:
    """Create the build schema: a clone of what readers see, to build upon, or an empty one."""
    live, build_schema = settings.snowflake["schema"], get_build_schema_name(settings)
    with connect_to_snowflake(settings, live) as session:
        if is_built_upon:
            clone_schema(session, live, build_schema)
        else:
            create_empty_schema(session, build_schema)
        write_build_state(session, build_schema, run_id, BUILDING)


def mark_build_finished(settings: Settings, run_id: str) -> None:
    """Mark the build schema as built and tested by this run, and grant what readers may read before they see
    it.
    """
    build_schema = get_build_schema_name(settings)
    with connect_to_snowflake(settings, build_schema) as session:
        if not session.is_stand_in:  # it knows no roles
            for grant in format_grants(settings, build_schema, session.list_relations(build_schema)):
                session.run(grant)
        write_build_state(session, build_schema, run_id, BUILT)


def format_grants(settings: Settings, schema: str, relations: Mapping[str, str]) -> list[str]:
    """The statements that let the two reading roles read a schema's marts: tables made anew have none of last
    night's grants.

    Args:
        relations: tables and views of the schema with what they are, as `SnowflakeSession.list_relations`
            tells.
    """
    reader, contacts = (settings.snowflake.get(name) for name in ("reader_role", "contacts_role"))
    statements = [
        f"grant usage on schema {schema} to role {role}" for role in dict.fromkeys([reader, contacts]) if role
    ]
    for name, kind in relations.items():
        role = contacts if name in CONTACT_MARTS else reader
        if role and name.startswith(MARTS):
            statements.append(
                f"grant select on {'view' if kind == 'VIEW' else 'table'} {schema}.{name} to role {role}"
            )
    return statements


def swap_in_build(settings: Settings, run_id: str) -> bool:
    """Let analysts read this run's build; True when this call swapped it in, False when they read it already,
    or on DuckDB.

    Raises:
        BuildNotFinished: there is no finished build of this run to swap in.
    """
    if settings.warehouse != "snowflake":
        return False
    live, build_schema = settings.snowflake["schema"], get_build_schema_name(settings)
    with connect_to_snowflake(settings, live) as session:
        now, tonight = read_build_state(session, live), read_build_state(session, build_schema)
        if tonight == (run_id, BUILT):
            swap_schemas(session, live, build_schema)
            write_build_state(session, live, run_id, PUBLISHED)
            return True
        if now and now[0] == run_id:
            # a swap that broke off behind its first statement
            write_build_state(session, live, run_id, PUBLISHED)
            return False
    current_build = f"{tonight[1]} by {tonight[0]}" if tonight else "nothing"
    raise BuildNotFinished(
        f"{build_schema} holds {current_build}, not a finished build of {run_id};"
        " `dbt` makes it before `publish`"
    )


def read_build_state(session: SnowflakeSession, schema: str) -> tuple[str, str] | None:
    """Read which run a schema holds and how far it is; None where it has no build state."""
    if STATE_TABLE not in session.list_relations(schema):
        return None
    return session.run(f"select run_id, state from {schema}.{STATE_TABLE}")[0]


def write_build_state(session: SnowflakeSession, schema: str, run_id: str, how_far: str) -> None:
    """Write the build state of a schema, which run it holds and how far it is, in one statement."""
    session.run(
        f"create or replace table {schema}.{STATE_TABLE} as"
        " select %s::varchar as run_id, %s::varchar as state",
        run_id,
        how_far,
    )


def clone_schema(session: SnowflakeSession, live: str, build_schema: str) -> None:
    """A copy of one schema under another name."""
    if not session.is_stand_in:
        session.run(f"create or replace schema {build_schema} clone {live}")
        return
    # The stand-in clones tables, not schemas; views are made by dbt anyway.
    create_empty_schema(session, build_schema)
    for name, kind in session.list_relations(live).items():
        if kind == "BASE TABLE":
            session.run(f"create table {build_schema}.{name} clone {live}.{name}")


def create_empty_schema(session: SnowflakeSession, schema: str) -> None:
    """A schema with nothing in it."""
    if not session.is_stand_in:
        session.run(f"create or replace schema {schema}")
        return
    session.run(f"create schema if not exists {schema}")
    for name, kind in session.list_relations(schema).items():
        session.run(f"drop {'view' if kind == 'VIEW' else 'table'} {schema}.{name}")


def swap_schemas(session: SnowflakeSession, live: str, build_schema: str) -> None:
    """Swap the live and the build schema in one statement, so that no reader sees a half."""
    if not session.is_stand_in:
        session.run(f"alter schema {live} swap with {build_schema}")
        return
    # The stand-in cannot: there the live schema gets copies, one by one, and views become tables.
    create_empty_schema(session, live)
    for name in session.list_relations(build_schema):
        session.run(f"create table {live}.{name} as select * from {build_schema}.{name}")
    write_build_state(session, build_schema, "", PUBLISHED)
