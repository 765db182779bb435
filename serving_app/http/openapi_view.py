"""`GET /openapi.json`: this API, described."""

from flask import Blueprint, Response, current_app

from serving_app.http.openapi import description
from serving_app.http.requests import answer

bp = Blueprint("openapi", __name__)


@bp.get("/openapi.json")
def openapi() -> Response:
    return answer(description(current_app.config["BUILD"]))
