"""Events as they come in."""

from flask import Response

from serving_app.console.blueprint import bp, console_page
from serving_app.console.event_service import EventTailService
from serving_app.console.rendering import render
from serving_app.http.services import get_service


@bp.get("/events")
@console_page("admin")
def get_events() -> Response:
    """The newest events; the page asks for newer ones every other second."""
    return render("console/events.html", events=get_service(EventTailService).list_newest())


@bp.get("/events/newest")
@console_page("admin")
def get_events_newest() -> Response:
    """The part of that page which moves."""
    return render("console/events_newest.html", events=get_service(EventTailService).list_newest())
