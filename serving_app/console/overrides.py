"""Overrides: which there are, one with its changes, the audit log, and ending and taking back."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flask import Response, request, url_for
from werkzeug.utils import redirect

from serving_app.console.blueprint import bp, console_page
from serving_app.console.override_rows import Names, select_overrides, show_change, show_override
from serving_app.console.rendering import render
from serving_app.console.shop_facts import ShopFacts, name_segments
from serving_app.console.sign_in import ConsoleSessions
from serving_app.http.auth import get_caller
from serving_app.http.problems import UnknownOverride
from serving_app.http.services import get_service
from serving_app.overrides.audit_service import AuditService
from serving_app.overrides.schemas import AuditQuery, DeleteQuery, OverridesQuery, UndoRequest
from serving_app.overrides.service import OverrideService
from serving_app.overrides.undo import read_number
from serving_app.overrides.writing import WriteOptions

STATES = (("current", "All that have not ended"), ("in_force", "In force"), ("scheduled", "Scheduled"))
MOST_SHOWN = 200


@bp.get("/overrides")
@console_page("overrides")
def get_overrides() -> Response:
    """The overrides that have not ended, newest first."""
    state, text = request.args.get("state", "current"), request.args.get("text", "")
    state = state if state in dict(STATES) else STATES[0][0]
    stored = [*list_all(OverridesQuery(state=state))]
    names, now = find_names(stored), get_service(ConsoleSessions).clock()
    found = [*select_overrides((show_override(one, names, now) for one in reversed(stored)), text)]
    return render(
        "console/overrides.html",
        overrides=found[:MOST_SHOWN],
        n_found=len(found),
        states=STATES,
        state=state,
        text=text,
    )


@bp.get("/overrides/<override_id>")
@console_page("overrides")
def get_override(override_id: str) -> Response:
    """One override, with all that was done to it."""
    entries = get_service(AuditService).list_audit(AuditQuery(override_id=override_id[:64]))["entries"]
    stored: Mapping[str, Any] | None = None
    try:
        stored = get_service(OverrideService).get(override_id)
    except UnknownOverride:
        if not entries:
            raise
    last = stored or entries[0]["after"] or entries[0]["before"]
    names, now = find_names([last, *list_stored(entries)]), get_service(ConsoleSessions).clock()
    return render(
        "console/override.html",
        override=show_override(last, names, now),
        is_there=stored is not None,
        changes=[show_change(entry, names) for entry in entries],
    )


@bp.get("/overrides/audit")
@console_page("overrides")
def get_override_audit() -> Response:
    """Who changed which override."""
    before = request.args.get("before")
    query = AuditQuery(limit=50, before=read_number(before) if before else None)
    answer = get_service(AuditService).list_audit(query)
    names = find_names(list_stored(answer["entries"]))
    changes = [show_change(entry, names) for entry in answer["entries"]]
    return render("console/override_audit.html", changes=changes, next_before=answer["next_before"])


@bp.post("/overrides/<override_id>/end")
@console_page("overrides")
def end_override(override_id: str) -> Response:
    """End an override at once."""
    asked = DeleteQuery(**select_words(request.form))
    options = WriteOptions(None, get_caller().name, author=asked.author, reason=asked.reason)
    get_service(OverrideService).delete(override_id, options)
    return redirect(url_for("console.get_override", override_id=override_id), 303)


@bp.post("/overrides/audit/<number>/undo")
@console_page("overrides")
def undo_override_change(number: str) -> Response:
    """Take a change back."""
    asked, entry_number = UndoRequest(**select_words(request.form)), read_number(number)
    audit = get_service(AuditService)
    audit.undo(entry_number, asked, WriteOptions(None, get_caller().name))
    [entry] = audit.list_audit(AuditQuery(limit=1, before=entry_number + 1))["entries"]
    return redirect(url_for("console.get_override", override_id=entry["override_id"]), 303)


def select_words(form: Mapping[str, str]) -> dict[str, str]:
    """What the audit log is to say of a change, of a form that was sent."""
    return {name: form.get(name, "") for name in ("reason", "author")}


def list_all(query: OverridesQuery) -> Iterator[Mapping[str, Any]]:
    """All overrides that a query asks for, oldest first, page by page."""
    cursor = None
    while True:
        answer = get_service(OverrideService).list(query.model_copy(update={"cursor": cursor}))
        yield from answer["overrides"]
        cursor = answer["next_cursor"]
        if cursor is None:
            return


def list_stored(entries: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The overrides that entries of the audit log hold."""
    return [one for entry in entries for one in (entry["before"], entry["after"]) if one]


def find_names(stored: Iterable[Mapping[str, Any]]) -> Names:
    """What the items and segments of overrides are called."""
    facts, stored = get_service(ShopFacts), [*stored]
    has_segment = any(one.get("segment_id") for one in stored)
    segments = name_segments(facts.list_segments()) if has_segment else {}
    return Names(facts.find_titles(one.get("item_id") for one in stored), segments, facts.zone)
