"""What a write does to the stored overrides: a pure function of them and the change that is asked for."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from expectations.contracts.override import MAX_OVERRIDES, Override, encode_override, sort_overrides

CREATED, CHANGED, DELETED = "created", "changed", "deleted"


class OverrideMissing(LookupError):  # noqa: N818 - reads as what it says
    """No override that has not ended has this id."""


class VersionConflict(RuntimeError):  # noqa: N818
    """The override was written since it was read.

    Attributes:
        version: the one it has now.
    """

    def __init__(self, version: int) -> None:
        super().__init__(f"its version is {version} now")
        self.version = version


class TooManyOverrides(RuntimeError):  # noqa: N818
    """There is no place for another one."""


@dataclass(frozen=True)
class Actor:
    """Who asks for a change.

    Attributes:
        key_id: of the key that the request carried.
        author, reason: in the request's own words.
    """

    key_id: str = ""
    author: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Change:
    """A change that is asked for.

    Attributes:
        override_id: of the override to be changed or deleted; None: `after` is a new one.
        after: what it shall be, version and time of making apart; None: it is deleted.
        at: when; overrides that have ended by then are dropped.
        versions: those that it may have until now; None: any.
        undoes: the number of the entry of the audit log that it takes back; None: it takes none back.
    """

    at: datetime
    actor: Actor
    after: Override | None
    override_id: str | None = None
    versions: Collection[int] | None = None
    undoes: int | None = None


@dataclass(frozen=True)
class AuditEntry:
    """One line of the audit log.

    Attributes:
        number: counts up by one.
        at: ISO text, UTC.
        before, after: the override as it is stored; None: there was none, there is none.
        undoes: the number of the entry that this one takes back; None: it takes none back.
    """

    number: int
    at: str
    action: str
    override_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    author: str
    reason: str
    key_id: str
    undoes: int | None = None

    def as_row(self) -> dict[str, Any]:
        return asdict(self)


class Applied(NamedTuple):
    """What a change made of the stored overrides.

    Attributes:
        overrides: all of them, oldest first.
        before, after: the override that was changed.
        action: one of `created`, `changed`, `deleted`.
    """

    overrides: tuple[Override, ...]
    before: Override | None
    after: Override | None
    action: str

    def describe(self, number: int, change: Change) -> AuditEntry:
        """Its line of the audit log."""
        before, after = (one and encode_override(one) for one in (self.before, self.after))
        actor, override_id = change.actor, (self.after or self.before).override_id
        return AuditEntry(
            number,
            change.at.isoformat(),
            self.action,
            override_id,
            before,
            after,
            actor.author,
            actor.reason,
            actor.key_id,
            change.undoes,
        )


def apply_change(stored: Sequence[Override], change: Change) -> Applied:
    """The overrides after a change.

    Raises:
        OverrideMissing: the one to be changed or deleted is not there, or has ended.
        VersionConflict: it was written meanwhile; or one that is made again is there already.
        TooManyOverrides: one more would be too many.
    """
    current = [override for override in stored if not override.has_ended(change.at)]
    after = change.after
    if change.override_id is None:
        if len(current) >= MAX_OVERRIDES:
            raise TooManyOverrides(f"there are {len(current)} overrides, and no more than that may be stored")
        if there := next((one for one in current if one.override_id == after.override_id), None):
            raise VersionConflict(there.version)
        return Applied(sort_overrides([*current, after]), None, after, CREATED)
    before = next((one for one in current if one.override_id == change.override_id), None)
    if before is None:
        raise OverrideMissing(change.override_id)
    if change.versions is not None and before.version not in change.versions:
        raise VersionConflict(before.version)
    others = [one for one in current if one is not before]
    if after is None:
        return Applied(tuple(others), before, None, DELETED)
    after = replace(after, version=before.version + 1, created_at=before.created_at)
    return Applied(sort_overrides([*others, after]), before, after, CHANGED)
