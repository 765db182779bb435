"""The first page: the last nights, and what became of each."""

from flask import Response

from serving_app.console.blueprint import bp, console_page
from serving_app.console.night_service import NightService
from serving_app.console.rendering import render
from serving_app.http.services import get_service


@bp.get("/", strict_slashes=False)
@console_page("admin")
def get_nights() -> Response:
    """The last nights."""
    return render("console/nights.html", nights=get_service(NightService).list_nights())
