"""What settings accept: each function here takes a value as written and returns what it must be, or None when
it is fine.

Messages say what is allowed and never repeat the value, which may be a secret: whoever reports a flaw decides
about that.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Flaw = str | None
Check = Callable[[str], Flaw]

UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
# Spark 4.2 refuses to start with less than 471,859,200 bytes (450 MiB) of heap.
LEAST_MEMORY = 512 << 20
SOURCE_NAME = re.compile(r"[a-z][a-z0-9_]*")
CREDENTIALS = re.compile(r"//.*@")  # user and password, which may hold a slash or an @ themselves


@dataclass(frozen=True)
class Setting:
    """One setting: its default as text, what it is for, what is wrong with a value, and whether it must never
    be shown.
    """

    name: str
    default: str
    about: str
    secret: bool = False
    find_flaw: Callable[[str], Flaw] = lambda value: None


def describe_flaw(setting: Setting, value: str, flaw: str) -> str:
    """What is wrong with a setting's value, in a line; a secret's value is left out, and so is who logs in to
    a URI.
    """
    shown = "not allowed as it is" if setting.secret else repr(CREDENTIALS.sub("//…@", value))
    must = flaw if flaw.startswith("allowed") else f"it must be {flaw}"
    return f"{setting.name} is {shown}; {must}"


SPARK_MASTER = re.compile(r"local(\[(\*|[1-9]\d*)(,\s*\d+)?\])?|(spark|k8s|mesos)://\S+|yarn")
SPARK_REMOTE = re.compile(r"sc://[^\s/:]+(:\d+)?(/\S*)?")
REDIS_URI = re.compile(r"rediss?://\S+|unix:///?\S+")
TRACKING_URI = re.compile(r"(sqlite|postgresql|mysql|mssql)(\+\w+)?://\S+|https?://\S+|databricks(://\S+)?")


def check_whole_number(low: int, high: int) -> Check:
    """A whole number in decimal digits, both ends allowed."""

    def find_flaw(value: str) -> Flaw:
        is_one = re.fullmatch(r"[+-]?[0-9]{1,18}", value) is not None
        return None if is_one and low <= int(value) <= high else f"a whole number from {low} to {high}"

    return find_flaw


def check_secrets(least_length: int) -> Check:
    """Secrets separated by commas, none of them short."""

    def find_flaw(value: str) -> Flaw:
        secrets = [secret.strip() for secret in value.split(",")]
        is_fine = all(len(secret) >= least_length for secret in secrets)
        return None if is_fine else f"secrets of at least {least_length} characters, separated by commas"

    return find_flaw


def parse_named_secrets(value: str) -> dict[str, tuple[str, ...]]:
    """The secrets of each name in `name:secret,name:secret`."""
    secrets: dict[str, tuple[str, ...]] = {}
    for pair in filter(None, (pair.strip() for pair in value.split(","))):
        name, _, secret = pair.partition(":")
        secrets[name.strip()] = (*secrets.get(name.strip(), ()), secret.strip())
    return secrets


def check_named_secrets(least_length: int) -> Check:
    """Secrets behind their names, none of them short."""

    def find_flaw(value: str) -> Flaw:
        secrets = parse_named_secrets(value)
        is_fine = all(name and len(secret) >= least_length for name in secrets for secret in secrets[name])
        wanted = f"name:secret, separated by commas, each secret of at least {least_length} characters"
        return None if is_fine else wanted

    return find_flaw


RATE = re.compile(r"[1-9][0-9]{0,4}/(second|minute|hour|day)")


def check_rate(value: str) -> Flaw:
    """So many in a span of time: `100/second`."""
    if RATE.fullmatch(value):
        return None
    return "a whole number up to 99999 per second, minute, hour or day, for instance 100/second"


def check_one_of(*words: str) -> Check:
    """One of some words."""
    return lambda value: None if value in words else f"allowed: {', '.join(words)}"


def check_optional(check: Check) -> Check:
    """Empty, or what the check accepts."""

    def find_flaw(value: str) -> Flaw:
        flaw = check(value) if value else None
        return f"{flaw}, or empty" if flaw else None

    return find_flaw


def check_home(value: str) -> Flaw:
    """A folder that the lake can lie in: its path is a URL to delta-rs, which finds no table behind `%20` or
    brackets; and of a folder `name=value` DuckDB makes a column, in the place of the table's own.
    """
    if not re.search(r"%[0-9A-Fa-f]{2}|[\[\]=]", str(Path(value).expanduser().resolve())):
        return None
    return "a folder whose whole path holds none of [ ] =, and no %20 or its like"


def check_memory_size(value: str) -> Flaw:
    """A size as the JVM writes it: `3g`."""
    match = re.fullmatch(r"([0-9]{1,9})([kmgt])b?", value.lower())
    if match and int(match[1]) * UNITS[match[2]] >= LEAST_MEMORY:
        return None
    return "a size of at least 512m: a whole number with k, m, g or t behind it, for instance 3g"


def check_source_names(value: str) -> Flaw:
    """Names of sources, separated by commas. Whether they exist is known to `spark_jobs` alone."""
    names = [name.strip() for name in value.split(",")]
    if all(SOURCE_NAME.fullmatch(name) for name in names):
        return None
    return (
        "names of sources separated by commas (small letters, digits, underscores), for instance"
        " online_retail"
    )


def check_spark_master(value: str) -> Flaw:
    """Where Spark runs."""
    return (
        None
        if SPARK_MASTER.fullmatch(value)
        else "local[*], local[<cores>], spark://<host>:<port>, k8s://… or yarn"
    )


def check_spark_remote(value: str) -> Flaw:
    """Where a Spark Connect server answers; a token may stand behind it (`/;use_ssl=true;token=…`)."""
    return None if SPARK_REMOTE.fullmatch(value) else "sc://<host>:<port>"


def check_tracking_uri(value: str) -> Flaw:
    """Where MLflow keeps runs and models; since MLflow 3.13 a folder of files is none."""
    return (
        None
        if TRACKING_URI.fullmatch(value)
        else "sqlite:///<file>, http(s)://<server> or another database's URI"
    )


def check_redis_uri(value: str) -> Flaw:
    """Where a Redis server listens."""
    if REDIS_URI.fullmatch(value):
        return None
    return "redis://<host>:<port>/<number>, with rediss:// over TLS, or unix://<socket>"
