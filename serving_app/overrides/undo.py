"""How a change of an override is taken back by its entry in the audit log: what was made is deleted, what
was changed is as before, what was deleted is there again. What does it has an entry of its own.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from expectations.contracts.override import Override, decode_override
from serving_app.http.problems import UndoBlocked, UnknownAuditEntry
from serving_app.overrides.changes import CREATED, DELETED, Actor, Change

Entry = Mapping[str, Any]
NUMBER = re.compile(r"[0-9]{1,15}")


def read_number(text: str) -> int:
    """The number of an entry.

    Raises:
        UnknownAuditEntry: it is none.
    """
    if not NUMBER.fullmatch(text):
        raise UnknownAuditEntry("The audit log has no entry of this number.")
    return int(text)


def find_entry(entries: Iterable[Entry], number: int) -> Entry:
    """The entry of a number, if it is the newest about its override.

    Args:
        entries: the newest first.

    Raises:
        UnknownAuditEntry: there is none.
        UndoBlocked: another one stands in the way; `entry` is its number.
    """
    newest: dict[str, Entry] = {}
    for entry in entries:
        if entry["number"] < number:
            break
        newer = newest.setdefault(entry["override_id"], entry)
        if entry["number"] != number:
            continue
        if newer is not entry:
            taken_back = newer.get("undoes") == number
            raise UndoBlocked(
                f"Entry {newer['number']} has {'taken it back already' if taken_back else 'come after it'}.",
                entry=newer["number"],
            )
        return entry
    raise UnknownAuditEntry("The audit log has no entry of this number.")


def mark_undoable(entries: Iterable[Entry], now: datetime) -> Iterator[dict[str, Any]]:
    """Entries, the newest first, as `AuditEntryAnswer`."""
    seen: set[str] = set()
    for entry in entries:
        is_newest = entry["override_id"] not in seen
        seen.add(entry["override_id"])
        is_undoable = is_newest and not has_ended(entry, now)
        yield {**entry, "undoes": entry.get("undoes"), "can_be_undone": is_undoable}


def has_ended(entry: Entry, now: datetime) -> bool:
    """Whether time has taken back what an entry did, or what it would bring back has ended by now."""
    return any(one and decode_override(one).has_ended(now) for one in (entry["before"], entry["after"]))


def read_former(entry: Entry, now: datetime) -> Override | None:
    """The override that shall be there again; None: none was there before.

    Raises:
        UndoBlocked: time has taken it back already, or it would have ended by now.
    """
    if has_ended(entry, now):
        raise UndoBlocked("It has ended by now: there is nothing to take back.")
    return decode_override(entry["before"]) if entry["before"] else None


def plan_undo(entry: Entry, former: Override | None, now: datetime, actor: Actor) -> Change:
    """The change that takes an entry back.

    Args:
        former: what shall be there again; None: what was made is deleted.
    """
    number, override_id = entry["number"], entry["override_id"]
    if entry["action"] == DELETED:
        # of a new version: whoever read the one of before has not seen that it was gone
        again = replace(former, version=entry["before"]["version"] + 1)
        return Change(now, actor, again, undoes=number)
    after = None if entry["action"] == CREATED else former
    return Change(now, actor, after, override_id, {entry["after"]["version"]}, undoes=number)
