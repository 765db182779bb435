"""The notifications on their way to one endpoint, in SQLite: what is in it survives a kill, and is taken out
when the endpoint has accepted it or, after a day, as a dead letter.

Of one customer only the oldest notification, the head, is under way; those behind it wait for it. Other
programs (`make webhooks`) may read and write the file at the same time.
"""

import json
import math
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from expectations.contracts.transitions import Transition, encode_transition
from serving_app.storage.event_log import Position
from serving_app.triggers.notification_records import SCHEMA, DeadLetter, Notification, QueueState

DUE = """
select n.number, n.transition_id, n.customer_id, n.line, n.queued_at, h.n_attempts
from heads h join notifications n on n.number = h.number
where h.due_at <= ? order by h.due_at, h.number limit ?
"""
BURY = """
insert or replace into dead_letters (transition_id, customer_id, line, died_at, reason)
select transition_id, customer_id, line, ?, ? from notifications where
"""
# Sub-queries, each by an index: of 100,000 that wait `count(*), min(queued_at)` of the table takes 4 ms.
STATE = """
select
    (select count(*) from notifications),
    (select count(*) from dead_letters),
    (select min(queued_at) from notifications),
    (select cast(fact as real) from facts where name = 'failing_since')
"""
CHOSEN = "(? or transition_id in (select value from json_each(?)))"
WAIT_SECONDS = 5.0  # for another program that writes


class NotificationQueue:
    """The queue of one endpoint; for one thread at a time. Every change is on disk when its method returns.

    `sqlite3.Error` of any method: the file cannot be used now.
    """

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(
            file, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._database.execute("pragma journal_mode = wal")
        self._database.execute("pragma synchronous = full")  # a commit is on disk, not only in WAL's memory
        self._database.executescript(SCHEMA)

    def close(self) -> None:
        self._database.close()

    def find_position(self) -> Position | None:
        """How far the log was read; None: never."""
        fact = self._database.execute("select fact from facts where name = 'position'").fetchone()
        return json.loads(fact[0]) if fact else None

    def add(self, transitions: Iterable[Transition], now: float, position: Position | None = None) -> int:
        """Queue transitions behind what is there and return how many were new; one that waits already waits
        once.

        Args:
            position: how far the log has been read with them; None: they come another way.
        """
        n_new = 0
        with self._change() as database:
            for each in transitions:
                row = (each.transition_id, each.customer_id, encode_transition(each), now)
                added = database.execute(
                    "insert or ignore into notifications (transition_id, customer_id, line, queued_at)"
                    " values (?, ?, ?, ?)",
                    row,
                )
                if added.rowcount:
                    n_new += 1
                    database.execute(
                        "insert or ignore into heads values (?, ?, ?, 0)",
                        (each.customer_id, added.lastrowid, now),
                    )
            if position is not None:
                text = json.dumps(dict(position), sort_keys=True)
                database.execute("insert or replace into facts values ('position', ?)", (text,))
        return n_new

    def list_due(self, now: float, most: int) -> list[Notification]:
        """Heads that may be tried now, those that are due longest first."""
        return [Notification(*row) for row in self._database.execute(DUE, (now, most))]

    def find_next_due(self) -> float | None:
        """When the next head is due; None where nothing waits."""
        return self._database.execute("select min(due_at) from heads").fetchone()[0]

    def settle(
        self,
        accepted: Sequence[Notification] = (),
        delayed: Sequence[tuple[Notification, float]] = (),
        dead: Sequence[tuple[Notification, str]] = (),
        now: float = 0.0,
    ) -> None:
        """Write what came of attempts, all of it or none.

        Args:
            delayed: with the moment at which each is due again.
            dead: with the reason.
        """
        with self._change() as database:
            for notification, due_at in delayed:
                database.execute(
                    "update heads set due_at = ?, n_attempts = n_attempts + 1"
                    " where customer_id = ? and number = ?",
                    (due_at, notification.customer_id, notification.number),
                )
            for notification, reason in dead:
                database.execute(f"{BURY} number = ?", (now, reason, notification.number))
            for notification in (*accepted, *(each for each, _ in dead)):
                database.execute("delete from notifications where number = ?", (notification.number,))
                self._choose_head(database, notification.customer_id, now)

    def bury_older(self, than: float, now: float, reason: str) -> int:
        """Make dead letters of all that were queued at a moment or before it; return how many there were."""
        with self._change() as database:
            database.execute(f"{BURY} queued_at <= ?", (now, reason, than))
            n_buried = database.execute("delete from notifications where queued_at <= ?", (than,)).rowcount
            self._choose_heads(database, now)
        return n_buried

    def wake(self, now: float) -> None:
        """Let every head be due now: the endpoint answers again."""
        with self._change() as database:
            database.execute("update heads set due_at = ? where due_at > ?", (now, now))

    def list_dead_letters(self, most: int = -1) -> list[DeadLetter]:
        """The newest first; without a number all."""
        rows = self._database.execute(
            "select * from dead_letters order by died_at desc, transition_id limit ?", (most,)
        )
        return [DeadLetter(*row) for row in rows]

    def delete_dead_letters(self, ids: Sequence[str] | None = None, before: float = math.inf) -> int:
        """Delete those of these ids, or all, that died before a moment; return how many there were."""
        with self._change() as database:
            return database.execute(
                f"delete from dead_letters where died_at < ? and {CHOSEN}", (before, *choose(ids))
            ).rowcount

    def replay(self, now: float, ids: Sequence[str] | None = None) -> int:
        """Queue dead letters of these ids again, or all, in the order in which their transitions hold; return
        how many there were.
        """
        with self._change() as database:
            database.execute(
                "insert or ignore into notifications (transition_id, customer_id, line, queued_at)"
                f" select transition_id, customer_id, line, ? from dead_letters where {CHOSEN}"
                " order by json_extract(cast(line as text), '$.since'), transition_id",
                (now, *choose(ids)),
            )
            self._choose_heads(database, now)
            return database.execute(f"delete from dead_letters where {CHOSEN}", choose(ids)).rowcount

    def note_failing(self, since: float | None) -> None:
        """Note since when the endpoint fails; None: it does not."""
        with self._change() as database:
            if since is None:
                database.execute("delete from facts where name = 'failing_since'")
            else:
                database.execute("insert or replace into facts values ('failing_since', ?)", (repr(since),))

    def describe(self) -> QueueState:
        """How many wait, how many are dead, and since when."""
        return QueueState(*self._database.execute(STATE).fetchone())

    def _choose_head(self, database: sqlite3.Connection, customer_id: str, now: float) -> None:
        """Let a customer's oldest notification be the head; one that is it already stays as it is."""
        (number,) = database.execute(
            "select min(number) from notifications where customer_id = ?", (customer_id,)
        ).fetchone()
        if number is None:
            database.execute("delete from heads where customer_id = ?", (customer_id,))
        else:
            database.execute(
                "insert into heads values (?, ?, ?, 0) on conflict (customer_id) do update"
                " set number = excluded.number, due_at = excluded.due_at, n_attempts = 0"
                " where number <> excluded.number",
                (customer_id, number, now),
            )

    def _choose_heads(self, database: sqlite3.Connection, now: float) -> None:
        """As `_choose_head`, for every customer whose head is gone or who has none."""
        database.execute("delete from heads where number not in (select number from notifications)")
        database.execute(
            "insert into heads select customer_id, min(number), ?, 0 from notifications"
            " where customer_id not in (select customer_id from heads) group by customer_id",
            (now,),
        )

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        self._database.execute("begin immediate")
        try:
            yield self._database
        except BaseException:
            self._database.execute("rollback")
            raise
        self._database.execute("commit")


def read_queue_state(file: Path) -> QueueState:
    """How the queue of a file stands, which is read and neither made nor changed.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as database:
        return QueueState(*database.execute(STATE).fetchone())


def choose(ids: Sequence[str] | None) -> tuple[bool, str]:
    """The parameters of `CHOSEN`; None: all."""
    return ids is None, json.dumps(list(ids or ()))
