"""What a new night makes of what was told, once its query has caught up: whoever differs is asked, and the
answer is compared with what was told.

The night is the truth. Of owners whom it knows as somebody else nothing is asked: they have left everything.
"""

from collections.abc import Iterator
from itertools import islice

from segments.told import MERGE, NIGHT, Tellings, Told, list_entered
from spark_jobs.stream.night_base import NightBase
from spark_jobs.stream.notes import Kind, Note, pack_note
from spark_jobs.stream.teller import TransitionTeller, TurnRow
from spark_jobs.stream.told import RedisTold

AT_ONCE = 500
CUSTOMER_IDS = "c_"  # begin so; a visitor whom no night knows has an identifier's


def take_over(night: NightBase, store: RedisTold, teller: TransitionTeller, now: int) -> int:
    """Tell what is somebody else's by now, and ask whoever differs from what was told; how many these are. It
    may begin again: what was told is not told again. The first night of all is taken as it is, in silence.

    Args:
        teller: of the night's query, which tells by now.
        now: by the clock, microseconds since 1970.
    """
    is_silent, n_asked = not store.has_baseline(), 0
    asked = set(store.list_touched(night.tag))
    write_notes(night, teller, asked, now)
    names = night.list_customers()
    while customers := list(islice(names, AT_ONCE)):
        if is_silent:
            adopt(night, store, customers)
        differing = set(list_differing(night, store, customers)) - asked
        n_asked += write_notes(night, teller, differing, now)
    for owners in store.list_owners():
        entered = read_entered(
            store, [one for one in owners if night.read_customer(one) is None and one not in asked]
        )
        gone = {owner: names for owner, names in entered.items() if is_gone(night, owner)}
        teller.tell(list_exits(night, gone, now), now)
        n_asked += write_notes(night, teller, entered.keys() - gone.keys(), now)
    store.write_teller(night.tag)
    return n_asked + len(asked)


def restore(store: RedisTold, told: dict[str, Tellings]) -> None:
    """Store what was told, by the topic of transitions, of owners of whom nothing is stored."""
    owners = sorted(told)
    for first in range(0, len(owners), AT_ONCE):
        some = owners[first : first + AT_ONCE]
        stored = zip(some, store.read(some), strict=True)
        store.write({owner: told[owner] for owner, known in stored if known is None})


def adopt(night: NightBase, store: RedisTold, customers: list[str]) -> None:
    """Take what the night says of customers as told, of whom nothing was."""
    of_nobody = [one for one, told in zip(customers, store.read(customers), strict=True) if told is None]
    views = {owner: night.view(owner).members for owner in of_nobody}
    store.write(
        {
            owner: {name: Told(True, since) for name, since in members.items()}
            for owner, members in views.items()
            if members
        }
    )


def list_differing(night: NightBase, store: RedisTold, customers: list[str]) -> Iterator[str]:
    """The customers whom the night has in other segments than was told."""
    for owner, told in zip(customers, store.read(customers), strict=True):
        if list_entered(told or {}) != night.view(owner).members.keys():
            yield owner


def read_entered(store: RedisTold, owners: list[str]) -> dict[str, set[str]]:
    """Of those owners who are in something by what was told, in what."""
    told = zip(owners, store.read(owners), strict=True)
    return {owner: entered for owner, each in told if (entered := list_entered(each or {}))}


def is_gone(night: NightBase, owner: str) -> bool:
    """Whether an owner whom the night does not have is somebody else by now, or nobody."""
    return owner.startswith(CUSTOMER_IDS) or night.find_heir(owner) is not None


def list_exits(night: NightBase, gone: dict[str, set[str]], now: int) -> Iterator[TurnRow]:
    """Their leaving of everything."""
    for owner, names in gone.items():
        reason = MERGE if night.find_heir(owner) else NIGHT
        for name in sorted(names):
            yield TurnRow(owner, name, False, now, reason)


def write_notes(night: NightBase, teller: TransitionTeller, owners: set[str], now: int) -> int:
    """Ask owners in what they are; how many."""
    teller.write_notes(
        (owner, pack_note(Note(night.tag, Kind.SETTLE, owner, now))) for owner in sorted(owners)
    )
    return len(owners)
