"""What must hold now, whatever lists are served: who said no, who is erased, what must not be shown, who was
wrongly merged.

A store of its own beside the snapshots, so that a roll-back or a stale list revives nothing. The night writes
its whole truth in one transaction; whoever learns something between two nights writes it with
`Restrictions.hear` (`restrictions_store.py`), and every worker's next answer knows. Of the night's word and
one heard in between the newer holds, and of equals the no.

What an operator blocks is not here but an override, which no roll-back touches either. No personal values: a
person is an `identifier_id` or a `customer_id`.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import msgpack

CONSENTS = "consents"  # by identifier or customer: may be personalised for
ERASURES = "erasures"  # by identifier or customer: may be answered for by name
ITEMS = "items"  # by item: may be shown
WORDS = (CONSENTS, ERASURES, ITEMS)
# by identifier or customer: version of `core_identities` since which it is no longer one with somebody
SPLITS = "splits"


class RestrictionsUnreadable(RuntimeError):  # noqa: N818 - reads as what it says
    """The store is missing or damaged; whoever reads it takes the safe side."""


class RestrictionsDamaged(RestrictionsUnreadable):
    """What the store holds is not what was written: to open it again would find the same."""


class Word(NamedTuple):
    """That something is allowed or not.

    Attributes:
        at: when it was said, UTC.
        source: who said it, as `sample_shop/events`.
        is_live: heard between two nights; a later night does not replace it with older knowledge.
    """

    is_granted: bool
    at: datetime
    source: str
    is_live: bool = True


def newest(words: Iterable[Word]) -> Word | None:
    """The newest word; of equally new ones a no."""
    return max(words, key=lambda word: (word.at, not word.is_granted), default=None)


def merged(held: Mapping, night: Mapping) -> dict:
    """What one kind holds after a night, a word an id: all nos of the night, but what was heard since and is
    newer stays.

    Args:
        held: what it held before.
        night: the night's nos, and its yeses at least of ids whose held word is live.
    """
    after = {name: word for name, word in night.items() if not word.is_granted}
    for name, word in held.items():
        if word.is_live and newest([word, *([night[name]] if name in night else [])]) == word:
            after[name] = word
    return after


def pack(word: Word) -> bytes:
    return msgpack.packb((word.is_granted, int(word.at.timestamp() * 1_000_000), word.source, word.is_live))


def unpack(packed: bytes) -> Word:
    """
    Raises:
        RestrictionsUnreadable: these are not a word's bytes.
    """
    try:
        is_granted, microseconds, source, is_live = msgpack.unpackb(packed)
        return Word(
            bool(is_granted), datetime.fromtimestamp(microseconds / 1_000_000, UTC), source, bool(is_live)
        )
    except (ValueError, TypeError, OverflowError, OSError, msgpack.UnpackException) as error:
        raise RestrictionsUnreadable("a word of the restrictions cannot be read") from error


class View:
    """What holds at one moment, for one answer. What cannot be read is taken for a no."""

    def __init__(
        self, words: Callable[[str, str], Word | None], split_since: Callable[[str], int | None]
    ) -> None:
        """
        Args:
            words: a kind and an id → its word.
            split_since: an identifier or customer → version of `core_identities` since which it is no longer
                one with somebody.
        """
        self._word, self._split_since = words, split_since

    def may_be_personal(self, ids: Iterable[str], identities_version: int) -> bool:
        """Whether somebody may be answered for by name.

        Args:
            ids: all that is known of them: identifiers, the customer id that was asked for, and the one it
                stands for now.
            identities_version: of `core_identities`, as the lists that would be served know it; -1 where they
                do not say.
        """
        ids = list(ids)
        try:
            is_split = any(
                (since := self._split_since(name)) is not None and since > identities_version for name in ids
            )
            is_erased = any((word := self._word(ERASURES, name)) and not word.is_granted for name in ids)
            latest = newest(word for name in ids if (word := self._word(CONSENTS, name)))
        except RestrictionsUnreadable:
            return False
        return not is_split and not is_erased and (latest is None or latest.is_granted)

    def may_be_shown(self, item_id: str) -> bool:
        try:
            word = self._word(ITEMS, item_id)
        except RestrictionsUnreadable:
            return False
        return word is None or word.is_granted
