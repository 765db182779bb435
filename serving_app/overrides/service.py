"""What operators do with overrides: list, make, change and delete them."""

from collections.abc import Callable
from datetime import datetime
from itertools import islice

from expectations.contracts.override import Override
from serving_app.http.problems import IfMatchRequired, UnknownOverride
from serving_app.overrides.answers import decode_cursor, encode_cursor, format_override, get_request_fields
from serving_app.overrides.builder import OverrideBuilder
from serving_app.overrides.changes import Actor, Change
from serving_app.overrides.schemas import NewOverride, OverrideChange, OverridesQuery
from serving_app.overrides.store import OverrideStore
from serving_app.overrides.writing import OverrideWriter, WriteOptions, make_conflict
from serving_app.storage.protocols import SnapshotStore

VISITOR_IDS = {"customer_id", "user_id", "anonymous_id"}


class OverrideService:
    """Lists, makes, changes and deletes overrides; answers are dicts as in `OverrideAnswer`.

    Where it stores something it raises OverridesUnwritable when that cannot be stored; then nothing was
    changed.
    """

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

    def list(self, query: OverridesQuery) -> dict:
        """A page of overrides, oldest first, as `OverridesAnswer`.

        Raises:
            BadRequest: the cursor is none.
            CannotApply: nobody is known by the id.
        """
        now, snapshot = self._clock(), self._snapshots.get_current()
        after = decode_cursor(query.cursor) if query.cursor else None
        normalise = snapshot.normalise_item_id if snapshot else str
        customer_id = self._builder.find_customer_id(query, snapshot)
        matching = (
            override
            for override in self._store.read_all()
            if query.selects(override, now, normalise, customer_id)
            and (after is None or (override.created_at, override.override_id) > after)
        )
        page = [*islice(matching, query.limit + 1)]
        shown = page[: query.limit]
        return {
            "overrides": [format_override(override, now, snapshot) for override in shown],
            "next_cursor": encode_cursor(shown[-1]) if len(page) > len(shown) else None,
        }

    def get(self, override_id: str) -> dict:
        """
        Raises:
            UnknownOverride: none that has not ended has this id.
        """
        return self._format(self._find(override_id))

    def create(self, request: NewOverride, options: WriteOptions) -> dict:
        """Make and store the override that is asked for.

        Raises:
            BadRequest, CannotApply: by `OverrideBuilder.build`.
        """
        now = self._clock()
        override = self._builder.build(request, now, self._snapshots.get_current())
        actor = Actor(options.key_id, override.author, override.reason)
        return self._writer.write(Change(now, actor, override), options)

    def replace(self, override_id: str, request: NewOverride, options: WriteOptions) -> dict:
        """Put another override in the place of one, if that is of a version that `If-Match` names.

        Raises:
            UnknownOverride: none that has not ended has this id.
            IfMatchRequired, OverrideChanged: there is no `If-Match`, or it names another version.
            BadRequest, CannotApply: by `OverrideBuilder.build`.
        """
        versions = _read_versions(options, self._find(override_id))
        return self._replace(override_id, request, options, versions)

    def change(self, override_id: str, request: OverrideChange, options: WriteOptions) -> dict:
        """Change those fields of an override that are sent, otherwise as `replace`."""
        before = self._find(override_id)
        # of the version that was read here, also where any would do: what another writes meanwhile stays
        versions = (_read_versions(options, before) or {before.version}) & {before.version}
        sent = request.model_dump(exclude_unset=True)
        fields = get_request_fields(before)
        if sent.keys() & VISITOR_IDS:
            del fields["customer_id"]
        if "note" in sent:
            del fields["reason"]
        new = NewOverride.model_validate({**fields, **sent})
        return self._replace(override_id, new, options, versions, request.author or "")

    def delete(self, override_id: str, options: WriteOptions) -> dict:
        """Delete an override; the answer is empty, but for a dry run.

        Raises:
            UnknownOverride: none that has not ended has this id.
            OverrideChanged: `If-Match` names another version.
        """
        versions = None
        if options.tags is not None:
            versions = _read_versions(options, self._find(override_id))
        actor = Actor(options.key_id, options.author, options.reason)
        return self._writer.write(Change(self._clock(), actor, None, override_id, versions), options)

    def _replace(
        self,
        override_id: str,
        request: NewOverride,
        options: WriteOptions,
        versions: set[int] | None,
        author: str | None = None,
    ) -> dict:
        now, before = self._clock(), self._find(override_id)
        after = self._builder.build(request, now, self._snapshots.get_current(), before)
        actor = Actor(options.key_id, request.author if author is None else author, after.reason)
        return self._writer.write(Change(now, actor, after, override_id, versions), options)

    def _find(self, override_id: str) -> Override:
        now = self._clock()
        for override in self._store.read_all():
            if override.override_id == override_id and not override.has_ended(now):
                return override
        raise UnknownOverride("No override has this id, or it has ended.")

    def _format(self, override: Override) -> dict:
        return format_override(override, self._clock(), self._snapshots.get_current())


def _read_versions(options: WriteOptions, before: Override) -> set[int] | None:
    """The versions that `If-Match` allows; None for `*`.

    Raises:
        IfMatchRequired: there is no such header.
        OverrideChanged: the override has none of them.
    """
    if options.tags is None:
        raise IfMatchRequired('Send If-Match with the ETag of the version that you read, such as "1"; or *.')
    if "*" in options.tags:
        return None
    versions = {int(tag) for tag in options.tags if tag.isascii() and tag.isdigit() and len(tag) < 10}
    if before.version not in versions:
        raise make_conflict(before.version)
    return versions
