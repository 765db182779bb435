"""The lists: `GET /v1/recommendations`, `/v1/popular`, `/v1/items/<item_id>/similar` and
`/v1/items/similar?item_id=`.

The last one names items that a client's own library will not leave in a path as they are: `..`, `a/../b`.
"""

from flask import Blueprint, Response

from serving_app.http.problems import BadRequest
from serving_app.http.requests import answer, arguments, is_shown, service
from serving_app.http.schemas import ItemQuery, ListQuery

bp = Blueprint("recommendations", __name__)


@bp.get("/v1/recommendations")
def recommendations() -> Response:
    return answer(service().recommend(ListQuery(**arguments()), is_shown()))


@bp.get("/v1/popular")
def popular() -> Response:
    return answer(service().popular(ListQuery(**arguments()), is_shown()))


@bp.get("/v1/items/<anything:item_id>/similar", merge_slashes=False)
def similar(item_id: str) -> Response:
    query = arguments()
    if "item_id" in query:
        raise BadRequest("item_id stands in the path already")
    return answer(service().similar(ItemQuery(item_id=item_id, **query), is_shown()))


@bp.get("/v1/items/similar")
def similar_by_query() -> Response:
    return answer(service().similar(ItemQuery(**arguments()), is_shown()))
