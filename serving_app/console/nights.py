"""The first page: the last nights, and what became of each; a night in full."""

from flask import Response

from serving_app.console.blueprint import bp, console_page
from serving_app.console.model_service import ROLLED_BACK, ModelService
from serving_app.console.night_details import draw_steps, list_checks, list_waiting
from serving_app.console.night_records import State
from serving_app.console.night_service import NightService
from serving_app.console.rendering import render
from serving_app.http.services import get_service
from serving_app.status.service import StatusService

# A report holds its style and pictures in itself, and no script.
REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox"
)


@bp.get("/", strict_slashes=False)
@console_page("admin")
def get_nights() -> Response:
    """The last nights, and what waits for a person."""
    service = get_service(NightService)
    nights = service.list_nights()
    newest = next(iter(nights), None)
    worked = next((night for night in nights if night.state != State.NOTHING_NEW), None)
    models = get_service(ModelService)
    published, trainings = models.read_published(), models.list_trainings()
    return render(
        "console/nights.html",
        nights=nights,
        newest=newest,
        problems=get_service(StatusService).list_problems(),
        waiting=list_waiting(worked, service.read_reports(worked), service.list_reviews()),
        published=published,
        refused={one.slug: one.candidate for one in trainings if one.verdict == "refused"},
        is_rolled_back=published is not None and published.inputs.startswith(ROLLED_BACK),
    )


@bp.get("/nights/<slug>")
@console_page("admin")
def get_night(slug: str) -> Response:
    """A night in full."""
    service = get_service(NightService)
    night = service.get_night(slug)
    reports = service.read_reports(night)
    return render(
        "console/night.html",
        night=night,
        reports=reports,
        checks=list_checks(reports.lists),
        waiting=list_waiting(night, reports, ()),
        steps_chart=draw_steps(night),
    )


@bp.get("/nights/<slug>/identities")
@console_page("admin")
def get_night_identities(slug: str) -> Response:
    """The page of a night's identities, as the night wrote it."""
    page = get_service(NightService).read_identity_page(slug)
    return Response(page, mimetype="text/html", headers={"Content-Security-Policy": REPORT_POLICY})
