"""`GET /v1/items/<item_id>/similar`: what is like an item."""

from flask import Blueprint, Response

from serving_app.routes import answer, arguments, is_shown, service
from serving_app.schemas import ListQuery

bp = Blueprint("items", __name__)


@bp.get("/v1/items/<path:item_id>/similar")  # a shop's item id may hold a slash
def similar(item_id: str) -> Response:
    return answer(service().similar(item_id, ListQuery(**arguments()), is_shown()))
