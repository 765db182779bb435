"""How a change of overrides is written, or only tried, and what is answered where the store refuses it."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from serving_app.http.problems import CannotApply, OverrideChanged, OverridesUnwritable, UnknownOverride
from serving_app.overrides.answers import format_dry_run, format_override
from serving_app.overrides.changes import (
    Change,
    OverrideMissing,
    TooManyOverrides,
    VersionConflict,
    apply_change,
)
from serving_app.overrides.preview import Preview, PreviewedChange
from serving_app.overrides.store import OverridesOutOfReach, OverrideStore
from serving_app.storage.protocols import SnapshotStore


@dataclass(frozen=True)
class WriteOptions:
    """What a request says beside its body.

    Attributes:
        tags: of `If-Match`; `*` is any; None: there is no such header.
        key_id: of the key that it carries.
        is_dry_run: nothing is stored; the answer's `effect` says what it would do.
        author, reason: of a deletion, which has no body.
    """

    tags: frozenset[str] | None = None
    key_id: str = ""
    is_dry_run: bool = False
    author: str = ""
    reason: str = ""


class OverrideWriter:
    """Makes changes; answers are dicts as in `OverrideAnswer`."""

    def __init__(
        self,
        store: OverrideStore,
        snapshots: SnapshotStore,
        clock: Callable[[], datetime],
        preview: Preview,
    ) -> None:
        self._store, self._snapshots, self._clock, self._preview = store, snapshots, clock, preview

    def write(self, change: Change, options: WriteOptions) -> dict:
        """Make a change, or say what it would do; the answer is empty where an override is gone.

        Raises:
            UnknownOverride, OverrideChanged, CannotApply, OverridesUnwritable: nothing was changed.
        """
        with answering_refusals():
            if not options.is_dry_run:
                after = self._store.apply(change).after
                return format_override(after, self._clock(), self._snapshots.get_current()) if after else {}
            stored = self._store.read_all()
            applied = apply_change(stored, change)
        effect = self._preview(PreviewedChange.of(stored, applied, change.at))
        return format_dry_run(applied, effect, change.at, self._snapshots.get_current())


def make_conflict(version: int) -> OverrideChanged:
    return OverrideChanged(
        f"It has version {version} now, which If-Match does not name: read it again.", version=version
    )


@contextlib.contextmanager
def answering_refusals() -> Iterator[None]:
    """Turn what a store refuses into what is answered."""
    try:
        yield
    except OverrideMissing as error:
        raise UnknownOverride("No override has this id; it may have been removed already.") from error
    except VersionConflict as error:
        raise make_conflict(error.version) from error
    except TooManyOverrides as error:
        raise CannotApply(f"There is no place for another one: {error}. Delete some first.") from error
    except OverridesOutOfReach as error:
        raise OverridesUnwritable(str(error)) from error
