"""Whose browser it is, and was: joins of browsers and users in a database."""

from enum import Enum

from serving_app.live.backends import (
    BackendTransaction,
    get_alias_key,
    get_browsers_key,
    get_exposures_key,
    get_state_key,
)
from serving_app.live.exposures import NOTHING_SHOWN, merge_exposures, pack_exposures, unpack_exposures
from serving_app.live.packing import pack, unpack, unpack_or
from serving_app.live.record import EMPTY_RECORD, merge_records, pack_record, unpack_record

MOST_USERS = 4  # of one browser that are remembered
# New browsers of one user in a week, as the night's identity rules have it: more are a robot, a counter, or
# an id that a broken tag sends for everybody.
MOST_BROWSERS, WITHIN = 20, 7 * 24 * 3600 * 1_000_000


class Joined(Enum):
    """What became of a browser: it is the user's, with all that was done in it; it is, from now on; or the id
    is a crowd's, and the browser stays nobody's.
    """

    WITH_HISTORY, FROM_NOW, NOT = range(3)


def join_browser(
    transaction: BackendTransaction, anonymous_root: str, user_root: str, at: int, may_join: bool
) -> Joined:
    """Remember whose browser it is from now on.

    Its history becomes the first user's; a second user, as on a tablet of two, gets what is done after they
    have said who they are, and nothing of the first one's.
    """
    packed, of_user = transaction.get_many([get_alias_key(anonymous_root), get_browsers_key(user_root)])
    users = unpack_users(packed)
    browsers = [one for one in unpack_or(of_user, unpack, ()) if one[0] > at - WITHIN]
    if anonymous_root not in [browser for _, browser in browsers]:
        if len(browsers) >= MOST_BROWSERS:
            return Joined.NOT
        transaction.put(get_browsers_key(user_root), pack((*browsers, (at, anonymous_root))))
    takes_history = not users and may_join
    if takes_history:
        _move_record(transaction, anonymous_root, user_root)
    by_time = sorted((*users, (at, user_root)))
    changes = [one for n, one in enumerate(by_time) if n == 0 or one[1] != by_time[n - 1][1]]
    transaction.put(get_alias_key(anonymous_root), pack(changes[-MOST_USERS:]))
    return Joined.WITH_HISTORY if takes_history else Joined.FROM_NOW


def find_user(transaction: BackendTransaction, anonymous_root: str, at: int) -> str | None:
    """Whose browser it was at that moment; before anybody said so, the first one's."""
    (packed,) = transaction.get_many([get_alias_key(anonymous_root)])
    users = unpack_users(packed)
    if not users:
        return None
    return next((user for since, user in reversed(users) if since <= at), users[0][1])


def unpack_users(packed: bytes | None) -> tuple[tuple[int, str], ...]:
    """Whose browser it was from when on, microseconds since 1970; oldest first."""
    return unpack_or(packed, unpack, ())


def _move_record(transaction: BackendTransaction, from_root: str, to_root: str) -> None:
    keys = [key for root in (from_root, to_root) for key in (get_state_key(root), get_exposures_key(root))]
    state, exposures, state_there, exposures_there = transaction.get_many(keys)
    if state:
        moved = unpack_or(state, unpack_record, EMPTY_RECORD)
        merged = merge_records(unpack_or(state_there, unpack_record, EMPTY_RECORD), moved)
        transaction.put(keys[2], pack_record(merged))
        transaction.delete(keys[0])
    if exposures:
        shown, shown_there = (
            unpack_or(packed, unpack_exposures, NOTHING_SHOWN) for packed in (exposures, exposures_there)
        )
        transaction.put(keys[3], pack_exposures(merge_exposures(shown, shown_there)))
        transaction.delete(keys[1])
