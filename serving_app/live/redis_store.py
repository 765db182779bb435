"""Live states in Redis, for several machines that answer for one shop: `CONCIERGE_LIVE=redis://…`."""

import hashlib
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from expectations.contracts.live_states import REDIS_PREFIX as PREFIX
from serving_app.live.backends import (
    LIFETIMES,
    MOST_FILLING_SECONDS,
    BackendError,
    BackendTransaction,
    DueOwner,
    OutboxEntry,
    is_of_forbidden,
)

# Of every call; an answer makes two of them, and waits 150 ms at most for everything.
TIMEOUT_SECONDS = 0.03
PATIENT_SECONDS = 1.0  # of a call that no answer waits for
SLOW_SECONDS = 0.06  # of a read or change that makes several calls
MOST_TRIES = 8  # of a change that met another one of the same visitor
ORIGIN = PREFIX + b"origin"  # the name of all that is stored
SWEPT_AT_ONCE = 500
DUE, TOLD_LINES, LEAD = PREFIX + b"due", PREFIX + b"outbox", PREFIX + b"lead"
FILLING = PREFIX + b"filling"
LEAD_SECONDS = 3  # without a renewal; then another worker keeps the memberships
# Writes what a change decided, unless what it read is no longer so. KEYS: those read, those written, then the
# timers' and the outbox's; ARGV: how many were read, and written, the SHA-1 of each read (empty: there was
# none), lifetime and value of each written (lifetime 0: it is deleted), how many timers are set, owner and
# moment of each (0: none), then the lines of the outbox.
COMMIT = """
local n_read, n_written = tonumber(ARGV[1]), tonumber(ARGV[2])
for i = 1, n_read do
  local value = redis.call('GET', KEYS[i])
  if (value and redis.sha1hex(value) or '') ~= ARGV[2 + i] then return 0 end
end
local at = 3 + n_read
for i = n_read + 1, n_read + n_written do
  if ARGV[at] == '0' then redis.call('DEL', KEYS[i])
  else redis.call('SET', KEYS[i], ARGV[at + 1], 'EX', ARGV[at]) end
  at = at + 2
end
local due, outbox = KEYS[n_read + n_written + 1], KEYS[n_read + n_written + 2]
local n_timers = tonumber(ARGV[at])
at = at + 1
for i = 1, n_timers do
  if ARGV[at + 1] == '0' then redis.call('ZREM', due, ARGV[at])
  else redis.call('ZADD', due, ARGV[at + 1], ARGV[at]) end
  at = at + 2
end
for i = at, #ARGV do redis.call('XADD', outbox, '*', 'line', ARGV[i]) end
return 1
"""
RENEW = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[2]) and 1 or 0
"""


class RedisTransaction:
    """A `BackendTransaction` of Redis: it gathers what was read and what is to be written."""

    def __init__(self, read: Callable[[Sequence[bytes]], list[bytes | None]]) -> None:
        self._read = read
        self.values: dict[bytes, bytes | None] = {}
        self.changes: dict[bytes, bytes | None] = {}
        self.timers: dict[str, int] = {}
        self.told: list[bytes] = []

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        unread = [key for key in dict.fromkeys(keys) if key not in self.values and key not in self.changes]
        if unread:
            self.values.update(zip(unread, self._read(unread), strict=True))
        return [self.changes[key] if key in self.changes else self.values[key] for key in keys]

    def prepare(self, keys: Sequence[bytes]) -> None:
        self.get_many(keys)

    def put(self, key: bytes, value: bytes) -> None:
        self.changes[key] = value

    def delete(self, key: bytes) -> None:
        self.changes[key] = None

    def set_timer(self, owner: str, before: int, due: int) -> None:
        self.timers[owner] = due

    def tell(self, line: bytes) -> None:
        self.told.append(line)

    @property
    def is_empty(self) -> bool:
        return not (self.changes or self.timers or self.told)


class RedisBackend:
    """A `LiveBackend` in Redis, which deletes what has outlived its lifetime by itself."""

    def __init__(self, url: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        """
        Args:
            timeout_seconds: of each call, and of making a connection.
        """
        self._client, self._patient = connect(url, timeout_seconds), connect(url, PATIENT_SECONDS)
        self._swept_to, self._name, self.begun_anew = 0, b"", ""
        self._worker = uuid.uuid4().hex

    def read(self, keys: Sequence[bytes]) -> list[bytes | None]:
        return read_many(self._client, keys)

    def update(self, change: Callable[[BackendTransaction], None], is_patient: bool = False) -> None:
        client = self._patient if is_patient else self._client
        for _ in range(MOST_TRIES):
            transaction = RedisTransaction(lambda keys: read_many(client, keys))
            change(transaction)
            if transaction.is_empty or write_changes(client, transaction):
                return
        raise BackendError("the live states cannot be used: one visitor is written too often at once")

    def sweep(self, is_forbidden: Callable[[str], bool]) -> None:
        """Delete some of what is forbidden, and look whether the server has forgotten all."""
        self._swept_to, keys = call_redis(
            lambda: self._patient.scan(self._swept_to, match=PREFIX + b"[sxg]/*", count=SWEPT_AT_ONCE)
        )
        if forbidden := [key for key in keys if is_of_forbidden(key[len(PREFIX) :], is_forbidden)]:
            call_redis(lambda: self._patient.delete(*forbidden))
        self._notice_loss()

    def list_due(self, now: int, most: int) -> list[DueOwner]:
        found = call_redis(
            lambda: self._patient.zrangebyscore(DUE, "-inf", now, start=0, num=most, withscores=True)
        )
        return [DueOwner(owner.decode(), int(due)) for owner, due in found]

    def read_outbox(self, most: int) -> list[OutboxEntry]:
        rows = call_redis(lambda: self._patient.xrange(TOLD_LINES, count=most))
        return [OutboxEntry(name, fields[b"line"]) for name, fields in rows]

    def empty_outbox(self, entries: Sequence[OutboxEntry]) -> None:
        if entries:
            call_redis(lambda: self._patient.xdel(TOLD_LINES, *[entry.name for entry in entries]))

    def list_keys(self, prefix: bytes, after: bytes, most: int) -> tuple[list[bytes], bytes]:
        cursor, keys = call_redis(
            lambda: self._patient.scan(int(after or b"0"), match=PREFIX + prefix + b"*", count=most)
        )
        return [key.removeprefix(PREFIX) for key in keys], b"%d" % cursor if cursor else b""

    def is_filling(self) -> bool:
        return bool(call_redis(lambda: self._patient.exists(FILLING)))

    def end_filling(self) -> None:
        call_redis(lambda: self._patient.delete(FILLING))

    def take_lead(self) -> bool:
        renew = self._patient.register_script(RENEW)
        return call_redis(lambda: renew([LEAD], [self._worker, LEAD_SECONDS])) == 1

    def _notice_loss(self) -> None:
        """A server that was started without its data has lost the name that some worker gave the data."""
        name = call_redis(lambda: self._patient.get(ORIGIN))
        if name is None:
            call_redis(lambda: self._patient.set(ORIGIN, uuid.uuid4().hex, nx=True))
            name = call_redis(lambda: self._patient.get(ORIGIN))
        if self._name and name != self._name:
            call_redis(lambda: self._patient.set(FILLING, b"", ex=MOST_FILLING_SECONDS))
            self.begun_anew = "the Redis server has lost its data"
        self._name = name


def connect(url: str, timeout_seconds: float) -> redis.Redis:
    """A client. It tries nothing again: an answer waits for one try, and the breaker decides about more."""
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        retry=Retry(NoBackoff(), 0),
        protocol=2,  # the third needs a greeting more on each connection, and nothing of it is used
        lib_name=None,
        lib_version=None,
    )


def read_many(client: redis.Redis, keys: Sequence[bytes]) -> list[bytes | None]:
    """The values of these keys."""
    if not keys:
        return []
    values = call_redis(lambda: client.mget([PREFIX + key for key in keys]))
    if not isinstance(values, list) or len(values) != len(keys):
        raise BackendError("the live states cannot be used: Redis answers what was not asked")
    return values


def write_changes(client: redis.Redis, transaction: RedisTransaction) -> bool:
    """Whether they could be committed; otherwise somebody else has changed what was read."""
    keys = [*(PREFIX + key for key in (*transaction.values, *transaction.changes)), DUE, TOLD_LINES]
    hashes = [
        "" if value is None else hashlib.sha1(value).hexdigest() for value in transaction.values.values()
    ]
    writes = [
        argument
        for key, value in transaction.changes.items()
        for argument in ((0, b"") if value is None else (LIFETIMES[key[:2]], value))
    ]
    timers = [argument for timer in transaction.timers.items() for argument in timer]
    counts = [len(hashes), len(transaction.changes)]
    arguments = [*counts, *hashes, *writes, len(transaction.timers), *timers, *transaction.told]
    commit = client.register_script(COMMIT)
    return call_redis(lambda: commit(keys, arguments)) == 1


def call_redis(call: Callable[[], Any]) -> Any:
    """What Redis answers.

    Raises:
        BackendError: it is away, slow, refuses, or something else listens there.
    """
    try:
        return call()
    # what is no Redis answers anything, and the client then fails in many ways
    except Exception as error:
        raise BackendError(f"the live states cannot be used: Redis, {type(error).__name__}") from error
