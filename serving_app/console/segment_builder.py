"""Where a definition is made: a form, its text, and a preview or its mistakes by line."""

from flask import Response, request

from serving_app.console.blueprint import bp, console_page
from serving_app.console.patience import ask_patiently
from serving_app.console.rendering import render
from serving_app.console.segment_form import (
    CHOICES,
    JOINS,
    UNITS,
    pick_text,
    read_rows,
    write_definition,
    write_from_form,
)
from serving_app.console.segment_records import draw_shared
from serving_app.http.auth import get_caller
from serving_app.http.problems import BadDefinition
from serving_app.http.services import get_service
from serving_app.segments.drafting import DraftService
from serving_app.segments.schemas import PreviewAnswer
from serving_app.segments.service import SegmentService
from serving_app.segments.starts import describe_start

NEW_NAME = "Hesitant"


def render_builder(text: str, status: int = 200, written: str = "", **more: object) -> Response:
    """The page where a definition is made; with the form, where `written` is what the form says."""
    may_change = get_caller().may("definitions", is_for_browsers=False)
    known = {"draft": None, "flaws": (), "may_change": may_change, "is_disputed": False, "is_swapped": False}
    form = {"choices": CHOICES, "joins": JOINS, "units": UNITS, "rows": read_rows(request.form)}
    sent = {"name": request.form.get("name", NEW_NAME), "join": request.form.get("join", "all")}
    return render(
        "console/segment_builder.html", status, text=text, written=written, **known | form | sent | more
    )


def write_again() -> str:
    """What the form of a page that was sent says; nothing of a page without one."""
    return write_from_form(request.form) if request.form.get("written") else ""


@bp.get("/segment-builder")
@console_page("segments")
def get_segment_builder() -> Response:
    """A new definition, or another text of a segment or draft."""
    segment_id, draft_id = request.args.get("of", ""), request.args.get("draft", "")
    if draft_id:
        draft = get_service(DraftService).get(draft_id)
        return render_builder(draft["text"], draft=draft)
    if segment_id:
        segment = ask_patiently(lambda: get_service(SegmentService).get(segment_id))
        return render_builder(segment["next_definition"] or "")
    text = write_definition(NEW_NAME, "all", read_rows({}))
    return render_builder(text, written=text)


@bp.post("/segment-text")
@console_page("segments")
def write_segment_text() -> Response:
    """The text of what the form says."""
    text = write_from_form(request.form)
    return render("console/segment_text.html", text=text, written=text)


@bp.post("/segment-preview")
@console_page("segments")
def preview_segment() -> Response:
    """What a text would have for members; or its mistakes, by line. Where the form was changed since, its
    text takes the place of the one that was sent.
    """
    service, (text, is_disputed) = get_service(SegmentService), pick_text(request.form)
    swap = {
        "text": text,
        "written": write_again(),
        "is_swapped": is_disputed or text != request.form.get("text", "").replace("\r\n", "\n"),
    }
    if is_disputed:
        return render("console/segment_disputed.html", **swap)
    try:
        segment = service.read(text)
    except BadDefinition as error:
        return render("console/segment_mistakes.html", flaws=error.extensions["flaws"], **swap)
    with_names = get_caller().may("profiles", is_for_browsers=False)
    answer = ask_patiently(lambda: service.preview(segment, with_names=with_names))
    pairs = [each | {"with": segment.segment_id} for each in answer["overlaps"]]
    return render(
        "console/segment_preview.html",
        answer=PreviewAnswer.model_validate(answer),
        start=describe_start(segment, service.find_start_obstacle()),
        shared=draw_shared(segment.segment_id, pairs, {}),
        **swap,
    )
