"""Write, audit, publish on Snowflake: a night is built in a schema aside, and one statement swaps it in.

`<SCHEMA>` is what analysts read. `<SCHEMA>_BUILD` begins as a clone of it, which costs no storage, so
incremental models find their rows; dbt builds and tests in it, `export` reads it, and `publish` swaps the
two. After that the night before lies in `<SCHEMA>_BUILD` until the next build begins. Each of the two says in
its table BUILD_STATE what it is, so that a swap that broke off is known from one that has not begun, and none
is done twice.
"""

from collections.abc import Mapping

from spark_jobs.settings import Settings
from spark_jobs.warehouse.snowflake import BUILD_SUFFIX, Session, connect

MARTS = ("dim_", "fct_", "feat_", "rpt_")
# Names, addresses and the shop's own ids, granted on their own.
CONTACTS = ("dim_customer_contacts", "dim_customer_ids", "dim_customer_other_values", "dim_customer_values")
STATE = "build_state"
BUILDING, BUILT, PUBLISHED = "building", "built", "published"


class NotBuilt(RuntimeError):  # noqa: N818 - reads as what it says
    """The schema aside does not hold a finished build of this run; the message says what it holds."""


def build_schema(settings: Settings) -> str:
    """The schema that dbt builds in."""
    return settings.snowflake["schema"] + BUILD_SUFFIX


def begin_aside(settings: Settings, run_id: str, is_built_upon: bool) -> None:
    """Lay the schema aside: what readers see now to build upon, or an empty one."""
    live, aside = settings.snowflake["schema"], build_schema(settings)
    with connect(settings, live) as session:
        if is_built_upon:
            clone(session, live, aside)
        else:
            empty(session, aside)
        say(session, aside, run_id, BUILDING)


def finish_aside(settings: Settings, run_id: str) -> None:
    """Note that the schema aside holds this run, built and tested, and grant what readers may read before
    they see it.
    """
    aside = build_schema(settings)
    with connect(settings, aside) as session:
        if not session.is_stand_in:  # it knows no roles
            for grant in grants(settings, aside, session.relations(aside)):
                session.run(grant)
        say(session, aside, run_id, BUILT)


def grants(settings: Settings, schema: str, relations: Mapping[str, str]) -> list[str]:
    """The statements that let the two reading roles read a schema's marts: tables made anew have none of last
    night's grants.

    Args:
        relations: tables and views of the schema with what they are, as `Session.relations` tells.
    """
    reader, contacts = (settings.snowflake.get(name) for name in ("reader_role", "contacts_role"))
    said = [
        f"grant usage on schema {schema} to role {role}" for role in dict.fromkeys([reader, contacts]) if role
    ]
    for name, kind in relations.items():
        role = contacts if name in CONTACTS else reader
        if role and name.startswith(MARTS):
            said.append(
                f"grant select on {'view' if kind == 'VIEW' else 'table'} {schema}.{name} to role {role}"
            )
    return said


def switch_snowflake(settings: Settings, run_id: str) -> bool:
    """Let analysts read this run's build; True when this call swapped it in, False when they read it already,
    or on DuckDB.

    Raises:
        NotBuilt: there is no finished build of this run to swap in.
    """
    if settings.warehouse != "snowflake":
        return False
    live, aside = settings.snowflake["schema"], build_schema(settings)
    with connect(settings, live) as session:
        now, tonight = state(session, live), state(session, aside)
        if tonight == (run_id, BUILT):
            swap(session, live, aside)
            say(session, live, run_id, PUBLISHED)
            return True
        if now and now[0] == run_id:
            say(session, live, run_id, PUBLISHED)  # a swap that broke off behind its first statement
            return False
    held = f"{tonight[1]} by {tonight[0]}" if tonight else "nothing"
    raise NotBuilt(f"{aside} holds {held}, not a finished build of {run_id}; `dbt` makes it before `publish`")


def state(session: Session, schema: str) -> tuple[str, str] | None:
    """Which run a schema holds and how far it is; None for one that says nothing."""
    if STATE not in session.relations(schema):
        return None
    return session.run(f"select run_id, state from {schema}.{STATE}")[0]


def say(session: Session, schema: str, run_id: str, how_far: str) -> None:
    """Write down which run a schema holds and how far it is, in one statement."""
    session.run(
        f"create or replace table {schema}.{STATE} as select %s::varchar as run_id, %s::varchar as state",
        run_id,
        how_far,
    )


def clone(session: Session, live: str, aside: str) -> None:
    """A copy of one schema under another name."""
    if not session.is_stand_in:
        session.run(f"create or replace schema {aside} clone {live}")
        return
    # The stand-in clones tables, not schemas; views are made by dbt anyway.
    empty(session, aside)
    for name, kind in session.relations(live).items():
        if kind == "BASE TABLE":
            session.run(f"create table {aside}.{name} clone {live}.{name}")


def empty(session: Session, schema: str) -> None:
    """A schema with nothing in it."""
    if not session.is_stand_in:
        session.run(f"create or replace schema {schema}")
        return
    session.run(f"create schema if not exists {schema}")
    for name, kind in session.relations(schema).items():
        session.run(f"drop {'view' if kind == 'VIEW' else 'table'} {schema}.{name}")


def swap(session: Session, live: str, aside: str) -> None:
    """What was aside is live, what was live is aside: one statement, so no reader sees a half."""
    if not session.is_stand_in:
        session.run(f"alter schema {live} swap with {aside}")
        return
    # The stand-in cannot: there the live schema gets copies, one by one, and views become tables.
    empty(session, live)
    for name in session.relations(aside):
        session.run(f"create table {live}.{name} as select * from {aside}.{name}")
    say(session, aside, "", PUBLISHED)
