"""Drafts: saved, looked at with what they would change, approved, published."""

from flask import Response, request, url_for
from werkzeug.utils import redirect

from serving_app.console.blueprint import bp, console_page
from serving_app.console.patience import ask_patiently
from serving_app.console.rendering import render
from serving_app.console.segment_builder import render_builder, write_again
from serving_app.console.segment_form import pick_text
from serving_app.http.auth import get_caller
from serving_app.http.problems import ApiError, ApprovalNeeded, BadDefinition, CannotApply, DraftOutdated
from serving_app.http.services import get_service
from serving_app.segments.definitions import Author
from serving_app.segments.drafting import DraftService
from serving_app.segments.publishing import PublishingService
from serving_app.segments.starts import NOW

REFUSALS = (ApprovalNeeded, CannotApply, DraftOutdated)  # of which the draft's page says what to do


def make_author() -> Author:
    """Who sends the form, and why."""
    return Author(get_caller().name, request.form.get("reason", "").strip())


def render_draft(draft_id: str, problem: ApiError | None = None) -> Response:
    """The page of a draft, with why it was not approved or published."""
    draft = get_service(DraftService).get(draft_id)
    return render(
        "console/segment_draft.html",
        problem.status if problem else 200,
        draft=draft,
        problem=problem.detail if problem else "",
        may_change=get_caller().may("definitions", is_for_browsers=False),
        is_own=draft["saved_by"] == get_caller().name,
    )


@bp.post("/segment-drafts")
@console_page("definitions")
def save_segment_draft() -> Response:
    """Save a draft, or one anew."""
    (text, is_disputed), draft_id = pick_text(request.form), request.form.get("draft", "")
    if is_disputed:
        return render_builder(text, 409, write_again(), is_disputed=True)
    try:
        draft = get_service(DraftService).save(text, make_author(), draft_id=draft_id or None)
    except BadDefinition as error:
        draft = get_service(DraftService).get(draft_id) if draft_id else None
        return render_builder(text, 400, write_again(), flaws=error.extensions["flaws"], draft=draft)
    return redirect(url_for("console.get_segment_draft", draft_id=draft["draft_id"]), 303)


@bp.get("/segment-drafts/<draft_id>")
@console_page("segments")
def get_segment_draft(draft_id: str) -> Response:
    """A draft: how it differs, and what may be done with it."""
    return render_draft(draft_id)


@bp.get("/segment-drafts/<draft_id>/impact")
@console_page("segments")
def get_segment_impact(draft_id: str) -> Response:
    """Who would enter and leave by a draft, and what else would change."""
    with_names = get_caller().may("profiles", is_for_browsers=False)
    service = get_service(DraftService)
    impact = ask_patiently(lambda: service.measure(draft_id, with_names=with_names))
    counts_at_once = service.get(draft_id)["counts_from"] == NOW
    return render("console/segment_impact.html", impact=impact, counts_at_once=counts_at_once)


@bp.post("/segment-drafts/<draft_id>/approve")
@console_page("definitions")
def approve_segment_draft(draft_id: str) -> Response:
    """Approve what somebody else has saved."""
    try:
        get_service(DraftService).approve(draft_id, request.form.get("digest", ""), make_author())
    except REFUSALS as error:
        return render_draft(draft_id, error)
    return redirect(url_for("console.get_segment_draft", draft_id=draft_id), 303)


@bp.post("/segment-drafts/<draft_id>/publish")
@console_page("definitions")
def publish_segment_draft(draft_id: str) -> Response:
    """Put a draft in force."""
    service = get_service(PublishingService)
    try:
        change = ask_patiently(lambda: service.publish(draft_id, make_author()))
    except REFUSALS as error:
        return render_draft(draft_id, error)
    return redirect(url_for("console.get_segments", published=change["segment_id"]), 303)


@bp.post("/segment-drafts/<draft_id>/discard")
@console_page("definitions")
def discard_segment_draft(draft_id: str) -> Response:
    """Delete a draft."""
    get_service(DraftService).delete(draft_id)
    return redirect(url_for("console.get_segments"), 303)
