"""Segments: how large, who is in one now, why somebody is or is not, and back to an earlier version."""

import re

from flask import Response, request, url_for
from werkzeug.utils import redirect

from serving_app.console.blueprint import bp, console_page
from serving_app.console.patience import ask_patiently
from serving_app.console.rendering import render
from serving_app.console.segment_records import (
    draw_matrix,
    draw_shared,
    draw_sizes,
    list_rows,
    list_states,
    show_turns,
)
from serving_app.console.segment_turns import SegmentTurns
from serving_app.console.shop_facts import ShopFacts, name_segments
from serving_app.http.auth import get_caller
from serving_app.http.problems import BadRequest
from serving_app.http.services import get_service
from serving_app.segments.definitions import Author
from serving_app.segments.drafting import DraftService
from serving_app.segments.publishing import PublishingService
from serving_app.segments.schemas import ExplainQuery, MembersQuery
from serving_app.segments.service import SegmentService

N_DAYS, N_MEMBERS, N_TURNS = 30, 20, 12
IDENTIFIERS = ("user_id", "customer_id", "anonymous_id")
VERSION = re.compile(r"[0-9]{1,9}")


@bp.get("/segments")
@console_page("segments")
def get_segments() -> Response:
    """All segments with their sizes, and drafts."""
    service = get_service(SegmentService)
    found = ask_patiently(service.list_segments)
    rows = list_rows(found["segments"], ask_patiently(lambda: service.list_sizes(N_DAYS)))
    counting = {each["segment_id"] for each in found["segments"] if each["counts_since"]}
    waiting = get_service(PublishingService).list_waiting()
    published = request.args.get("published", "")
    return render(
        "console/segments.html",
        day=found["day"],
        rows=rows,
        matrix=draw_matrix(rows, ask_patiently(service.list_overlaps)["pairs"]),
        live_problem=service.find_live_problem(),
        known={row.segment_id for row in rows},
        waiting=[each for each in waiting if each["segment_id"] not in counting],
        published=next((row for row in rows if row.segment_id == published), None),
        drafts=get_service(DraftService).list()["drafts"],
        n_days=N_DAYS,
    )


@bp.get("/segments/<segment_id>")
@console_page("segments")
def get_segment(segment_id: str) -> Response:
    """One segment."""
    service = get_service(SegmentService)
    segment = ask_patiently(lambda: service.get(segment_id))
    names = {each["segment_id"]: each["name"] for each in ask_patiently(service.list_segments)["segments"]}
    pairs = ask_patiently(service.list_overlaps)["pairs"]
    members = None
    if get_caller().may("profiles", is_for_browsers=False):
        members = list_members(segment_id)
    return render(
        "console/segment.html",
        segment=segment,
        live_problem=service.find_live_problem(),
        states=list_states(segment),
        sizes=draw_sizes(segment["name"], segment["sizes"]),
        shared=draw_shared(segment_id, pairs, names),
        corrections=get_service(SegmentTurns).find_corrections(segment["snapshot"], segment_id),
        members=members,
        changes=get_service(PublishingService).list_changes(segment_id)["changes"],
        identifiers=IDENTIFIERS,
        may_change=get_caller().may("definitions", is_for_browsers=False),
    )


def list_members(segment_id: str) -> list[dict]:
    """Some members who may be named, now where the segment lives."""
    service, query = get_service(SegmentService), MembersQuery(limit=N_MEMBERS)
    return ask_patiently(lambda: service.list_members(segment_id, query))["members"]


@bp.get("/segments/<segment_id>/members")
@console_page("profiles")
def get_segment_members(segment_id: str) -> Response:
    """Some members of a live segment; its page asks for them again and again."""
    return render("console/segment_members.html", members=list_members(segment_id))


@bp.get("/segments/<segment_id>/now")
@console_page("segments")
def get_segment_now(segment_id: str) -> Response:
    """Who is in it now, as numbers, and the newest entries and exits; a page asks for it again and again."""
    service = get_service(SegmentService)
    segment = ask_patiently(lambda: service.get(segment_id))
    service = get_service(SegmentTurns)
    turns = show_turns(service.list_newest(segment_id, N_TURNS), N_TURNS)
    return render("console/segment_now.html", segment=segment, turns=turns, has_turns=service.has_files)


@bp.post("/segments/<segment_id>/why")
@console_page("profiles")
def explain_segment(segment_id: str) -> Response:
    """Why a customer is in it or not."""
    kind, value = request.form.get("kind", ""), request.form.get("id", "").strip()
    if kind not in IDENTIFIERS or not value:
        raise BadRequest("Type the id of a customer, and say what kind of id it is.")
    query = ExplainQuery.model_validate({kind: value})
    answer = ask_patiently(lambda: get_service(SegmentService).explain(segment_id, query))
    name = name_segments(get_service(ShopFacts).list_segments()).get(segment_id, segment_id)
    sentence = answer["sentence"].replace(segment_id, name)
    return render("console/segment_why.html", answer=answer, sentence=sentence)


@bp.post("/segments/<segment_id>/rollback")
@console_page("definitions")
def roll_back_segment(segment_id: str) -> Response:
    """Let an earlier version be in force again."""
    author = Author(get_caller().name, request.form.get("reason", "").strip())
    version = request.form.get("version", "")
    if not VERSION.fullmatch(version):
        raise BadRequest("Choose a version.")
    get_service(PublishingService).roll_back(segment_id, int(version), author)
    return redirect(url_for("console.get_segment", segment_id=segment_id), 303)
