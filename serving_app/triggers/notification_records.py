"""What an endpoint's queue holds, and the tables of SQLite that hold it."""

from typing import NamedTuple

SCHEMA = """
create table if not exists notifications (
    number integer primary key autoincrement,
    transition_id text not null unique,
    customer_id text not null,
    line blob not null,
    queued_at real not null
) strict;
create index if not exists notifications_of_customer on notifications (customer_id, number);
create index if not exists notifications_by_age on notifications (queued_at);
create table if not exists heads (
    customer_id text primary key,
    number integer not null,
    due_at real not null,
    n_attempts integer not null
) strict, without rowid;
create index if not exists heads_by_due_time on heads (due_at, number);
create table if not exists dead_letters (
    transition_id text primary key,
    customer_id text not null,
    line blob not null,
    died_at real not null,
    reason text not null
) strict, without rowid;
create table if not exists facts (name text primary key, fact text not null) strict, without rowid;
"""


class Notification(NamedTuple):
    """One transition on its way.

    Attributes:
        line: of the transitions log.
        queued_at: seconds since 1970.
        n_attempts: that have failed.
    """

    number: int
    transition_id: str
    customer_id: str
    line: bytes
    queued_at: float
    n_attempts: int


class DeadLetter(NamedTuple):
    """A notification that was given up.

    Attributes:
        died_at: seconds since 1970.
        reason: of its last attempt.
    """

    transition_id: str
    customer_id: str
    line: bytes
    died_at: float
    reason: str


class QueueState(NamedTuple):
    """How an endpoint's queue stands.

    Attributes:
        oldest_at: when the oldest that waits was queued; None where none waits.
        failing_since: since when no attempt has succeeded; None while they do.
    """

    n_waiting: int
    n_dead: int
    oldest_at: float | None
    failing_since: float | None
