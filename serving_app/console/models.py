"""Versions of the model, what was in production when, and the way back."""

from flask import Response, request

from serving_app.console.blueprint import bp, console_page
from serving_app.console.model_records import draw_quality, draw_served, format_quality
from serving_app.console.model_service import ModelService
from serving_app.console.rendering import is_fragment, render
from serving_app.http.auth import get_caller
from serving_app.http.services import get_service


@bp.get("/models")
@console_page("admin")
def get_models() -> Response:
    """Every training, what was served, and what can be brought back."""
    service = get_service(ModelService)
    trainings, deployments = service.list_trainings(), service.list_deployments()
    return render(
        "console/models.html",
        trainings=trainings,
        deployments=deployments,
        published=service.read_published(),
        targets=service.list_targets(),
        quality_chart=draw_quality(trainings),
        served_chart=draw_served(deployments),
        format_quality=format_quality,
    )


@bp.post("/models/rollback")
@console_page("admin")
def roll_model_back() -> Response:
    """Bring an earlier night back, and say what became of it."""
    answer = get_service(ModelService).roll_back(
        request.form.get("to", ""), request.form.get("reason", ""), get_caller().name
    )
    template = "console/rolled_back_part.html" if is_fragment() else "console/rolled_back.html"
    return render(template, 200 if answer.is_done is not False else 409, answer=answer)
