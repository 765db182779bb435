"""Where a definition is made: a form, its text, and a preview or its mistakes by line."""

from flask import Response, request

from serving_app.console.blueprint import bp, console_page
from serving_app.console.patience import ask_patiently
from serving_app.console.rendering import render
from serving_app.console.segment_form import CHOICES, JOINS, UNITS, read_rows, write_definition
from serving_app.console.segment_records import draw_shared
from serving_app.http.auth import get_caller
from serving_app.http.problems import BadDefinition
from serving_app.http.services import get_service
from serving_app.segments.drafting import DraftService
from serving_app.segments.schemas import PreviewAnswer
from serving_app.segments.service import SegmentService
from serving_app.segments.starts import describe_start


def render_builder(text: str, status: int = 200, **more: object) -> Response:
    """The page where a definition is made."""
    may_change = get_caller().may("definitions", is_for_browsers=False)
    known = {"draft": None, "flaws": (), "segment_id": "", "may_change": may_change}
    form = {"choices": CHOICES, "joins": JOINS, "units": UNITS, "rows": read_rows(request.form)}
    return render("console/segment_builder.html", status, text=text, **known | form | more)


def read_text() -> str:
    """The text of a definition in a form; browsers end its lines their own way."""
    return request.form.get("text", "").replace("\r\n", "\n")


@bp.get("/segment-builder")
@console_page("segments")
def get_segment_builder() -> Response:
    """A new definition, or another text of a segment or draft."""
    segment_id, draft_id = request.args.get("of", ""), request.args.get("draft", "")
    if draft_id:
        draft = get_service(DraftService).get(draft_id)
        return render_builder(draft["text"], draft=draft, segment_id=draft["segment_id"])
    if segment_id:
        segment = ask_patiently(lambda: get_service(SegmentService).get(segment_id))
        return render_builder(segment["next_definition"] or "", segment_id=segment_id)
    return render_builder(write_definition("Hesitant", "all", read_rows({})))


@bp.post("/segment-text")
@console_page("segments")
def write_segment_text() -> Response:
    """The text of what the form says."""
    rows = read_rows(request.form)
    text = write_definition(request.form.get("name", ""), request.form.get("join", "all"), rows)
    return render("console/segment_text.html", text=text)


@bp.post("/segment-preview")
@console_page("segments")
def preview_segment() -> Response:
    """What a text would have for members; or its mistakes, by line."""
    service, text = get_service(SegmentService), read_text()
    try:
        segment = service.read(text)
    except BadDefinition as error:
        return render("console/segment_flaws.html", flaws=error.extensions["flaws"], text=text)
    with_names = get_caller().may("profiles", is_for_browsers=False)
    answer = ask_patiently(lambda: service.preview(segment, with_names=with_names))
    pairs = [each | {"with": segment.segment_id} for each in answer["overlaps"]]
    return render(
        "console/segment_preview.html",
        answer=PreviewAnswer.model_validate(answer),
        start=describe_start(segment, service.find_start_obstacle()),
        shared=draw_shared(segment.segment_id, pairs, {}),
    )
