"""`GET /v1/recommendations`: what to show a visitor, and why."""

from flask import Blueprint, Response

from serving_app.routes import answer, arguments, is_shown, service
from serving_app.schemas import ListQuery

bp = Blueprint("recommendations", __name__)


@bp.get("/v1/recommendations")
def recommendations() -> Response:
    return answer(service().recommend(ListQuery(**arguments()), is_shown()))
