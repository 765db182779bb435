"""Who changed which override, and how a change is taken back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import islice

from serving_app.http.problems import OverrideChanged, UndoBlocked, UnknownOverride
from serving_app.overrides.answers import get_request_fields
from serving_app.overrides.builder import OverrideBuilder
from serving_app.overrides.changes import Actor
from serving_app.overrides.schemas import AuditQuery, NewOverride, UndoRequest
from serving_app.overrides.store import OverrideStore
from serving_app.overrides.undo import find_entry, mark_undoable, plan_undo, read_former
from serving_app.overrides.writing import OverrideWriter, WriteOptions, answering_refusals
from serving_app.storage.protocols import SnapshotStore


class AuditService:
    """Reads the audit log, and undoes changes by their entries."""

    def __init__(
        self,
        store: OverrideStore,
        snapshots: SnapshotStore,
        builder: OverrideBuilder,
        writer: OverrideWriter,
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._snapshots, self._builder = store, snapshots, builder
        self._writer, self._clock = writer, clock

    def list_audit(self, query: AuditQuery) -> dict:
        """Entries of the audit log, the newest first, as `AuditAnswer`."""
        with answering_refusals():
            entries = mark_undoable(self._store.iterate_audit(), self._clock())
            matching = (entry for entry in entries if query.selects(entry))
            page = [*islice(matching, query.limit + 1)]
        shown = page[: query.limit]
        return {"entries": shown, "next_before": shown[-1]["number"] if len(page) > len(shown) else None}

    def undo(self, number: int, request: UndoRequest, options: WriteOptions) -> dict:
        """Take back the change of an entry of the audit log; the answer is the override as it is then, empty
        where there is none.

        Raises:
            UnknownAuditEntry: there is no entry of this number.
            UndoBlocked: something newer stands in the way, or it has ended.
            CannotApply: by `OverrideBuilder.build`, of what is to be there again.
        """
        now, snapshot = self._clock(), self._snapshots.get_current()
        with answering_refusals():
            entry = find_entry(self._store.iterate_audit(), number)
        former = read_former(entry, now)
        if former:  # what may be made of it today: its item may have gone since
            again = NewOverride.model_validate(get_request_fields(former))
            built = self._builder.build(again, now, snapshot, former)
            former = replace(built, created_at=former.created_at)
        actor = Actor(options.key_id, request.author, request.reason)
        try:
            return self._writer.write(plan_undo(entry, former, now, actor), options)
        except (OverrideChanged, UnknownOverride):
            raise UndoBlocked("Somebody else has changed it meanwhile: read the audit log again.") from None
