"""`GET /v1/popular`: what sells in the whole shop."""

from flask import Blueprint, Response

from serving_app.routes import answer, arguments, is_shown, service
from serving_app.schemas import ListQuery

bp = Blueprint("popular", __name__)


@bp.get("/v1/popular")
def popular() -> Response:
    return answer(service().popular(ListQuery(**arguments()), is_shown()))
