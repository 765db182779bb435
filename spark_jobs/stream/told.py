"""What was told of each owner's memberships, in Redis.

It lies where the service keeps it too, so that either host goes on where the other has ended, and an answer
of the service reads it with what else it knows of a visitor.
"""

from collections.abc import Iterable, Iterator, Sequence

import redis

from expectations.contracts.live_states import BASELINE, REDIS_PREFIX, TOLD, get_note_key, get_told_key
from segments.told import Tellings, list_entered, pack_tellings, unpack_tellings

FORGET_SECONDS = 30 * 86_400  # of owners who are in no segment: most are visitors who never come again
TELLER = get_note_key("stream-night")  # the snapshot whose query tells
TOUCHED = b"stream-touched/"  # + its name: of whom something came while another one's query told
AT_ONCE = 1_000


class RedisTold:
    """What was told, in Redis."""

    def __init__(self, uri: str) -> None:
        self._redis = redis.Redis.from_url(uri)

    def read(self, owners: Sequence[str]) -> list[Tellings | None]:
        """What was told of each owner, by segment; None: nothing ever, not even in silence."""
        if not owners:
            return []
        values = self._redis.mget([REDIS_PREFIX + get_told_key(owner) for owner in owners])
        return [unpack_tellings(packed) if packed else None for packed in values]

    def write(self, told: dict[str, Tellings]) -> None:
        """Store what was told of some owners."""
        with self._redis.pipeline(transaction=False) as pipe:
            for owner, tellings in told.items():
                seconds = None if list_entered(tellings) else FORGET_SECONDS
                pipe.set(REDIS_PREFIX + get_told_key(owner), pack_tellings(tellings), ex=seconds)
            pipe.execute()

    def list_owners(self) -> Iterator[list[str]]:
        """All owners of whom something was told, some at once; one may come twice."""
        begin, cursor = REDIS_PREFIX + TOLD, None
        while cursor != 0:
            cursor, keys = self._redis.scan(cursor or 0, match=begin + b"*", count=AT_ONCE)
            yield [key.removeprefix(begin).decode() for key in keys]

    def has_baseline(self) -> bool:
        """Whether a whole night was told, or taken in silence."""
        return bool(self._redis.exists(REDIS_PREFIX + BASELINE))

    def read_teller(self) -> str:
        """The snapshot whose query tells; empty: none does."""
        return (self._redis.get(REDIS_PREFIX + TELLER) or b"").decode()

    def write_teller(self, tag: str) -> None:
        """Note that this snapshot's query tells, and that all of its night was told."""
        self._redis.mset({REDIS_PREFIX + TELLER: tag, REDIS_PREFIX + BASELINE: b""})
        self._redis.delete(REDIS_PREFIX + TOUCHED + tag.encode())

    def touch(self, tag: str, owners: Iterable[str]) -> None:
        """Remember owners of whom something turned by a query that does not tell yet."""
        if names := list(owners):
            self._redis.sadd(REDIS_PREFIX + TOUCHED + tag.encode(), *names)

    def list_touched(self, tag: str) -> list[str]:
        """These owners."""
        return sorted(name.decode() for name in self._redis.smembers(REDIS_PREFIX + TOUCHED + tag.encode()))
